//! From a listening socket to client streams.

use std::net::SocketAddr;
use std::sync::Arc;

use net::Listener;
use tokio::net::TcpStream;

use crate::c2s::C2s;
use crate::{established, handshake, negotiate};

/// How a listener's streams are encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Security {
    /// STARTTLS, required (RFC 6120 section 5).
    StartTls,
    /// TLS before the stream (XEP-0368).
    Direct,
    /// None; only on loopback.
    None,
}

/// Accepts client streams until the drain.
pub async fn serve(c2s: Arc<C2s>, listener: Listener, security: Security) {
    let tasks = c2s.kernel.runtime().tasks.clone();
    let mut drained = std::pin::pin!(tasks.drained_signal());
    loop {
        let (socket, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut drained => return,
        };
        tasks.spawn("c2s", connection(c2s.clone(), socket, peer, security));
    }
}

/// One connection, from its first byte to its last. Each phase is boxed, so that a phase's state does not weigh on
/// the next: an idle session holds only what `established` needs.
async fn connection(c2s: Arc<C2s>, socket: TcpStream, peer: SocketAddr, security: Security) {
    let tasks = c2s.kernel.runtime().tasks.clone();
    let begun = Box::pin(async {
        let mut pipe = handshake::secure(&c2s, socket, peer, security).await?;
        let bound = negotiate::negotiate(&c2s, &mut pipe).await?;
        Some((pipe, bound))
    });
    let patience = std::time::Duration::from_secs(c2s.login_seconds.max(1));
    let begun = tokio::select! {
        begun = tokio::time::timeout(patience, begun) => begun.ok().flatten(),
        () = tasks.drained_signal() => None,
    };
    if let Some((pipe, bound)) = begun {
        Box::pin(established::run(c2s, pipe, bound)).await;
    }
}
