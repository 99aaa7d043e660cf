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

/// As much goes into one response, and the stanza that exceeds it.
const ROOM: usize = 16 << 10;

/// What [`Connection::poll_input`] has to tell.
#[derive(Debug)]
pub enum Input {
    /// The next event of the stream. A session's first request and a restart are stream headers.
    Event(StreamEvent),
    /// So many stanzas more have arrived, of those written since [`Connection::count`].
    Confirmed(usize),
    /// Output has left. Told once each time.
    Drained,
    /// The client is gone.
    Lost,
}

/// A stream over BOSH. Dropped, it ends the session.
pub struct Connection {
    session: Arc<Session>,
    registry: Arc<Registry>,
    /// Until the client has logged in.
    seat: Option<Seat>,
    /// Behind a proxy it counts among the client's connections.
    _behind: Option<Box<Seat>>,
    /// Of the whole session; moved only when it fires or must fire earlier.
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

    /// The next input; answers requests meanwhile, once every event that came in them has been told. With `read` false no
    /// event is told. Cancel-safe.
    ///
    /// # Errors
    /// The client's bytes are no stream: it is to be told this error.
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

    /// Our stream header, of which the first response tells the addresses.
    pub fn open(&mut self, header: &StreamHeader) {
        self.session.with(|core| core.opened(header));
    }

    /// Writes a stanza; returns the bytes that wait.
    pub fn stanza(&mut self, stanza: &Stanza) -> usize {
        self.session.with(|core| core.stanza(stanza))
    }

    /// Writes an element that is no stanza. A stream error goes with the end.
    pub fn element(&mut self, element: &Element) {
        self.session.with(|core| core.element(element));
    }

    /// Bytes that wait; 0 as long as more may go into the same response.
    pub fn pending(&self) -> usize {
        Some(self.session.with(|core| core.output.len())).filter(|&bytes| bytes >= ROOM).unwrap_or(0)
    }

    /// The client has logged in.
    pub fn logged_in(&mut self) {
        self.seat = None;
        self.session.logged_in();
    }

    /// Stanzas written from now on are told of when they have arrived.
    pub fn count(&mut self) {
        self.session.with(|core| core.output.count());
    }

    /// Sets what one stanza may have and how fast the client may send, from now on; what was agreed on stays.
    pub fn set_limits(&mut self, allowed: &Allowed) {
        self.session.set_limits(allowed);
        self.throttle = allowed.rate.map(Throttle::new);
    }

    /// Stanzas that are written go with the last response, whatever that is.
    pub fn parting(&mut self) {
        self.session.with(|core| core.output.uncount());
    }

    /// Ends the stream: the client is told the stream error that was written, if one was.
    pub fn close(&mut self) {
        self.session.with(|core| core.close());
    }

    /// Ends the session and sends the client to another address (`see-other-uri`).
    pub fn redirect(&mut self, uri: &str) {
        self.session.with(|core| core.redirect(uri));
    }

    /// Ready when the client has been told of the end: by the request that waits, else by the next one.
    pub fn poll_shut(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.session.poll_told(cx)
    }

    /// Where the last request came from.
    pub fn address(&self) -> SocketAddr {
        self.session.address()
    }

    /// The session began over TLS, and therefore stays on it.
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
