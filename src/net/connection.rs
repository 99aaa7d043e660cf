//! A stream's socket: bytes in, stream events out; bytes out, gathered and written at once.

mod error;
pub(crate) mod io;
pub(crate) mod output;
pub(crate) mod scratch;
pub(crate) mod throttle;
pub(crate) mod tunnel;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use tokio::net::TcpStream;
use xmpp::{Limits, StreamEvent, StreamParser};

pub use error::{TlsAcceptError, WireError};
use io::Io;
pub use io::TlsAbout;
use output::Output;
use throttle::Throttle;

use crate::Rate;
use crate::tls::TlsConfig;

/// A connection with an XMPP stream on it, plain or TLS.
///
/// While it waits it holds neither a read buffer (reading goes through one that the thread has) nor an empty output
/// buffer, so that an idle one costs its own size and, with TLS, the keys.
pub struct Connection {
    io: Io,
    parser: StreamParser,
    output: Output,
    throttle: Option<Throttle>,
    peer: SocketAddr,
    bytes_in: u64,
    bytes_out: u64,
    eof: bool,
}

/// What [`Connection::poll_event`] has to tell.
#[derive(Debug)]
pub enum Wire {
    /// The next event of the stream.
    Event(StreamEvent),
    /// All output is with the operating system. Told once each time.
    Drained,
    /// The peer will send no more.
    Eof,
}

impl Connection {
    /// A connection without TLS, so far.
    pub fn plain(stream: TcpStream, peer: SocketAddr, limits: Limits) -> Self {
        Connection {
            io: Io::plain(stream),
            parser: StreamParser::new(limits),
            output: Output::default(),
            throttle: None,
            peer,
            bytes_in: 0,
            bytes_out: 0,
            eof: false,
        }
    }

    /// Direct TLS (XEP-0368): the handshake comes first. The caller bounds its time.
    ///
    /// # Errors
    /// [`TlsAcceptError`]; the peer has been sent an alert where TLS has one.
    pub async fn accept_tls(
        stream: TcpStream,
        peer: SocketAddr,
        config: TlsConfig,
        limits: Limits,
    ) -> Result<Self, TlsAcceptError> {
        let mut connection = Connection::plain(stream, peer, limits);
        connection.io = connection.io.accept(config).await?;
        Ok(connection)
    }

    /// Goes over to TLS (RFC 6120 §5.4.2), once `<proceed/>` is in the output: that is written first, and the parser
    /// waits for a new stream header afterwards. The caller bounds the time.
    ///
    /// # Errors
    /// [`TlsAcceptError::Injected`] if bytes came after `<starttls/>` before it was answered: they would be taken for
    /// what was sent inside TLS (CVE-2011-0411), so the connection is over. See also [`buffered`](Self::buffered).
    pub async fn starttls(mut self, config: TlsConfig) -> Result<Self, TlsAcceptError> {
        if self.io.is_tls() {
            return Err(TlsAcceptError::AlreadyTls);
        }
        match self.parser.buffered() {
            0 => {}
            bytes => return Err(TlsAcceptError::Injected(bytes)),
        }
        self.flush().await.map_err(TlsAcceptError::Io)?;
        self.io = self.io.accept(config).await?;
        self.parser.reset();
        Ok(self)
    }

