//! The options of every stream's socket, accepted or connected.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// Sets `TCP_NODELAY` and keep-alive. If this fails the socket is dead, which the first read will show.
pub(crate) fn prepare(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(stream).set_tcp_keepalive(&keepalive());
}

/// A peer that vanished silently is detected within five minutes, at no cost in this process.
fn keepalive() -> TcpKeepalive {
    TcpKeepalive::new()
        .with_time(Duration::from_secs(180))
        .with_interval(Duration::from_secs(30))
        .with_retries(4)
}
