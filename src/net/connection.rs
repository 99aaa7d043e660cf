//! A stream's socket: bytes in, stream events out; output buffered and written at once.

mod channel_binding;
mod error;
pub(crate) mod io;
pub(crate) mod output;
pub(crate) mod scratch;
pub(crate) mod throttle;
mod tls;
pub(crate) mod tunnel;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use tokio::net::TcpStream;
use xmpp::{ElementLimits, StreamEvent, StreamParser};

pub use channel_binding::ChannelBinding;
pub use error::{TlsAcceptError, WireError};
use io::Io;
pub use io::TlsAbout;
use output::Output;
use throttle::Throttle;

use crate::tls::{PeerCertificate, TlsClientConfig, TlsConfig};
use crate::{Rate, traffic};

/// A connection with an XMPP stream on it, plain or TLS.
///
/// While idle it holds neither a read buffer (reads go through a thread-local one) nor an empty output
/// buffer, so that an idle connection costs only its own size and, with TLS, the keys.
pub struct Connection {
    io: Io,
    parser: StreamParser,
    output: Output,
    throttle: Option<Throttle>,
    peer: SocketAddr,
    eof: bool,
}

/// The result of [`Connection::poll_event`].
#[derive(Debug)]
pub enum Wire {
    /// The next event of the stream.
    Event(StreamEvent),
    /// All output has been handed to the operating system. Returned once each time.
    Drained,
    /// The peer will send no more.
    Eof,
}

impl Connection {
    /// A connection without TLS, so far.
    pub fn plain(stream: TcpStream, peer: SocketAddr, limits: ElementLimits) -> Self {
        Connection {
            io: Io::plain(stream),
            parser: StreamParser::new(limits),
            output: Output::default(),
            throttle: None,
            peer,
            eof: false,
        }
    }

    /// Direct TLS (XEP-0368): the handshake comes first. The caller sets the time limit.
    ///
    /// # Errors
    /// [`TlsAcceptError`]; the peer has been sent an alert where TLS defines one.
    pub async fn accept_tls(
        stream: TcpStream,
        peer: SocketAddr,
        config: TlsConfig,
        limits: ElementLimits,
    ) -> Result<Self, TlsAcceptError> {
        let mut connection = Connection::plain(stream, peer, limits);
        connection.io = connection.io.accept(config).await?;
        Ok(connection)
    }

    /// Switches to TLS (RFC 6120 §5.4.2), once `<proceed/>` is in the output: that is written first, and the
    /// parser expects a new stream header afterwards. The caller sets the time limit.
    ///
    /// # Errors
    /// [`TlsAcceptError::Injected`] if bytes came after `<starttls/>` before it was answered: they would be
    /// mistaken for data sent inside TLS (CVE-2011-0411), so the connection is over. See also
    /// [`buffered`](Self::buffered).
    pub async fn starttls(mut self, config: TlsConfig) -> Result<Self, TlsAcceptError> {
        self.before_tls().await?;
        self.io = self.io.accept(config).await?;
        self.parser.reset();
        Ok(self)
    }

    /// Direct TLS to the server of `domain` (XEP-0368 section 3), which is sent as SNI (an A-label) with ALPN
    /// `xmpp-server`; a server that chooses no protocol is accepted. Any certificate is accepted: see
    /// [`peer_certificate`](Self::peer_certificate). The caller sets the time limit.
    ///
    /// # Errors
    /// [`TlsAcceptError`].
    pub async fn connect_tls(
        stream: TcpStream,
        peer: SocketAddr,
        config: TlsClientConfig,
        domain: &str,
        limits: ElementLimits,
    ) -> Result<Self, TlsAcceptError> {
        let mut connection = Connection::plain(stream, peer, limits);
        connection.io = connection.io.connect(config, domain, true).await?;
        Ok(connection)
    }

