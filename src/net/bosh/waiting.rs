//! Requests that have arrived and are not answered.

use std::task::Waker;

use tokio::time::Instant;

/// How often one request may be repeated while it is unanswered.
const REPEATS: u8 = 20;

/// An unanswered request.
pub(super) struct Waiting {
    pub rid: u64,
    /// The latest copy of the request: only that gets the answer.
    pub ticket: u32,
    pub waker: Option<Waker>,
    /// Whether its connection is still there.
    pub live: bool,
    /// When the latest copy arrived.
    pub since: Instant,
    /// Whether it must be answered as soon as its turn comes.
    pub at_once: bool,
    /// Whether it is answered without payload (XEP-0124 §10).
    pub bare: bool,
    repeats: u8,
}

/// All unanswered requests of a session, by request id.
#[derive(Default)]
pub(super) struct Queue {
    list: Vec<Waiting>,
    tickets: u32,
}

impl Queue {
    /// Inserts a request; returns its ticket.
    pub fn enter(&mut self, rid: u64, now: Instant) -> u32 {
        self.tickets = self.tickets.wrapping_add(1);
        let one = Waiting {
            rid,
            ticket: self.tickets,
            waker: None,
            live: true,
            since: now,
            at_once: false,
            bare: false,
            repeats: 0,
        };
        // Most sessions have only one.
        self.list.reserve_exact(1);
        let at = self.list.partition_point(|other| other.rid < rid);
        self.list.insert(at, one);
        self.tickets
    }

    /// A repeated request: the waiter of the former copy is woken and lets go. Returns the new ticket, or
    /// [`TooOften`]; `None` if no such request is waiting.
    pub fn again(&mut self, rid: u64, now: Instant) -> Option<Result<u32, TooOften>> {
        let ticket = self.tickets.wrapping_add(1);
        let one = self.get(rid)?;
        if one.repeats >= REPEATS {
            return Some(Err(TooOften));
        }
        one.repeats += 1;
        (one.ticket, one.live, one.since) = (ticket, true, now);
        if let Some(former) = one.waker.take() {
            former.wake();
        }
        self.tickets = ticket;
        Some(Ok(ticket))
    }

    pub fn get(&mut self, rid: u64) -> Option<&mut Waiting> {
        self.list.iter_mut().find(|one| one.rid == rid)
    }

    /// In order of request id.
    pub fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.list.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.list.iter_mut()
    }

    pub fn first(&self) -> Option<&Waiting> {
        self.list.first()
    }

    /// Removes the first one, which has been answered, and wakes its waiter.
    pub fn leave_first(&mut self) {
        if !self.list.is_empty() {
            let one = self.list.remove(0);
            one.waker.into_iter().for_each(Waker::wake);
        }
        if self.list.is_empty() {
            self.list = Vec::new();
        }
    }

    /// Whether any request still has a connection.
    pub fn any_live(&self) -> bool {
        self.list.iter().any(|one| one.live)
    }

    /// Wakes all waiters: the session has ended.
    pub fn wake_all(&mut self) {
        self.list.iter_mut().filter_map(|one| one.waker.take()).for_each(Waker::wake);
    }
}

/// A request was repeated too often.
pub(super) struct TooOften;
