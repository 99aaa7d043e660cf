//! From a listening socket to streams.

use std::net::SocketAddr;
use std::sync::Arc;

use net::{Admission, Connections, Listener, TlsAcceptError};
use runtime::Runtime;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::opening::Ended;

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

/// Serves each connection that a listener accepts and `connections` admits, in a task of this name, until shutdown
/// begins. Whoever serves one keeps the admission to its end.
pub(crate) async fn accept<F>(
    runtime: &Runtime,
    listener: &Listener,
    connections: &Arc<Connections>,
    name: &'static str,
    each: impl Fn(TcpStream, SocketAddr, Admission) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let admit = |socket: TcpStream, peer: SocketAddr| {
        if let Some(admission) = connections.admit(peer.ip()) {
            connections.watch(&socket);
            runtime.tasks.spawn(name, each(socket, peer, admission));
        }
    };
    let mut drained = std::pin::pin!(runtime.tasks.drained_signal());
    loop {
        tokio::select! {
            (socket, peer) = listener.accept() => admit(socket, peer),
            () = &mut drained => return,
        }
    }
}

/// The outcome of a handshake with `peer` before the first stream, if it comes in time and before the shutdown.
pub(crate) async fn in_time<T>(
    runtime: &Runtime,
    peer: SocketAddr,
    until: Instant,
    handshake: impl Future<Output = Result<T, TlsAcceptError>>,
) -> Result<T, Ended> {
    tokio::select! {
        done = timeout_at(until, handshake) => match done {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "TLS handshake failed");
                Err(Ended)
            }
            Err(_) => Err(Ended),
        },
        () = runtime.tasks.drained_signal() => Err(Ended),
    }
}
