//! A lane: takes queued writes, runs them in one transaction, and reports each result after the commit.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::commit::Write;
use super::queue::Command;
use crate::StorageError;
use crate::connection::{Connection, Readers};
use crate::statement::Statement;

/// How often a batch is tried again after a conflict with another transaction.
const RETRIES: u32 = 10;

/// The first pause before that; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(1);

/// A connection with the lane's end of its queue.
pub(crate) struct Lane {
    connection: Connection,
    readers: Arc<Readers>,
    commands: mpsc::UnboundedReceiver<Command>,
    batch: usize,
}

type Writes = Vec<Box<dyn Write>>;

enum Failed {
    Write(StorageError),
    Transaction(StorageError),
}

impl Lane {
    pub(super) fn new(
        connection: Connection,
        readers: Arc<Readers>,
        commands: mpsc::UnboundedReceiver<Command>,
        batch: usize,
    ) -> Self {
        Self { connection, readers, commands, batch: batch.max(1) }
    }

    /// Runs until the store is closed or dropped.
    pub(crate) async fn run(mut self) {
        let mut commands = Vec::new();
        let mut closing = Vec::new();
        while self.commands.recv_many(&mut commands, self.batch).await > 0 {
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
        self.readers.close().await;
        let closed = self.connection.close().await;
        if let Err(error) = &closed {
            tracing::error!(%error, "cannot close the database cleanly");
        }
        for answer in closing {
            let _ = answer.send(closed.clone());
        }
    }

    /// Commits a batch and reports the result of each write.
    async fn commit(&mut self, mut writes: Writes) {
        if writes.is_empty() {
            return;
        }
        let stats = &self.connection.meter.stats;
        stats.batches.inc();
        stats.writes.add(writes.len() as u64);
        let mut results = self.attempt(&mut writes).await;
        for retry in 0..RETRIES {
            if !results.contains(&Err(StorageError::Conflict)) {
                break;
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(retry)).await;
            results = self.attempt(&mut writes).await;
        }
        for (write, result) in writes.into_iter().zip(results) {
            write.answer(result);
        }
    }

    /// Runs a batch. If one write fails or conflicts with another transaction, nothing of it counts.
    async fn attempt(&mut self, writes: &mut [Box<dyn Write>]) -> Vec<Result<(), StorageError>> {
        match self.together(writes).await {
            Ok(()) => vec![Ok(()); writes.len()],
            Err(Failed::Write(error)) if writes.len() > 1 && error != StorageError::Conflict => {
                self.connection.meter.stats.reruns.inc();
                self.one_by_one(writes).await
            }
            Err(Failed::Write(error) | Failed::Transaction(error)) => vec![Err(error); writes.len()],
        }
    }

    /// All writes in one transaction without savepoints: each would cost two more round trips to the
    /// database, and writes hardly ever fail.
    async fn together(&mut self, writes: &mut [Box<dyn Write>]) -> Result<(), Failed> {
        self.begin().await.map_err(Failed::Transaction)?;
        for write in writes {
            if let Err(error) = write.run(&mut self.connection).await {
                return self.end(Err(error)).await.map_err(Failed::Write);
            }
        }
        self.end(Ok(())).await.map_err(Failed::Transaction)
    }

    /// All writes in one transaction, each in a savepoint: a failing one does not affect the others.
    async fn one_by_one(&mut self, writes: &mut [Box<dyn Write>]) -> Vec<Result<(), StorageError>> {
        let mut results = Vec::with_capacity(writes.len());
        let mut transaction = self.begin().await;
        if transaction.is_ok() {
            for write in writes.iter_mut() {
                match self.in_savepoint(write).await {
                    Ok(result) => results.push(result),
                    Err(broken) => {
                        transaction = Err(broken);
                        break;
                    }
                }
            }
            transaction = self.end(transaction).await;
        }
        match transaction {
            Ok(()) => results,
            // A write that failed by itself keeps its own error; the others get the transaction's.
            Err(broken) => {
                results.resize(writes.len(), Ok(()));
                results.into_iter().map(|result| result.and(Err(broken.clone()))).collect()
            }
        }
    }

    /// The outer error is the transaction's, the inner one the write's.
    async fn in_savepoint(
        &mut self,
        write: &mut Box<dyn Write>,
    ) -> Result<Result<(), StorageError>, StorageError> {
        self.connection.run(Statement::Savepoint).await?;
        let result = write.run(&mut self.connection).await;
        match &result {
            Ok(()) => {}
            // On MariaDB the whole transaction is gone.
            Err(StorageError::Conflict) => return Err(StorageError::Conflict),
            Err(_) => self.connection.run(Statement::RollbackTo).await?,
        }
        self.connection.run(Statement::Release).await?;
        Ok(result)
    }

    /// Begins a transaction, on a new connection if the last one is lost.
    async fn begin(&mut self) -> Result<(), StorageError> {
        self.connection.restore().await?;
        let begun = self.connection.run(Statement::Begin).await;
        if let Err(StorageError::Unreachable(_)) = begun {
            self.connection.lose();
        }
        begun
    }

    /// Commits, or rolls back after an error.
    async fn end(&mut self, done: Result<(), StorageError>) -> Result<(), StorageError> {
        let error = match done {
            Ok(()) => match self.connection.run(Statement::Commit).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
            Err(error) => error,
        };
        match error {
            StorageError::Conflict => tracing::debug!("a batch of writes met another transaction"),
            _ => tracing::warn!(%error, "a batch of writes was rolled back"),
        }
        // After some errors (disk full) SQLite has already rolled back and refuses this.
        if let Err(second) = self.connection.run(Statement::Rollback).await {
            tracing::debug!(%second, "nothing to roll back");
        }
        if matches!(error, StorageError::Unreachable(_)) {
            self.connection.lose();
        }
        Err(error)
    }
}
