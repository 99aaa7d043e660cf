//! An HTTP/2 stream as a socket (RFC 8441).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBuf as HyperBuf, Write};
use hyper::upgrade::Upgraded;
use tokio::io::ReadBuf;

use crate::address::Seat;
use crate::http::Busy;

/// The stream, and a guard that keeps its connection from being considered idle.
pub(crate) struct Tunnel {
    stream: Upgraded,
    _busy: Option<Arc<Busy>>,
    /// Counts as a connection of a client behind a proxy.
    _seat: Option<Seat>,
}

impl Tunnel {
    pub(crate) fn new(stream: Upgraded, busy: Option<Arc<Busy>>, seat: Option<Seat>) -> Self {
        Tunnel { stream, _busy: busy, _seat: seat }
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut unfilled = HyperBuf::new(buffer.initialize_unfilled());
        ready!(Pin::new(&mut self.stream).poll_read(cx, unfilled.unfilled()))?;
        let count = unfilled.filled().len();
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
