//! HTTP/2 (RFC 9113), with extended CONNECT for WebSocket (RFC 8441).

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::rt::Executor;
use hyper::server::conn::http2::{Builder, Connection};
use hyper_util::rt::TokioTimer;
use runtime::Tasks;
use tokio::time::sleep;

use super::service::Service;
use super::{Shared, drive};
use crate::http::client::Client;
use crate::http::first_bytes::FirstBytes;
use crate::http::options::HttpOptions;
use crate::http::socket::Socket;

/// Streams that a client may have open at once (RFC 9113 section 6.5.2 recommends no fewer).
const STREAMS: u32 = 100;
/// Bytes a client may send ahead of reading, per stream and per connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;
/// Bytes of responses queued per stream.
const SEND_BUFFER: usize = 64 * 1024;
/// Streams a client may reset, or break rules on, faster than they are handled, before it is disconnected.
const RESETS: usize = 50;

/// Serves until the connection ends, is idle for too long, or shutdown begins.
pub(super) async fn run(socket: Socket, peer: Client, shared: Arc<Shared>) {
    let tasks = shared.tasks.clone();
    let idle = shared.options.idle;
    let watch = Watch::default();
    let builder = builder(&shared.options, tasks.clone());
    let service = Service { shared, peer, watch: Some(watch.clone()) };
    let connection = builder.serve_connection(socket, service);
    let until = async {
        tokio::select! {
            () = tasks.drained_signal() => {}
            () = watch.quiet(idle) => {}
        }
    };
    drive(pin!(connection), Connection::graceful_shutdown, until).await;
}

fn builder(options: &HttpOptions, tasks: Tasks) -> Builder<Spawn> {
    let mut builder = Builder::new(Spawn(tasks));
    builder
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS)
        .max_header_list_size(u32::try_from(options.head_bytes).unwrap_or(u32::MAX));
    builder
}

/// Spawns a stream's task.
#[derive(Clone)]
struct Spawn(Tasks);

impl<F> Executor<F> for Spawn
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn("http2", future);
    }
}

/// Counts requests in progress on a connection; hyper closes idle connections of HTTP/1.1 only.
#[derive(Clone, Default)]
pub(super) struct Watch(Arc<Counts>);

#[derive(Default)]
struct Counts {
    busy: AtomicUsize,
    begun: AtomicUsize,
    first_bytes: Arc<AtomicUsize>,
}

/// A request in progress, or an open WebSocket.
pub(crate) struct Busy(Arc<Counts>);

impl Watch {
    pub(super) fn busy(&self) -> Arc<Busy> {
        self.0.busy.fetch_add(1, Ordering::Relaxed);
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        Arc::new(Busy(self.0.clone()))
    }

    /// Returns when there was no request for `idle` and none is in progress; at the latest after twice that.
    /// A client that does not read its responses does not extend it.
    async fn quiet(&self, idle: Duration) {
        let mut before = None;
        loop {
            let (busy, begun) = (self.0.busy.load(Ordering::Relaxed), self.0.begun.load(Ordering::Relaxed));
            if busy == 0 && before == Some(begun) {
                return;
            }
            before = (busy == 0).then_some(begun);
            sleep(idle).await;
        }
    }
}

impl Busy {
    pub fn first_bytes(&self) -> FirstBytes {
        FirstBytes::shared(self.0.first_bytes.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
