//! XMPP over WebSocket (RFC 6455, RFC 7395): one element per message.

mod decoder;
mod encoder;
mod fault;
mod framing;
mod handshake;
mod ping;
#[cfg(test)]
pub(crate) mod testing;

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use xmpp::ElementLimits;

pub use decoder::{Decoder, Message};
pub use fault::Fault;
use framing::Framing;
pub use handshake::Upgrade;
pub use ping::PingLimits;
use ping::Pings;

use crate::connection::io::Io;
use crate::connection::output::Output;
use crate::connection::throttle::Throttle;
use crate::connection::{Wire, WireError, scratch};
use crate::http::Client;
use crate::{Admission, Rate, traffic};

/// A WebSocket with an XMPP stream on it. While idle it holds neither a read buffer nor an output buffer.
pub struct WebSocket {
    io: Io,
    decoder: Decoder,
    framing: Framing,
    /// What was read beyond a message, from `taken` on.
    rest: Vec<u8>,
    taken: usize,
    output: Output,
    /// The last ping received, if it has not been answered.
    ping: Option<bytes::Bytes>,
    throttle: Option<Throttle>,
    pings: Option<Box<Pings>>,
    client: Client,
    /// Keeps the connection counted.
    _admission: Option<Admission>,
    /// The close code to send.
    code: u16,
    /// The server's close frame is in the output: nothing follows it.
    closed: bool,
    eof: bool,
}

impl WebSocket {
    fn new(
        io: Io,
        rest: Vec<u8>,
        client: Client,
        admission: Option<Admission>,
        limits: ElementLimits,
    ) -> Self {
        WebSocket {
            io,
            decoder: Decoder::new(limits.stanza_bytes),
            framing: Framing::new(limits),
            rest,
            taken: 0,
            output: Output::default(),
            ping: None,
            throttle: None,
            pings: None,
            client,
            _admission: admission,
            code: 1000,
            closed: false,
            eof: false,
        }
    }

    /// Writes pending output, and reads; ready with the next event. Messages already received are returned
    /// before writing, so that the answers to a burst leave together. Cancel-safe. A peer that reads slowly
    /// is still read from, so the caller must limit [`pending_out`](Self::pending_out); of its pings only the
    /// last is then answered (RFC 6455 section 5.5.3). With `read` false only writing makes progress, and
    /// only [`Wire::Drained`] is returned.
    ///
    /// # Errors
    /// [`WireError`]: the stream is over. For [`WireError::Stream`] the peer must still be sent the error;
    /// [`shutdown`](Self::shutdown) then sends the close code as well.
    pub fn poll_event(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Result<Wire, WireError>> {
        loop {
            if read && let Some(wire) = self.next()? {
                return Poll::Ready(Ok(wire));
            }
            self.answer_ping();
            if self.output.unsettled() && self.poll_output(cx)?.is_ready() {
                return Poll::Ready(Ok(Wire::Drained));
            }
            self.output.release_unused();
            if !read {
                return Poll::Pending;
            }
            if self.eof {
                return Poll::Ready(Ok(Wire::Eof));
            }
            match self.poll_read(cx)? {
                Poll::Ready(Some(wire)) => return Poll::Ready(Ok(wire)),
                Poll::Ready(None) => {}
                Poll::Pending => match ready!(self.poll_pings(cx)) {
                    // It is sent with the next poll.
                    true => encoder::ping(self.output.buffer()),
                    false => return Poll::Ready(Ok(Wire::Eof)),
                },
            }
        }
    }

    /// Appends a text message, which must be one element. After the close frame nothing is sent.
    pub fn text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.closed {
            encoder::text(self.output.buffer(), write);
        }
    }

    /// Bytes of output not yet taken by the operating system (TLS and HTTP/2 buffer some more).
    pub fn pending_out(&self) -> usize {
        self.output.pending()
    }

