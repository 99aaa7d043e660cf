//! From a listening socket to streams of clients.

use std::net::SocketAddr;
use std::sync::Arc;

use net::Listener;
use tokio::net::TcpStream;

use super::C2s;
use crate::listener::{self, Security};

/// Accepts client streams until shutdown begins.
pub async fn serve(c2s: Arc<C2s>, listener: Listener, security: Security) {
    let tasks = c2s.kernel.runtime().tasks.clone();
    let each = |socket: TcpStream, peer: SocketAddr| {
        if let Some(admission) = c2s.connections.admit(peer.ip()) {
            c2s.connections.watch(&socket);
            let c2s = c2s.clone();
            tasks.spawn("c2s", async move {
                c2s.serve(socket, peer, security).await;
                drop(admission);
            });
        }
    };
    listener::accept(c2s.kernel.runtime(), &listener, each).await;
}
