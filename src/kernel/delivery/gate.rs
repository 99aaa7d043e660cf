//! The order of deliveries to one account while what a session had not received finds its way.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::{Account, BoxFuture, Packet};

/// Packets that may queue behind it.
const QUEUE: usize = 1000;

/// What has to be delivered before the gate opens: what a session had not received.
pub(crate) type Job = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// What comes next before the gate opens.
pub(crate) enum Next {
    /// What is older than everything that queued.
    Job(Job),
    /// A packet that queued.
    Packet(Box<Packet>),
    /// Nothing: it is open now.
    Open,
}

/// While what a session had not received goes to another or to the store, later stanzas for the account queue behind it;
/// while offline writes are in flight, whoever reads stored messages back waits for them. So a message is delivered or
/// stored, never both and never neither, and those of one sender stay in order. The queue waits for the database at
/// most, never for a reader.
#[derive(Default)]
pub(crate) struct Gate {
    /// Present while somebody runs the jobs and what queued.
    queue: Option<VecDeque<Box<Packet>>>,
    /// Asked for while the gate was shut: run before it opens.
    jobs: VecDeque<Job>,
    writes: usize,
    quiet: Arc<Notify>,
}

impl Gate {
    /// Nothing is queued, redelivered or being written.
    pub fn is_open(&self) -> bool {
        self.queue.is_none() && self.writes == 0
    }

    /// Do packets have to queue?
    pub fn is_shut(&self) -> bool {
        self.queue.is_some()
    }

    /// Shuts the gate for a job, which is given back to be run now; if it is shut already, the job waits for its turn.
    pub fn shut_for(&mut self, job: Job) -> Option<Job> {
        if self.shut() {
            return Some(job);
        }
        self.jobs.push_back(job);
        None
    }

    /// Shuts the gate; false when it is shut already.
    pub fn shut(&mut self) -> bool {
        let open = self.queue.is_none();
        self.queue.get_or_insert_default();
        open
    }

    /// Queues a packet; false when the gate is open or the queue is full.
    pub fn queue(&mut self, packet: Box<Packet>) -> bool {
        match &mut self.queue {
            Some(queue) if queue.len() < QUEUE => {
                queue.push_back(packet);
                true
            }
            _ => false,
        }
    }

    /// Puts a packet that came out of the queue back to its front.
    pub fn put_back(&mut self, packet: Box<Packet>) {
        self.queue.get_or_insert_default().push_front(packet);
    }

    /// What comes next: jobs before packets, since what they deliver is older than what queued.
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

    pub fn write_begun(&mut self) {
        self.writes += 1;
    }

    pub fn write_ended(&mut self) {
        self.writes = self.writes.saturating_sub(1);
        if self.writes == 0 {
            self.quiet.notify_waiters();
        }
    }

    /// What to wait for until the writes in flight have ended; none when there are none.
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
