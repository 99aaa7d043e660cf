//! What a client sends before it acknowledges the answers that it was sent (XEP-0198). Its acknowledgement can only
//! come behind that, so it is read ahead, and handled later.

use std::collections::VecDeque;

use tokio::time::Instant;
use xmpp::{StreamError, StreamEvent};

use super::{Established, PATIENCE};
use crate::pipe::Pipe;
use crate::sm;

/// Elements read ahead at most.
const ELEMENTS: usize = 1000;
/// Bytes read ahead, plus the element that exceeds them.
const BYTES: usize = 64 << 10;

/// Events in the order in which they were read; only the last is an error or the end of the stream.
pub(super) struct Ahead {
    events: VecDeque<Result<StreamEvent, StreamError>>,
    bytes: usize,
    /// Since when the client has acknowledged nothing, and how much it has not.
    pub(super) since: Instant,
    pub(super) unacknowledged: usize,
}

impl Ahead {
    fn new() -> Self {
        Self { events: VecDeque::new(), bytes: 0, since: Instant::now(), unacknowledged: usize::MAX }
    }

    pub fn push(&mut self, event: Result<StreamEvent, StreamError>) {
        self.bytes += size(&event);
        self.events.push_back(event);
    }

    pub fn pop(&mut self) -> Option<Result<StreamEvent, StreamError>> {
        let event = self.events.pop_front()?;
        self.bytes -= size(&event);
        Some(event)
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether nothing more can be read.
    pub fn is_full(&self) -> bool {
        self.events.len() >= ELEMENTS || self.bytes >= BYTES || self.has_ended()
    }

    /// Whether the client sends nothing more, acknowledgements included.
    pub fn has_ended(&self) -> bool {
        matches!(self.events.back(), Some(Err(_) | Ok(StreamEvent::Close)))
    }
}

impl<P: Pipe> Established<P> {
    /// The next event that was read ahead, if it can be handled now.
    pub(super) fn next_ahead(&mut self) -> Option<Result<StreamEvent, StreamError>> {
        let ahead = self.ahead.as_mut()?;
        if self.hold.is_answering() || (self.hold.awaits_acknowledgement() && !ahead.has_ended()) {
            return None;
        }
        let event = ahead.pop();
        ahead.since = Instant::now();
        if ahead.is_empty() {
            self.ahead = None;
        }
        event
    }

    /// Until when the client may leave what was read ahead waiting; `None` if nothing is, or output still leaves.
    pub(super) fn ahead_until(&mut self) -> Option<Instant> {
        let left = self.hold.unacknowledged();
        let ahead = self.ahead.as_mut().filter(|_| self.pipe.pending() == 0)?;
        if left < std::mem::replace(&mut ahead.unacknowledged, left) {
            ahead.since = Instant::now();
        }
        Some(ahead.since + PATIENCE)
    }

    /// Whether a request is refused: the client sends no acknowledgement any more, and has not acknowledged enough.
    pub(super) fn is_beyond_acknowledgement(&self) -> bool {
        self.ahead.as_ref().is_some_and(|ahead| ahead.has_ended()) && self.hold.awaits_acknowledgement()
    }

    /// Keeps what has to wait for the client's acknowledgements, which are not kept.
    pub(super) fn read_ahead(
        &mut self,
        event: Result<StreamEvent, StreamError>,
    ) -> Option<Result<StreamEvent, StreamError>> {
        let waits = self.ahead.is_some() || (self.managed && self.hold.awaits_acknowledgement());
        let management =
            matches!(&event, Ok(StreamEvent::Element(element)) if sm::read(element.root()).is_some());
        if !waits || management {
            return Some(event);
        }
        self.ahead.get_or_insert_with(|| Box::new(Ahead::new())).push(event);
        None
    }
}

fn size(event: &Result<StreamEvent, StreamError>) -> usize {
    match event {
        Ok(StreamEvent::Element(element)) => element.len(),
        _ => 0,
    }
}
