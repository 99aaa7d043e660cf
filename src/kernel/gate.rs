//! The order of deliveries to one account while stored messages are being read back.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;
use xmpp::{Jid, Kind};

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
    /// Nothing: it is open now, or held by somebody else.
    Open,
}

/// While an account's stored messages are read back (a flush), later stanzas for it queue behind them; while
/// offline writes are in flight, a flush waits for them. So a message is delivered or stored, never both and
/// never neither, and those of one sender stay in order.
///
/// Between the moment when a resource takes messages and its flush the gate is held: messages queue, since what is
/// stored is older; everything else passes, unless its sender has something in the queue.
#[derive(Default)]
pub(crate) struct Gate {
    queue: Option<VecDeque<Packet>>,
    /// Somebody runs the jobs and what queued: everything queues.
    flushing: bool,
    /// Resources that come online and have not asked for their flush yet.
    holds: usize,
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

    /// Does this packet have to queue?
    pub fn keeps(&self, packet: &Packet) -> bool {
        let Some(queue) = &self.queue else { return false };
        fn sender(packet: &Packet) -> Option<&str> {
            packet.stanza.from().map(Jid::bare_str)
        }
        self.flushing
            || packet.stanza.kind() == Kind::Message
            || queue.iter().any(|queued| sender(queued) == sender(packet))
    }

    /// Messages queue from now on.
    pub fn hold(&mut self) {
        self.holds += 1;
        self.queue.get_or_insert_default();
    }

    /// Ends a hold. True when what queued is to be delivered by the caller: nobody else would.
    pub fn release(&mut self) -> bool {
        self.holds = self.holds.saturating_sub(1);
        self.holds == 0 && self.shut()
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
        self.queue.get_or_insert_default();
        !std::mem::replace(&mut self.flushing, true)
    }

    /// Queues a packet behind the flush; gives it back when the gate is open or the queue is full.
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

    /// What comes next: jobs before packets, since what they deliver is older than what queued. While the gate is held,
    /// packets wait for the end of that.
    pub fn next(&mut self) -> Next {
        if let Some(job) = self.jobs.pop_front() {
            return Next::Job(job);
        }
        if self.holds > 0 {
            self.flushing = false;
            return Next::Open;
        }
        match self.queue.as_mut().and_then(VecDeque::pop_front) {
            Some(packet) => Next::Packet(Box::new(packet)),
            None => {
                (self.queue, self.flushing) = (None, false);
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
