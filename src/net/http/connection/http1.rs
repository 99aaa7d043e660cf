//! HTTP/1.1 (RFC 9112).

use std::pin::pin;
use std::sync::Arc;

use hyper::server::conn::http1::{Builder, UpgradeableConnection};
use hyper_util::rt::TokioTimer;

use super::service::Service;
use super::{Shared, drive};
use crate::http::client::Client;
use crate::http::options::HttpOptions;
use crate::http::socket::Socket;

/// The least that hyper takes.
const LEAST_BUFFER: usize = 8 * 1024;

/// Serves until the connection ends, is upgraded, has no request for too long, or the drain begins.
pub(super) async fn run(socket: Socket, peer: Client, shared: Arc<Shared>) {
    let tasks = shared.tasks.clone();
    let builder = builder(&shared.options);
    let connection = builder.serve_connection(socket, Service { shared, peer, watch: None }).with_upgrades();
    drive(pin!(connection), UpgradeableConnection::graceful_shutdown, tasks.drained_signal()).await;
}

fn builder(options: &HttpOptions) -> Builder {
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        // Runs from the moment a request is waited for, so that it bounds idle connections as well.
        .header_read_timeout(options.idle)
        .max_header_size(options.head_bytes)
        .max_buf_size(options.head_bytes.max(LEAST_BUFFER))
        // Queued, a body is written from where it is; flattened it would be copied into a buffer that stays.
        .writev(true);
    builder
}
