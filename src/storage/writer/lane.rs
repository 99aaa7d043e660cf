//! A lane: takes queued writes, has them committed, and reports each result after the commit.

use std::time::Duration;

use tokio::sync::mpsc;

use super::Shared;
use super::batch::{Batch, Writes};
use super::queue::Command;
use crate::StorageError;
use crate::connection::Connection;

/// How often a batch is tried again after a conflict with another transaction.
const RETRIES: u32 = 10;

/// How often it is tried again on a new connection.
pub(crate) const CUTS: u32 = 3;

/// The first pause before that; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(1);

/// Failed batches are logged at most this often.
const QUIET: Duration = Duration::from_secs(10);

/// A connection with the lane's end of its queue.
pub(crate) struct Lane {
    batch: Batch,
    commands: mpsc::UnboundedReceiver<Command>,
    shared: Shared,
    /// The database's generation that the connection belongs to.
    generation: u64,
}

impl Lane {
    pub(super) fn new(
        connection: Connection,
        commands: mpsc::UnboundedReceiver<Command>,
        shared: Shared,
    ) -> Self {
        let generation = shared.health.generation();
        let batch = Batch { connection, deadline: shared.deadline };
        Self { batch, commands, shared, generation }
    }

    /// Runs until the store is closed or dropped.
    pub(crate) async fn run(mut self) {
        let mut commands = Vec::new();
        let mut closing = Vec::new();
        while self.commands.recv_many(&mut commands, self.shared.batch).await > 0 {
            let mut writes = Vec::with_capacity(commands.len());
            for command in commands.drain(..) {
                match command {
                    Command::Write(write) => writes.push(write),
                    Command::Meet { write, others } => {
                        self.commit(std::mem::take(&mut writes)).await;
                        let (arrivals, overs): (Vec<_>, Vec<_>) =
                            others.into_iter().map(|other| (other.arrived, other.over)).unzip();
                        for arrival in arrivals {
                            // Always an error: the end of the channel.
                            let _ = arrival.await;
                        }
                        self.commit(vec![write]).await;
                        drop(overs);
                    }
                    Command::Wait { arrived, over } => {
                        self.commit(std::mem::take(&mut writes)).await;
                        drop(arrived);
                        let _ = over.await;
                    }
                    Command::Close(answer) => {
                        closing.push(answer);
                        self.commands.close();
                    }
                }
            }
            self.commit(writes).await;
        }
        self.shared.readers.close().await;
        let closed = self.batch.connection.finish().await;
        if let Err(error) = &closed {
            tracing::error!(%error, "cannot close the database cleanly");
        }
        for answer in closing {
            let _ = answer.send(closed.clone());
        }
    }

    /// Commits a batch and reports the result of each write.
    async fn commit(&mut self, writes: Writes) {
        if let Err(error) = self.shared.health.writable(writes.len()) {
            return writes.into_iter().for_each(|write| write.answer(Err(error.clone())));
        }
        let now = self.shared.meter.now();
        let (mut writes, late): (Writes, Writes) = writes.into_iter().partition(|write| write.due() > now);
        self.shared.meter.stats.overloaded.add(late.len() as u64);
        late.into_iter().for_each(|write| write.answer(Err(StorageError::Overloaded)));
        if writes.is_empty() {
            return;
        }
        match self.settle(&mut writes).await {
            Ok(results) => writes.into_iter().zip(results).for_each(|(write, result)| write.answer(result)),
            Err(error) => writes.into_iter().for_each(|write| write.answer(Err(error.clone()))),
        }
    }

    /// Tries until the batch is committed, or the error is the database's last word. An error of the whole: nothing of it
    /// is committed, or nobody knows.
    async fn settle(&mut self, writes: &mut Writes) -> Result<Vec<Result<(), StorageError>>, StorageError> {
        let stats = &self.shared.meter.stats;
        stats.batches.record(writes.len() as u64);
        stats.writes.add(writes.len() as u64);
        self.refresh();
        let mut retries = 0;
        let mut cuts = 0;
        loop {
            let error = match self.batch.attempt(writes).await {
                Ok(results) => {
                    if let Some(error) = results.iter().find_map(|result| result.as_ref().err())
                        && !self.shared.health.heed(error)
                    {
                        self.log(error, writes.len());
                    }
                    return Ok(results);
                }
                Err(failed) if failed.in_doubt => failed.error,
                // The connection had been lost before, or was just now; the transaction went with it. Only when that
                // happens again and again is the database away.
                Err(failed) if cuts < CUTS && matches!(failed.error, StorageError::Unreachable(_)) => {
                    cuts += 1;
                    continue;
                }
                Err(failed) if failed.error == StorageError::Conflict && retries < RETRIES => {
                    tokio::time::sleep(PAUSE * 2_u32.pow(retries)).await;
                    retries += 1;
                    continue;
                }
                Err(failed) => failed.error,
            };
            if !self.shared.health.heed(&error) {
                self.log(&error, writes.len());
            }
            return Err(error);
        }
    }

    /// A connection that is older than the last outage may lead to a server that has been replaced.
    fn refresh(&mut self) {
        let generation = self.shared.health.generation();
        if generation != self.generation {
            self.generation = generation;
            self.batch.connection.lose();
        }
    }

    fn log(&self, error: &StorageError, writes: usize) {
        let now = self.shared.meter.now();
        {
            let mut logged = self.shared.logged.lock();
            if logged.is_some_and(|last| now.saturating_sub(last) < QUIET) {
                tracing::debug!(%error, writes, "a batch of writes failed");
                return;
            }
            *logged = Some(now);
        }
        tracing::warn!(%error, writes, "a batch of writes failed; more such lines only after ten seconds");
    }
}
