//! A domain here and one elsewhere: what waits to go from one to the other, and the stream that it takes.

use std::sync::{Arc, Weak};
use std::time::Duration;

use kernel::Parked;
use parking_lot::Mutex;
use tokio::time::Instant;
use xmpp::{Jid, StanzaError};

use super::dialback::Between;
use super::figures::StreamState;
use super::traffic::ServerStream;
use crate::link::{Bounds, Queue};

/// After a failure no stream is tried for so long; doubled with each further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

pub(super) struct Pair {
    /// From the domain here, to the one elsewhere.
    pub between: Between,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    queue: Queue,
    state: State,
    /// Failures since the last stream.
    failures: u32,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    /// A stream is being opened.
    Opening,
    Open(Weak<ServerStream>),
    /// No stream could be opened: until then, stanzas are bounced with this error.
    Failed {
        until: Instant,
        error: StanzaError,
    },
}

impl Pair {
    pub fn new(from: Jid, to: Jid) -> Self {
        Self { between: Between { from, to }, inner: Mutex::default() }
    }

    /// Whether a stanza would wait; the error for it if not.
    pub fn offer(&self, bounds: Bounds, now: Instant) -> Result<(), StanzaError> {
        let inner = self.inner.lock();
        match &inner.state {
            State::Failed { until, error } if *until > now => return Err(error.clone()),
            _ => {}
        }
        match inner.queue.len() < bounds.stanzas && inner.queue.bytes() < bounds.bytes {
            true => Ok(()),
            false => {
                let text = format!("too much waits for {}", self.between.to);
                Err(StanzaError::resource_constraint().text(text))
            }
        }
    }

    /// Queues a stanza; `true` if a stream is to be opened.
    pub fn push(&self, parked: Parked, now: Instant) -> bool {
        let mut inner = self.inner.lock();
        inner.queue.push(parked, now);
        let stream = match &inner.state {
            State::Opening => return false,
            State::Open(stream) => stream.upgrade(),
            State::Idle | State::Failed { .. } => None,
        };
        match stream {
            Some(stream) => {
                drop(inner);
                stream.wake();
                false
            }
            None => {
                inner.state = State::Opening;
                true
            }
        }
    }

    /// The next stanza for its stream.
    pub fn pop(&self) -> Option<(Parked, Instant)> {
        self.inner.lock().queue.pop()
    }

    pub fn waiting(&self) -> usize {
        self.inner.lock().queue.len()
    }

    /// A stream is open: `false` if there is one already.
    pub fn attach(&self, stream: &Arc<ServerStream>) -> bool {
        let mut inner = self.inner.lock();
        if let State::Open(other) = &inner.state
            && other.upgrade().is_some()
        {
            return false;
        }
        inner.state = State::Open(Arc::downgrade(stream));
        inner.failures = 0;
        true
    }

    /// The stream has ended. What it may not have delivered goes before what waits. `true` if another stream is to be opened.
    pub fn detach(&self, stream: &Arc<ServerStream>, undelivered: Queue) -> bool {
        let mut inner = self.inner.lock();
        let mut queue = undelivered;
        queue.append(std::mem::take(&mut inner.queue));
        inner.queue = queue;
        match &inner.state {
            State::Open(own) if std::ptr::eq(own.as_ptr(), Arc::as_ptr(stream)) => {}
            _ => return false,
        }
        let again = inner.queue.len() > 0;
        inner.state = if again { State::Opening } else { State::Idle };
        again
    }

    /// No stream could be opened; all that waits, to be bounced with this error.
    pub fn failed(&self, error: &StanzaError, now: Instant, spread: f64) -> Vec<Parked> {
        let mut inner = self.inner.lock();
        // A stream that the other side has opened meanwhile carries it.
        if matches!(inner.state, State::Open(_)) {
            return Vec::new();
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << inner.failures.min(10)).min(LONGEST_PAUSE);
        inner.failures += 1;
        let until = now + pause.mul_f64(0.5 + spread / 2.0);
        inner.state = State::Failed { until, error: error.clone() };
        std::mem::take(&mut inner.queue).into_parked().collect()
    }

    /// The other side is there again.
    pub fn hopeful(&self) {
        let mut inner = self.inner.lock();
        inner.failures = 0;
        if matches!(inner.state, State::Failed { .. }) {
            inner.state = State::Idle;
        }
    }

    /// What has waited this long.
    pub fn take_due(&self, time: Duration, now: Instant) -> Vec<Parked> {
        let mut inner = self.inner.lock();
        std::iter::from_fn(|| inner.queue.pop_due(time, now)).collect()
    }

    /// Whether nothing waits, and no stream is open or tried.
    pub fn is_idle(&self, now: Instant) -> bool {
        let inner = self.inner.lock();
        let idle = match &inner.state {
            State::Idle => true,
            State::Failed { until, .. } => *until + LONGEST_PAUSE < now,
            State::Open(stream) => stream.strong_count() == 0,
            State::Opening => false,
        };
        idle && inner.queue.len() == 0
    }

    /// Its state, while it has no stream and something has been tried.
    pub fn without_stream(&self) -> Option<StreamState> {
        match &self.inner.lock().state {
            State::Opening => Some(StreamState::Opening),
            State::Failed { .. } => Some(StreamState::Failed),
            State::Idle | State::Open(_) => None,
        }
    }
}
