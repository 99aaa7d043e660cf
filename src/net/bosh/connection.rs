//! A session's other end: stream events in, stanzas out.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};
use xmpp::{Element, Stanza, StreamError, StreamEvent, StreamHeader};

use super::core::Step;
use super::receive::Seats;
use super::registry::Registry;
use super::route::Allowed;
use super::session::Session;
use crate::Rate;
use crate::address::Seat;
use crate::connection::throttle::Throttle;

/// A response is filled up to this size, plus the stanza that exceeds it.
const ROOM: usize = 16 << 10;

/// The result of [`Connection::poll_input`].
#[derive(Debug)]
pub enum Input {
    /// The next event of the stream. The first request of a session and a restart appear as stream headers.
    Event(StreamEvent),
    /// This many more stanzas have arrived, of those written since [`Connection::count`].
    Confirmed(usize),
    /// Output has been sent. Returned once each time.
    Drained,
    /// The client is gone.
    Lost,
}

/// A stream over BOSH. Dropping it ends the session.
pub struct Connection {
    session: Arc<Session>,
    registry: Arc<Registry>,
    /// Held until the client has authenticated.
    seat: Option<Seat>,
    /// Behind a proxy, the session counts as one of the client's connections.
    _behind: Option<Box<Seat>>,
    /// The session's only timer; reset only when it fires or must fire earlier.
    timer: Option<Pin<Box<Sleep>>>,
    throttle: Option<Throttle>,
}

impl Connection {
    pub(super) fn new(
        session: Arc<Session>,
        registry: Arc<Registry>,
        seats: Seats,
        rate: Option<Rate>,
    ) -> Self {
        let Seats { early, behind } = seats;
        let throttle = rate.map(Throttle::new);
        Self { session, registry, seat: Some(early), _behind: behind, timer: None, throttle }
    }

    /// The next input; meanwhile answers requests, once every event in them has been returned. With `read`
    /// false no event is returned. Cancel-safe.
    ///
    /// # Errors
    /// The client's bytes are not a valid stream: it must be sent this error.
    pub fn poll_input(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Result<Input, StreamError>> {
        loop {
            let allowed =
                read && self.throttle.as_mut().is_none_or(|throttle| throttle.poll_allowed(cx).is_ready());
            let input = match self.session.step(allowed, cx) {
                Step::Event(event) => {
                    self.took(&event);
                    Input::Event(event)
                }
                Step::Error(error) => return Poll::Ready(Err(error)),
                Step::Confirmed(count) => Input::Confirmed(count),
                Step::Drained => Input::Drained,
                Step::Lost => Input::Lost,
                Step::Wait(until) => {
                    ready!(self.poll_timer(until, cx));
                    continue;
                }
            };
            return Poll::Ready(Ok(input));
        }
    }

    fn took(&mut self, event: &StreamEvent) {
        if let (Some(throttle), StreamEvent::Element(element)) = (&mut self.throttle, event) {
            throttle.took(element.len());
        }
    }

    fn poll_timer(&mut self, until: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(until) = until else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.deadline() > until || timer.is_elapsed() {
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(cx)
    }

    /// Writes the server's stream header, whose addresses appear in the first response.
    pub fn open(&mut self, header: &StreamHeader) {
        self.session.with(|core| core.opened(header));
    }

    /// Writes a stanza; returns the number of bytes pending.
    pub fn stanza(&mut self, stanza: &Stanza) -> usize {
        self.session.with(|core| core.stanza(stanza))
    }

    /// Writes an element that is not a stanza. A stream error is sent with the end.
    pub fn element(&mut self, element: &Element) {
        self.session.with(|core| core.element(element));
    }

    /// Pending bytes; 0 as long as more fit into the same response.
    pub fn pending(&self) -> usize {
        Some(self.session.with(|core| core.output.len())).filter(|&bytes| bytes >= ROOM).unwrap_or(0)
    }

    /// The client has authenticated.
    pub fn logged_in(&mut self) {
        self.seat = None;
        self.session.logged_in();
    }

    /// From now on, the arrival of stanzas is reported.
    pub fn count(&mut self) {
        self.session.with(|core| core.output.count());
    }

    /// Sets the limits of stanzas and of the client's rate from now on; the session's negotiated terms stay.
    pub fn set_limits(&mut self, allowed: &Allowed) {
        self.session.set_limits(allowed);
        self.throttle = allowed.rate.map(Throttle::new);
    }

    /// Pending stanzas go with the last response, whatever that is.
    pub fn parting(&mut self) {
        self.session.with(|core| core.output.uncount());
    }

    /// Ends the stream, with the stream error that was written, if any.
    pub fn close(&mut self) {
        self.session.with(|core| core.close());
    }

    /// Ends the session with a redirect to another URI (`see-other-uri`).
    pub fn redirect(&mut self, uri: &str) {
        self.session.with(|core| core.redirect(uri));
    }

    /// Ready when the client has been sent the end: in answer to the held request, else to the next one.
    pub fn poll_shut(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.session.poll_told(cx)
    }

    /// Where the last request came from.
    pub fn address(&self) -> SocketAddr {
        self.session.address()
    }

    /// Whether the session began over TLS; if so, it stays on TLS.
    pub fn is_secure(&self) -> bool {
        self.session.secure
    }

    /// The web origin of the first request.
    pub fn origin(&self) -> Option<&str> {
        self.session.origin.as_deref()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.registry.remove(self.session.sid);
        self.session.with(|core| core.abandon());
    }
}
