//! XMPP over WebSocket (RFC 6455, RFC 7395): one element a message.

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

use xmpp::Limits;

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
use crate::{Admission, Rate};

/// A WebSocket with an XMPP stream on it. While it waits it holds neither a read buffer nor an output buffer.
pub struct WebSocket {
    io: Io,
    decoder: Decoder,
    framing: Framing,
    /// What was read behind a message, from `taken` on.
    rest: Vec<u8>,
    taken: usize,
    output: Output,
    /// The last ping, if it has not been answered.
    ping: Option<bytes::Bytes>,
    throttle: Option<Throttle>,
    pings: Option<Box<Pings>>,
    client: Client,
    /// The connection counts as long as it lives.
    _admission: Option<Admission>,
    /// What the peer is told when we close.
    code: u16,
    /// Our close frame is in the output: nothing follows it.
    closed: bool,
    eof: bool,
}

impl WebSocket {
    fn new(io: Io, rest: Vec<u8>, client: Client, admission: Option<Admission>, limits: Limits) -> Self {
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

    /// Writes what waits in the output, and reads; ready with the next event. Messages that are here already come
    /// before writing, so that the answers to a burst leave together. Cancel-safe. A peer that is slow to read is
    /// still read from, so the caller bounds [`pending_out`](Self::pending_out); of its pings only the last is then
    /// answered (RFC 6455 section 5.5.3). With `read` false only writing makes progress, and [`Wire::Drained`] alone is
    /// returned.
    ///
    /// # Errors
    /// [`WireError`]: the stream is over. For [`WireError::Stream`] the peer is still to be told;
    /// [`shutdown`](Self::shutdown) then tells it the close code as well.
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
                    // It goes out with the next turn.
                    true => encoder::ping(self.output.buffer()),
                    false => return Poll::Ready(Ok(Wire::Eof)),
                },
            }
        }
    }

    /// Appends a text message, which is one element. After the close frame nothing is sent any more.
    pub fn text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.closed {
            encoder::text(self.output.buffer(), write);
        }
    }

    /// Bytes of output that were not yet taken by the operating system (TLS and HTTP/2 hold some more).
    pub fn pending_out(&self) -> usize {
        self.output.pending()
    }

    /// Writes the output and a close frame, ends our side and waits for the peer's end. The caller bounds the time.
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

    /// Sets what one message may have, from the next one on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.decoder.set_limit(limits.stanza_bytes);
        self.framing.set_limits(limits);
    }

    /// Limits how fast is read; `None` ends the limit.
    pub fn set_rate(&mut self, rate: Option<Rate>) {
        self.throttle = rate.map(Throttle::new);
    }

    /// Pings the peer each time so long has passed; one that has sent nothing since the last ping is gone. `None` ends it.
    pub fn set_pings(&mut self, every: Option<Duration>) {
        self.pings = every.map(|every| Box::new(Pings::new(every)));
    }

    /// Ready when it is time for a ping, unless the peer is gone.
    fn poll_pings(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        match &mut self.pings {
            Some(pings) if !self.closed => pings.poll(cx),
            _ => Poll::Pending,
        }
    }

    /// Who it is.
    pub fn client(&self) -> Client {
        self.client
    }

    /// The next event of what has been read.
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
        self.eof = count == 0;
        self.pings.iter_mut().for_each(|pings| pings.heard());
        if let Some(throttle) = &mut self.throttle {
            throttle.took(count);
        }
        Poll::Ready(self.message(message))
    }

    fn message(&mut self, message: Result<Option<Message>, Fault>) -> Result<Option<Wire>, WireError> {
        match message {
            Ok(Some(Message::Text(text))) => Ok(Some(Wire::Event(self.framing.event(text)?))),
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
        self.output.poll_write(cx, &mut self.io, &mut 0)
    }
}

#[cfg(test)]
mod tests;
