//! The order of deliveries to one account while the leftovers of an ended session are redelivered.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::session::receipt::Kept;
use crate::{Account, BoxFuture, Packet};

/// Packets that may queue behind it.
const QUEUE: usize = 1000;

/// A redelivery that must be done before the gate opens.
pub(crate) type Job = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// The next thing to do before the gate opens.
pub(crate) enum Next {
    /// Older than everything in the queue.
    Job(Job),
    Packet(Box<Packet>),
    /// Nothing left: it is open now.
    Open,
}

/// A message on its way to the store.
pub(crate) struct ToKeep {
    pub packet: Box<Packet>,
    pub kept: Arc<Kept>,
    /// Whether its sender has not been told yet that it is handled.
    pub new: bool,
}

/// While the leftovers of an ended session go to another session or to the store, later stanzas for the
/// account queue behind them; while offline writes are in flight, reading stored messages back waits for
/// them. So a message is either delivered or stored, never both and never lost, and the messages of one
/// sender stay in order. The queue waits for the database at most, never for a client.
#[derive(Default)]
pub(crate) struct Gate {
    /// Present while the jobs and the queue are being worked off.
    queue: Option<VecDeque<Box<Packet>>>,
    /// Requested while the gate was shut: run before it opens.
    jobs: VecDeque<Job>,
    writes: usize,
    quiet: Arc<Notify>,
    /// Messages on their way to the store, in order; present while a task sees to them.
    keeping: Option<VecDeque<ToKeep>>,
}

impl Gate {
    /// Whether nothing is queued, redelivered or being written.
    pub fn is_open(&self) -> bool {
        self.queue.is_none() && self.writes == 0
    }

    /// Whether packets have to queue.
    pub fn is_shut(&self) -> bool {
        self.queue.is_some()
    }

    /// Shuts the gate for a job, which is returned to be run now; if it is shut already, the job waits for
    /// its turn.
    pub fn shut_for(&mut self, job: Job) -> Option<Job> {
        if self.shut() {
            return Some(job);
        }
        self.jobs.push_back(job);
        None
    }

    /// Shuts the gate; `false` if it is shut already.
    pub fn shut(&mut self) -> bool {
        let open = self.queue.is_none();
        self.queue.get_or_insert_default();
        open
    }

    /// Queues a packet; `false` if the gate is open or the queue is full.
    pub fn queue(&mut self, packet: Box<Packet>) -> bool {
        match &mut self.queue {
            Some(queue) if queue.len() < QUEUE => {
                queue.push_back(packet);
                true
            }
            _ => false,
        }
    }

    /// Puts a packet taken from the queue back to its front.
    pub fn put_back(&mut self, packet: Box<Packet>) {
        self.queue.get_or_insert_default().push_front(packet);
    }

    /// What comes next: jobs before packets, since what they deliver is older than the queue.
    pub fn next(&mut self) -> Next {
        if let Some(job) = self.jobs.pop_front() {
            return Next::Job(job);
        }
        match self.queue.as_mut().and_then(VecDeque::pop_front) {
            Some(packet) => Next::Packet(packet),
            None => {
                self.queue = None;
                Next::Open
            }
        }
    }

    /// Queues a message for the store, as a write in flight; `true` if a task must see to the queue now.
    pub fn keep(&mut self, one: ToKeep) -> bool {
        self.write_begun();
        let first = self.keeping.is_none();
        self.keeping.get_or_insert_default().push_back(one);
        first
    }

    /// The next message for the store. `None`: the task ends.
    pub fn next_to_keep(&mut self) -> Option<ToKeep> {
        let next = self.keeping.as_mut().and_then(VecDeque::pop_front);
        if next.is_none() {
            self.keeping = None;
        }
        next
    }

    pub fn write_begun(&mut self) {
        self.writes += 1;
    }

    pub fn write_ended(&mut self) {
        self.writes = self.writes.saturating_sub(1);
        if self.writes == 0 {
            self.quiet.notify_waiters();
        }
    }

    /// Notified when the writes in flight have ended; `None` if there are none.
    pub fn writing(&self) -> Option<Arc<Notify>> {
        (self.writes > 0).then(|| self.quiet.clone())
    }
}

/// Waits until no offline write of the account is in flight.
pub(crate) async fn quiet(account: &Account) {
    loop {
        let Some(notify) = account.state.lock().gate.writing() else { return };
        let mut ended = std::pin::pin!(notify.notified());
        ended.as_mut().enable();
        if account.state.lock().gate.writing().is_none() {
            return;
        }
        ended.await;
    }
}