    /// Writes the output and a close frame, closes the sending side and waits for the peer's end. The caller
    /// sets the time limit.
    pub async fn shutdown(&mut self) {
        self.close(Some(self.code));
        let flushed = poll_fn(|cx| self.poll_output(cx)).await;
        if flushed.is_ok() && poll_fn(|cx| self.io.poll_shutdown(cx)).await.is_ok() {
            poll_fn(|cx| self.io.poll_discard(cx)).await;
        }
    }

    /// Expects a new `<open/>` (RFC 7395 section 3.7).
    pub fn restart(&mut self) {
        self.framing.restart();
    }

    /// Sets the limits of a message, from the next one on.
    pub fn set_limits(&mut self, limits: ElementLimits) {
        self.decoder.set_limit(limits.stanza_bytes);
        self.framing.set_limits(limits);
    }

    /// Limits the reading rate; `None` removes the limit.
    pub fn set_rate(&mut self, rate: Option<Rate>) {
        self.throttle = rate.map(Throttle::new);
    }

    /// Pings the peer at this interval; one that has sent nothing since the last ping is considered gone.
    /// `None` stops pinging.
    pub fn set_pings(&mut self, every: Option<Duration>) {
        self.pings = every.map(|every| Box::new(Pings::new(every)));
    }

    /// Ready with `true` when a ping is due, with `false` when the peer is gone.
    fn poll_pings(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        match &mut self.pings {
            Some(pings) if !self.closed => pings.poll(cx),
            _ => Poll::Pending,
        }
    }

    pub fn client(&self) -> Client {
        self.client
    }

    /// The next event from what has been read.
    fn next(&mut self) -> Result<Option<Wire>, WireError> {
        while let Some(mut input) = self.rest.get(self.taken..).filter(|rest| !rest.is_empty()) {
            let message = self.decoder.next(&mut input);
            self.taken = self.rest.len() - input.len();
            if let Some(wire) = self.message(message)? {
                return Ok(Some(wire));
            }
        }
        (self.rest, self.taken) = (Vec::new(), 0);
        Ok(None)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Wire>, WireError>> {
        let most = match &mut self.throttle {
            None => scratch::SIZE,
            Some(throttle) => ready!(throttle.poll_allowed(cx)),
        };
        let (io, decoder) = (&mut self.io, &mut self.decoder);
        let read = scratch::with(most, |buffer| {
            ready!(io.poll_read(cx, buffer))?;
            let mut input = buffer.filled();
            let count = input.len();
            let message = decoder.next(&mut input);
            Poll::Ready(io::Result::Ok((count, message, input.to_vec())))
        });
        let (count, message, rest) = ready!(read)?;
        (self.rest, self.taken) = (rest, 0);
        traffic::WEBSOCKET.received.add(count as u64);
        self.eof = count == 0;
        self.pings.iter_mut().for_each(|pings| pings.heard());
        if let Some(throttle) = &mut self.throttle {
            throttle.took(count);
        }
        Poll::Ready(self.message(message))
    }

    fn message(&mut self, message: Result<Option<Message>, Fault>) -> Result<Option<Wire>, WireError> {
        match message {
            Ok(Some(Message::Text(text))) => Ok(self.framing.event(text)?.map(Wire::Event)),
            Ok(Some(Message::Ping(payload))) => {
                self.ping = Some(payload);
                Ok(None)
            }
            Ok(Some(Message::Close(code))) => {
                self.close(code);
                self.eof = true;
                Ok(None)
            }
            Ok(Some(Message::Pong) | None) => Ok(None),
            Err(fault) => {
                self.code = fault.code;
                Err(fault.stream_error().into())
            }
        }
    }

    fn close(&mut self, code: Option<u16>) {
        if !std::mem::replace(&mut self.closed, true) {
            encoder::close(self.output.buffer(), code);
        }
    }

    fn answer_ping(&mut self) {
        if !self.closed
            && self.output.pending() == 0
            && let Some(payload) = self.ping.take()
        {
            encoder::pong(self.output.buffer(), &payload);
        }
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.output.poll_write(cx, &mut self.io, &traffic::WEBSOCKET.sent)
    }
}

#[cfg(test)]
mod tests;
