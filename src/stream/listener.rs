//! From a listening socket to client streams.

use std::net::SocketAddr;
use std::sync::Arc;

use net::{Admission, Listener};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout_at};
use xmpp::{StreamCondition, StreamError};

use crate::bind::Bound;
use crate::c2s::C2s;
use crate::pipe::Pipe;
use crate::tcp::Tcp;
use crate::{established, handshake, negotiate};

/// How a listener's streams are encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Security {
    /// STARTTLS, required (RFC 6120 section 5).
    StartTls,
    /// TLS before the stream (XEP-0368).
    Direct,
    /// No encryption; only on loopback.
    None,
}

/// Accepts client streams until shutdown begins.
pub async fn serve(c2s: Arc<C2s>, listener: Listener, security: Security) {
    let tasks = c2s.kernel.runtime().tasks.clone();
    let mut drained = std::pin::pin!(tasks.drained_signal());
    loop {
        let (socket, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut drained => return,
        };
        if let Some(admission) = c2s.connections.admit(peer.ip()) {
            c2s.connections.watch(&socket);
            tasks.spawn("c2s", connection(c2s.clone(), socket, peer, admission, security));
        }
    }
}

/// One TCP connection, from its first byte to its last.
async fn connection(
    c2s: Arc<C2s>,
    socket: TcpStream,
    peer: SocketAddr,
    _admission: Admission,
    security: Security,
) {
    let until = c2s.login_deadline();
    if let Some(tcp) = Box::pin(secured(&c2s, socket, peer, security, until)).await {
        stream(c2s, tcp, until).await;
    }
}

/// The connection, as secure as its listener demands; `None` if it has ended or timed out.
async fn secured(
    c2s: &C2s,
    socket: TcpStream,
    peer: SocketAddr,
    security: Security,
    until: Instant,
) -> Option<Box<Tcp>> {
    let tasks = c2s.kernel.runtime().tasks.clone();
    tokio::select! {
        secured = timeout_at(until, handshake::secure(c2s, socket, peer, security)) => secured.ok().flatten(),
        () = tasks.drained_signal() => None,
    }
}

/// A client's stream on any transport, from its header to its end; authentication must finish by `until`.
/// Each phase is boxed, so that its state does not enlarge the next one's: an idle session holds only what
/// `established` needs. The pipe is boxed, because every async function it is passed to would otherwise
/// reserve room for it.
pub(crate) async fn stream<P: Pipe>(c2s: Arc<C2s>, mut pipe: Box<P>, until: Instant) {
    if let Some(bound) = Box::pin(begin(&c2s, &mut *pipe, until)).await {
        established::run(pipe, bound).await;
    }
}

/// Negotiates a bound session; `None` if the stream has ended, the peer having been sent the error.
async fn begin<P: Pipe>(c2s: &C2s, pipe: &mut P, until: Instant) -> Option<Bound> {
    let tasks = c2s.kernel.runtime().tasks.clone();
    let error = tokio::select! {
        bound = negotiate::negotiate(c2s, pipe) => return bound,
        () = sleep_until(until) => {
            StreamError::new(StreamCondition::ConnectionTimeout).text("authentication timed out")
        }
        () = tasks.drained_signal() => {
            StreamError::new(StreamCondition::SystemShutdown).text("the server is shutting down")
        }
    };
    negotiate::fail(c2s, pipe, error.into()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bosh::BoshPipe;
    use crate::websocket::WebSocketPipe;

    fn size<A, B, C, F: Future>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// Each idle session holds one of these for its whole life: the state of a phase that ends belongs in a
    /// box of its own.
    #[test]
    fn the_state_of_a_stream_is_small() {
        let sizes = [size(stream::<Tcp>), size(stream::<WebSocketPipe>), size(stream::<BoshPipe>)];
        assert!(sizes.iter().all(|&size| size <= 640), "{sizes:?} bytes");
    }
}
