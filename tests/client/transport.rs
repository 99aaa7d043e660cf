//! What a stream goes over.

use std::str::FromStr;

use anyhow::{Error, anyhow};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    Plain,
    Starttls,
    Tls,
    Websocket,
    /// WebSocket within HTTP/2 without TLS; several share a connection.
    WebsocketHttp2,
    /// WebSocket over TLS.
    Wss,
    Bosh,
    /// BOSH over TLS.
    BoshTls,
}

impl Transport {
    pub const ALL: [Self; 8] = [
        Self::Plain,
        Self::Starttls,
        Self::Tls,
        Self::Websocket,
        Self::WebsocketHttp2,
        Self::Wss,
        Self::Bosh,
        Self::BoshTls,
    ];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Starttls => "starttls",
            Self::Tls => "tls",
            Self::Websocket => "websocket",
            Self::WebsocketHttp2 => "websocket-h2",
            Self::Wss => "wss",
            Self::Bosh => "bosh",
            Self::BoshTls => "bosh-tls",
        }
    }

    /// Whether a connection begins with a TLS handshake.
    pub fn begins_with_tls(self) -> bool {
        matches!(self, Self::Tls | Self::Wss | Self::BoshTls)
    }
}

impl FromStr for Transport {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|transport| transport.name() == name);
        found.ok_or_else(|| anyhow!("{name:?} is not a transport"))
    }
}
