//! How many bytes the streams of this process have carried, inside TLS.

use runtime::Counter;

/// The bytes of one transport.
pub struct Traffic {
    /// From clients.
    pub received: Counter,
    /// To clients: taken by the operating system, or by TLS.
    pub sent: Counter,
}

impl Traffic {
    const fn new() -> Self {
        Self { received: Counter::new(), sent: Counter::new() }
    }
}

// Of the process, not of a server: a pointer in each connection would cost more than it tells.
/// TCP: all bytes of the streams.
pub static TCP: Traffic = Traffic::new();
/// WebSocket: all bytes after the handshake.
pub static WEBSOCKET: Traffic = Traffic::new();
/// BOSH: the bodies of requests and responses.
pub static BOSH: Traffic = Traffic::new();
