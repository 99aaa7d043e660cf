//! From a listening socket to streams of clients.

use std::sync::Arc;

use net::Listener;

use super::C2s;
use crate::listener::{self, Security};

/// Accepts client streams until shutdown begins.
pub async fn serve(c2s: Arc<C2s>, listener: Listener, security: Security) {
    let each = |socket, peer, admission| {
        let c2s = c2s.clone();
        async move {
            c2s.serve(socket, peer, security).await;
            drop(admission);
        }
    };
    listener::accept(c2s.kernel.runtime(), &listener, &c2s.connections, "c2s", each).await;
}
