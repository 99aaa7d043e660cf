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

/// The minimum that hyper accepts.
const LEAST_BUFFER: usize = 8 * 1024;

/// Serves until the connection ends, is upgraded, is idle for too long, or shutdown begins.
pub(super) async fn run(socket: Socket, peer: Client, shared: Arc<Shared>) {
    let tasks = shared.tasks.clone();
    let connection = connection(socket, Service { shared, peer, watch: None });
    drive(pin!(connection), UpgradeableConnection::graceful_shutdown, tasks.drained_signal()).await;
}

/// Only the connection, without what it is built from.
fn connection(socket: Socket, service: Service) -> UpgradeableConnection<Socket, Service> {
    builder(&service.shared.options).serve_connection(socket, service).with_upgrades()
}

fn builder(options: &HttpOptions) -> Builder {
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        // Runs from the moment a request is awaited, so that it limits idle connections as well.
        .header_read_timeout(options.idle)
        .max_header_size(options.head_bytes)
        .max_buf_size(options.head_bytes.max(LEAST_BUFFER))
        // A queued body is written in place; a flattened one would be copied into a buffer that stays.
        .writev(true);
    builder
}