    /// Switches to TLS as the client, once `<proceed/>` has been read (RFC 6120 §5.4.3): otherwise as
    /// [`connect_tls`](Self::connect_tls), without ALPN. The parser expects a new stream header afterwards.
    ///
    /// # Errors
    /// [`TlsAcceptError::Injected`] if bytes came after `<proceed/>`, as in [`starttls`](Self::starttls).
    pub async fn starttls_client(
        mut self,
        config: TlsClientConfig,
        domain: &str,
    ) -> Result<Self, TlsAcceptError> {
        self.before_tls().await?;
        self.io = self.io.connect(config, domain, false).await?;
        self.parser.reset();
        Ok(self)
    }

    /// Checks that TLS can begin, and writes all output.
    async fn before_tls(&mut self) -> Result<(), TlsAcceptError> {
        if self.io.is_tls() {
            return Err(TlsAcceptError::AlreadyTls);
        }
        match self.parser.buffered() {
            0 => self.flush().await.map_err(TlsAcceptError::Io),
            bytes => Err(TlsAcceptError::Injected(bytes)),
        }
    }

    /// Writes pending output and, if `read`, reads; ready with the next event. Events already received are
    /// returned before writing, so that the answers to a burst leave together. Cancel-safe. A peer that reads
    /// slowly is still read from, so the caller must limit [`pending_out`](Self::pending_out). With `read`
    /// false only writing makes progress, and only [`Wire::Drained`] is returned.
    ///
    /// # Errors
    /// [`WireError`]: the stream is over. For [`WireError::Stream`] the peer must still be sent the error.
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

    /// The output buffer: what is appended leaves with the next [`poll_event`](Self::poll_event),
    /// [`event`](Self::event) or [`flush`](Self::flush).
    pub fn out(&mut self) -> &mut Vec<u8> {
        self.output.buffer()
    }

    /// Bytes of output not yet taken by the operating system (TLS buffers up to 16 KiB more).
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

    /// Writes the output, closes the sending side (close_notify, FIN) and waits for the peer's end: closing
    /// with unread input would reset the connection and may lose what was just written. The caller sets the
    /// time limit; dropping the connection closes it at once.
    pub async fn shutdown(&mut self) {
        if self.flush().await.is_ok() && poll_fn(|cx| self.io.poll_shutdown(cx)).await.is_ok() && !self.eof {
            poll_fn(|cx| self.io.poll_discard(cx)).await;
        }
    }

    /// A new stream begins on the same connection (after SASL): the parser expects a header. Input already
    /// received but not yet parsed belongs to the new stream and is kept.
    pub fn reset_parser(&mut self) {
        self.parser.reset();
    }

    /// Bytes received but not yet returned as an event.
    pub fn buffered(&self) -> usize {
        self.parser.buffered()
    }

    /// Sets the largest stanza, in bytes, from the next stanza on.
    pub fn set_stanza_bytes(&mut self, bytes: usize) {
        self.parser.set_stanza_bytes(bytes);
    }

    /// Sets the limits of a stanza, from the next one on.
    pub fn set_limits(&mut self, limits: ElementLimits) {
        self.parser.set_limits(limits);
    }

    /// Limits the reading rate; `None` removes the limit. Input above it waits in the operating system.
    pub fn set_rate(&mut self, rate: Option<Rate>) {
        self.throttle = rate.map(Throttle::new);
    }

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

    /// The certificate that the peer has shown, or had shown when a resumed session began; `None` without TLS, or if it has
    /// shown none. Nothing but its key has been verified.
    pub fn peer_certificate(&self) -> Option<PeerCertificate> {
        self.io.peer_certificate()
    }

    /// The data that binds authentication to this TLS connection, the same on both sides; `None` without TLS, or
    /// if this connection has none of that kind ([`ChannelBinding`]).
    pub fn channel_binding(&self, kind: ChannelBinding) -> Option<Vec<u8>> {
        self.io.channel_binding(kind)
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.output.poll_write(cx, &mut self.io, &traffic::TCP.sent)
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
            traffic::TCP.received.add(count as u64);
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
