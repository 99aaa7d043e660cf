//! The callers' end of the queue: which lane a write goes to.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::Shared;
use super::commit::{Commit, Run, Write, job};
use super::place::{Lanes, Place};
use crate::StorageError;
use crate::value::AccountId;

/// What a lane is asked to do.
pub(super) enum Command {
    Write(Box<dyn Write>),
    /// A write to accounts that other lanes still have writes of: it waits until they arrive here, and they until it is
    /// over.
    Meet {
        write: Box<dyn Write>,
        others: Vec<Other>,
    },
    /// Another lane's meeting: this one arrives by dropping `arrived`, and goes on when `over` ends.
    Wait {
        arrived: oneshot::Sender<Never>,
        over: oneshot::Receiver<Never>,
    },
    Close(oneshot::Sender<Result<(), StorageError>>),
}

/// Nothing is sent: what counts is the end of a channel.
pub(super) enum Never {}

/// A lane that meets another.
pub(super) struct Other {
    pub arrived: oneshot::Receiver<Never>,
    pub over: oneshot::Sender<Never>,
}

/// The callers' end of the queue.
pub(crate) struct Queue {
    senders: Vec<mpsc::UnboundedSender<Command>>,
    lanes: Arc<Mutex<Lanes>>,
    shared: Shared,
}

impl Queue {
    pub(super) fn new(senders: Vec<mpsc::UnboundedSender<Command>>, shared: Shared) -> Self {
        let lanes = Arc::new(Mutex::new(Lanes::new(senders.len())));
        Self { senders, lanes, shared }
    }

    /// Queues a write to these accounts immediately, or refuses it. One to none keeps its order among those to none.
    pub(crate) fn push<D, T, E>(&self, accounts: &[AccountId], data: D, run: Run<D, T, E>) -> Commit<T, E>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        if let Err(error) = self.admits() {
            return Commit::refused(error);
        }
        let due = self.shared.meter.now() + self.shared.deadline;
        let mut lanes = self.lanes.lock();
        let (lane, others) = lanes.enter(accounts);
        let stats = self.shared.meter.stats.clone();
        stats.writer_queue.inc();
        let place = Place::new(self.lanes.clone(), stats, lane, accounts);
        let (write, commit) = job(data, run, due, place);
        let others: Vec<_> = others.into_iter().map(|other| self.call(other)).collect();
        let command = if others.is_empty() { Command::Write(write) } else { Command::Meet { write, others } };
        // Sent while the lock is held, so that all lanes see their meetings in one order.
        let refused = self.senders[lane].send(command);
        drop(lanes);
        // Its place is left here: that takes the lock.
        drop(refused);
        commit
    }

    fn admits(&self) -> Result<(), StorageError> {
        self.shared.health.writable(1)?;
        let stats = &self.shared.meter.stats;
        if stats.writer_queue.get() >= self.shared.queue {
            stats.overloaded.inc();
            return Err(StorageError::Overloaded);
        }
        Ok(())
    }

    /// Calls a lane to a meeting.
    fn call(&self, lane: usize) -> Other {
        let ((arrived, arrives), (over, ends)) = (oneshot::channel(), oneshot::channel());
        // A lane that has ended has no writes left.
        let _ = self.senders[lane].send(Command::Wait { arrived, over: ends });
        Other { arrived: arrives, over }
    }

    /// Commits queued writes, then closes the readers and all connections.
    pub(crate) async fn close(&self) -> Result<(), StorageError> {
        let mut closings = Vec::with_capacity(self.senders.len());
        for sender in &self.senders {
            let (answer, closed) = oneshot::channel();
            if sender.send(Command::Close(answer)).is_ok() {
                closings.push(closed);
            }
        }
        let mut result = Ok(());
        for closed in closings {
            result = result.and(closed.await.unwrap_or(Err(StorageError::Closed)));
        }
        result
    }
}
