//! What can be seen of streams between servers.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// What is known of a stream from its opening on.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub address: SocketAddr,
    /// The TLS version.
    pub tls: Option<&'static str>,
    /// UTC microseconds.
    pub since_us: i64,
}

/// A stream, or a pair of domains for which one is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct S2sStream {
    /// The domain here.
    pub local: String,
    /// The domain elsewhere.
    pub remote: String,
    /// `out`: stanzas go out here; `in`: they come in; `both`.
    pub direction: String,
    pub state: StreamState,
    pub address: Option<SocketAddr>,
    pub tls: Option<String>,
    /// How the other server has proved what it is: `certificate`, `dialback`.
    pub proved_by: Option<String>,
    /// Whether what we send is acknowledged (XEP-0198).
    pub acknowledged: bool,
    /// Stanzas that wait.
    pub waiting: usize,
    /// UTC microseconds.
    pub since_us: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamState {
    Open,
    Opening,
    /// None could be opened: another try follows when there is something to send.
    Failed,
}