    /// Writes what waits in the output and, if `read`, reads; ready with the next event. Events that are here already
    /// come before writing, so that the answers to a burst leave together. Cancel-safe. A peer that is slow to read is
    /// still read from, so the caller bounds [`pending_out`](Self::pending_out). With `read` false only writing makes
    /// progress, and [`Wire::Drained`] alone is returned.
    ///
    /// # Errors
    /// [`WireError`]: the stream is over. For [`WireError::Stream`] the peer is still to be told.
    pub fn poll_event(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Result<Wire, WireError>> {
        if read && let Some(event) = self.parser.next()? {
            return Poll::Ready(Ok(Wire::Event(event)));
        }
        if self.output.unsettled() && self.poll_output(cx)?.is_ready() {
            return Poll::Ready(Ok(Wire::Drained));
        }
        self.output.release_unused();
        if read { self.poll_input(cx) } else { Poll::Pending }
    }

    /// The next event, `None` at the end, while output is written. Cancel-safe.
    ///
    /// # Errors
    /// As [`poll_event`](Self::poll_event).
    pub async fn event(&mut self) -> Result<Option<StreamEvent>, WireError> {
        loop {
            match poll_fn(|cx| self.poll_event(cx, true)).await? {
                Wire::Event(event) => return Ok(Some(event)),
                Wire::Eof => return Ok(None),
                Wire::Drained => {}
            }
        }
    }

    /// The output: append to it, and it leaves with the next [`poll_event`](Self::poll_event),
    /// [`event`](Self::event) or [`flush`](Self::flush).
    pub fn out(&mut self) -> &mut Vec<u8> {
        self.output.buffer()
    }

    /// Bytes of output that were not yet taken by the operating system (TLS holds up to 16 KiB more).
    pub fn pending_out(&self) -> usize {
        self.output.pending()
    }

    /// Writes all output. Cancel-safe: what was not written stays.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn flush(&mut self) -> std::io::Result<()> {
        poll_fn(|cx| if self.output.unsettled() { self.poll_output(cx) } else { Poll::Ready(Ok(())) }).await
    }

    /// Writes the output, ends our side (close_notify, FIN) and waits for the peer's end: closing with unread
    /// input would reset the connection and may lose what was just written. The caller bounds the time; dropping the
    /// connection closes it at once.
    pub async fn shutdown(&mut self) {
        if self.flush().await.is_ok() && poll_fn(|cx| self.io.poll_shutdown(cx)).await.is_ok() && !self.eof {
            poll_fn(|cx| self.io.poll_discard(cx)).await;
        }
    }

    /// A new stream begins on the same connection (after SASL): the parser waits for a header. Input that is here
    /// already belongs to the new stream and is kept if it has not been taken for the old one.
    pub fn reset_parser(&mut self) {
        self.parser.reset();
    }

    /// Input that came and was not yet told as an event, in bytes.
    pub fn buffered(&self) -> usize {
        self.parser.buffered()
    }

    /// Sets the largest stanza, in bytes, from the next one on.
    pub fn set_stanza_bytes(&mut self, bytes: usize) {
        self.parser.set_stanza_bytes(bytes);
    }

    /// Sets what one stanza may have, from the next one on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.parser.set_limits(limits);
    }

    /// Limits how fast is read; `None` ends the limit. Input above it waits in the kernel.
    pub fn set_rate(&mut self, rate: Option<Rate>) {
        self.throttle = rate.map(Throttle::new);
    }

    /// The peer's address.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether TLS is on.
    pub fn is_tls(&self) -> bool {
        self.io.is_tls()
    }

    /// What was negotiated, if TLS is on.
    pub fn tls(&self) -> Option<TlsAbout> {
        self.io.about()
    }

    /// Bytes of the stream read so far, inside TLS.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// Bytes of the stream written so far, inside TLS.
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.output.poll_write(cx, &mut self.io, &mut self.bytes_out)
    }

    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<Result<Wire, WireError>> {
        loop {
            if self.eof {
                return Poll::Ready(Ok(Wire::Eof));
            }
            let most = match &mut self.throttle {
                None => scratch::SIZE,
                Some(throttle) => ready!(throttle.poll_allowed(cx)),
            };
            let (io, parser) = (&mut self.io, &mut self.parser);
            let read = scratch::with(most, |buffer| {
                let read = ready!(io.poll_read(cx, buffer));
                Poll::Ready(read.map(|()| {
                    parser.feed(buffer.filled());
                    buffer.filled().len()
                }))
            });
            let count = ready!(read)?;
            self.eof = count == 0;
            self.bytes_in += count as u64;
            if let Some(throttle) = &mut self.throttle {
                throttle.took(count);
            }
            if let Some(event) = self.parser.next()? {
                return Poll::Ready(Ok(Wire::Event(event)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
