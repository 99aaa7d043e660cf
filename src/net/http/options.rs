//! Limits of HTTP connections.

use std::sync::Arc;
use std::time::Duration;

use super::networks::Networks;
use crate::Connections;

/// Limits of every HTTP connection of a listener, and its trusted proxies.
#[derive(Clone)]
pub struct HttpOptions {
    /// Networks that may report the client's address.
    pub trusted_proxies: Networks,
    /// Limits on the number of connections.
    pub connections: Arc<Connections>,
    /// How long a connection may be idle, and a request's head or a TLS handshake may take.
    pub idle: Duration,
    /// How long a request's body may take to arrive.
    pub body: Duration,
    /// How long a client may go without reading pending output.
    pub stall: Duration,
    /// Maximum bytes of a request's head.
    pub head_bytes: usize,
}

impl Default for HttpOptions {
    fn default() -> Self {
        HttpOptions {
            trusted_proxies: Networks::default(),
            connections: Connections::unlimited(),
            idle: Duration::from_secs(60),
            body: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            head_bytes: 16 * 1024,
        }
    }
}
