//! What bounds HTTP connections.

use std::sync::Arc;
use std::time::Duration;

use super::proxies::Proxies;
use crate::Connections;

/// Bounds of every HTTP connection of a listener, and whom it believes.
#[derive(Clone)]
pub struct HttpOptions {
    /// Who may say for whom it asks.
    pub trusted_proxies: Proxies,
    /// How many there may be.
    pub connections: Arc<Connections>,
    /// How long a connection may be without a request, and a request's head may take to arrive; TLS handshakes too.
    pub idle: Duration,
    /// How long a request's body may take to arrive.
    pub body: Duration,
    /// How long a client may read nothing of what it is sent.
    pub stall: Duration,
    /// Bytes of a request's head.
    pub head_bytes: usize,
}

impl Default for HttpOptions {
    fn default() -> Self {
        HttpOptions {
            trusted_proxies: Proxies::default(),
            connections: Connections::unlimited(),
            idle: Duration::from_secs(60),
            body: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            head_bytes: 16 * 1024,
        }
    }
}
