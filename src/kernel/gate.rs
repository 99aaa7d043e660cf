//! The order of deliveries to one account while stored messages are being read back.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::{BoxFuture, Packet};

/// Packets that may queue behind a flush of stored messages.
const QUEUE: usize = 1000;

/// Something that has to be delivered before the gate opens: stored messages, or what a session had not received.
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

/// While an account's stored messages are read back (a flush), later stanzas for it queue behind them; while
/// offline writes are in flight, a flush waits for them. So a message is delivered or stored, never both and
/// never neither, and those of one sender stay in order.
#[derive(Default)]
pub(crate) struct Gate {
    queue: Option<VecDeque<Packet>>,
    /// Asked for while the gate was shut: run before it opens.
    jobs: VecDeque<Job>,
    writes: usize,
    quiet: Arc<Notify>,
}

impl Gate {
    /// Nothing is queued, read back or being written.
    pub fn is_open(&self) -> bool {
        self.queue.is_none() && self.writes == 0
    }

    pub fn is_flushing(&self) -> bool {
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

    /// Begins a flush; false when one is under way already.
    pub fn shut(&mut self) -> bool {
        let begin = self.queue.is_none();
        if begin {
            self.queue = Some(VecDeque::new());
        }
        begin
    }

    /// Queues a packet behind the flush; gives it back when no flush is under way or the queue is full.
    #[expect(clippy::result_large_err, reason = "the packet itself goes back to the caller")]
    pub fn queue(&mut self, packet: Packet) -> Result<(), Packet> {
        match &mut self.queue {
            Some(queue) if queue.len() < QUEUE => {
                queue.push_back(packet);
                Ok(())
            }
            _ => Err(packet),
        }
    }

    /// What comes next: jobs before packets, since what they deliver is older than what queued.
    pub fn next(&mut self) -> Next {
        if let Some(job) = self.jobs.pop_front() {
            return Next::Job(job);
        }
        match self.queue.as_mut().and_then(VecDeque::pop_front) {
            Some(packet) => Next::Packet(Box::new(packet)),
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
