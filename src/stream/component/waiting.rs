//! What waits for a component, and over which of its connections it goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::Parked;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use xmpp::{Stanza, StreamCondition, StreamError};

use super::lots::Lots;
use crate::link::{Bounds, Queue};

/// A connection's place.
pub(crate) struct Seat {
    id: u64,
    pub woken: Notify,
    ending: Mutex<Option<StreamError>>,
    ends: AtomicBool,
}

impl Seat {
    /// Why the connection is to end.
    pub fn ending(&self) -> Option<StreamError> {
        match self.ends.load(Ordering::Acquire) {
            true => self.ending.lock().clone(),
            false => None,
        }
    }

    fn end(&self, error: StreamError) {
        self.ending.lock().get_or_insert(error);
        self.ends.store(true, Ordering::Release);
        self.woken.notify_waiters();
    }
}

struct Outlet {
    seat: Arc<Seat>,
    /// Not yet written.
    queue: Queue,
    /// Written, and not yet with the operating system.
    flying: Queue,
}

#[derive(Default)]
pub(crate) struct Waiting {
    /// The oldest first; those that are to end are not among them.
    outlets: Vec<Outlet>,
    /// Those that are to end, for what they have not sent yet.
    ending: Vec<Outlet>,
    lots: Lots,
    /// While nothing is connected.
    absent: Queue,
    last_id: u64,
}

impl Waiting {
    pub fn is_connected(&self) -> bool {
        !self.outlets.is_empty()
    }

    /// Whether no connection is left, not even one that is to end.
    pub fn is_empty(&self) -> bool {
        self.outlets.is_empty() && self.ending.is_empty()
    }

    pub fn connections(&self) -> usize {
        self.outlets.len()
    }

    fn queues(&self) -> impl Iterator<Item = &Queue> {
        let outlets = self.outlets.iter().chain(&self.ending);
        outlets.flat_map(|outlet| [&outlet.queue, &outlet.flying]).chain([&self.absent])
    }

    pub fn stanzas(&self) -> usize {
        self.queues().map(Queue::len).sum()
    }

    pub fn bytes(&self) -> usize {
        self.queues().map(Queue::bytes).sum()
    }

    pub fn has_room(&self, bounds: Bounds) -> bool {
        self.stanzas() < bounds.stanzas && self.bytes() < bounds.bytes
    }

    /// Another connection. If there are `most` already, the oldest ends.
    pub fn join(&mut self, most: usize) -> Arc<Seat> {
        self.last_id += 1;
        let seat = Arc::new(Seat {
            id: self.last_id,
            woken: Notify::new(),
            ending: Mutex::default(),
            ends: AtomicBool::new(false),
        });
        self.outlets.push(Outlet { seat: seat.clone(), queue: Queue::default(), flying: Queue::default() });
        while self.outlets.len() > most {
            let oldest = self.outlets.remove(0);
            self.replace(oldest);
        }
        let absent = std::mem::take(&mut self.absent);
        self.reassign(absent);
        seat
    }

    /// Ends a connection whose place is taken. It may be dead: what it has not begun to send goes over the others.
    fn replace(&mut self, mut oldest: Outlet) {
        let error = StreamError::new(StreamCondition::Conflict);
        oldest.seat.end(error.text("another connection of this component has taken its place"));
        let left = std::mem::take(&mut oldest.queue);
        left.iter().for_each(|parked| self.lots.release(parked.stanza.from()));
        self.ending.push(oldest);
        self.reassign(left);
    }

    /// Ends all connections with this error, once they have written what waits for them.
    pub fn end_all(&mut self, error: &StreamError) {
        for outlet in self.outlets.drain(..) {
            outlet.seat.end(error.clone());
            self.ending.push(outlet);
        }
    }

    /// A connection has ended. What it has not sent waits for another one; what can wait for none is returned.
    pub fn leave(&mut self, seat: &Seat, waits: bool) -> Vec<Parked> {
        let is_it = |outlet: &Outlet| outlet.seat.id == seat.id;
        let outlet = match self.outlets.iter().position(is_it) {
            Some(at) => self.outlets.remove(at),
            None => match self.ending.iter().position(is_it) {
                Some(at) => self.ending.remove(at),
                None => return Vec::new(),
            },
        };
        let mut left = outlet.flying;
        left.append(outlet.queue);
        left.iter().for_each(|parked| self.lots.release(parked.stanza.from()));
        if self.is_connected() {
            self.reassign(left);
        } else if waits {
            self.absent.append(left);
        } else {
            return left.into_parked().collect();
        }
        Vec::new()
    }

    /// Queues a stanza.
    pub fn push(&mut self, parked: Parked, now: Instant) {
        let open: Vec<u64> = self.outlets.iter().map(|outlet| outlet.seat.id).collect();
        let owner = self.lots.assign(parked.stanza.from(), &open);
        let outlets = self.outlets.iter_mut().chain(&mut self.ending);
        match outlets.into_iter().find(|outlet| Some(outlet.seat.id) == owner) {
            Some(outlet) => {
                outlet.queue.push(parked, now);
                outlet.seat.woken.notify_waiters();
            }
            None => self.absent.push(parked, now),
        }
    }

    fn reassign(&mut self, queue: Queue) {
        for (parked, since) in queue {
            self.push(parked, since);
        }
    }

    fn outlet(&mut self, seat: &Seat) -> Option<&mut Outlet> {
        self.outlets.iter_mut().chain(&mut self.ending).find(|outlet| outlet.seat.id == seat.id)
    }

    /// The next stanza for a connection.
    pub fn next(&mut self, seat: &Seat) -> Option<Stanza> {
        let outlet = self.outlet(seat)?;
        let (parked, since) = outlet.queue.pop()?;
        let stanza = parked.stanza.clone();
        outlet.flying.push(parked, since);
        Some(stanza)
    }

    /// All that a connection has taken is sent.
    pub fn sent(&mut self, seat: &Seat) {
        let Some(outlet) = self.outlet(seat) else { return };
        let sent = std::mem::take(&mut outlet.flying);
        sent.iter().for_each(|parked| self.lots.release(parked.stanza.from()));
    }

    /// What has waited this long.
    pub fn take_due(&mut self, time: std::time::Duration, now: Instant) -> Vec<Parked> {
        let mut due = Vec::new();
        while let Some(parked) = self.absent.pop_due(time, now) {
            due.push(parked);
        }
        for outlet in self.outlets.iter_mut().chain(&mut self.ending) {
            while let Some(parked) = outlet.queue.pop_due(time, now) {
                self.lots.release(parked.stanza.from());
                due.push(parked);
            }
        }
        due
    }

    /// All that waits for no connection.
    pub fn take_all(&mut self) -> Vec<Parked> {
        std::mem::take(&mut self.absent).into_parked().collect()
    }
}
