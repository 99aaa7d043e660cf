//! From a listening socket to HTTP connections.

use std::sync::Arc;

use runtime::Tasks;

use super::connection::{Shared, connection};
use super::options::HttpOptions;
use super::routes::Routes;
use crate::listener::Listener;
use crate::tls::TlsStore;

/// Accepts connections until shutdown begins, and answers their requests: with `tls` HTTPS with a certificate
/// chosen by SNI, and HTTP/2 or HTTP/1.1 by ALPN; without it HTTP/1.1, or HTTP/2 by prior knowledge (RFC 9113
/// section 3.3). At shutdown, requests being answered may complete, for a few seconds.
pub async fn serve(
    listener: Listener,
    tls: Option<TlsStore>,
    routes: Arc<Routes>,
    options: Arc<HttpOptions>,
    tasks: Tasks,
) {
    let shared = Arc::new(Shared { tls, routes, options, tasks: tasks.clone() });
    let mut drained = std::pin::pin!(tasks.drained_signal());
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut drained => return,
        };
        if let Some(admission) = shared.options.connections.admit(peer.ip()) {
            shared.options.connections.watch(&stream);
            tasks.spawn("http", connection(stream, peer, admission, shared.clone()));
        }
    }
}
