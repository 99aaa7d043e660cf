//! A batch: several writes in one transaction.

use std::time::Duration;

use super::commit::Write;
use crate::StorageError;
use crate::connection::Connection;
use crate::statement::Statement;

pub(super) type Writes = Vec<Box<dyn Write>>;

/// Runs batches on its connection.
pub(super) struct Batch {
    pub connection: Connection,
    /// The longest time for the statements of a batch.
    pub deadline: Duration,
}

/// Why a batch failed as a whole.
pub(super) struct Failed {
    pub error: StorageError,
    /// The answer to the commit was lost: it may stand.
    pub in_doubt: bool,
}

impl From<StorageError> for Failed {
    fn from(error: StorageError) -> Self {
        Self { error, in_doubt: false }
    }
}

impl Batch {
    /// Runs and commits the writes. One that fails by itself has its own result and does not affect the others.
    pub async fn attempt(
        &mut self,
        writes: &mut [Box<dyn Write>],
    ) -> Result<Vec<Result<(), StorageError>>, Failed> {
        self.begin().await?;
        match self.together(writes).await {
            Ok(()) => self.commit().await.map(|()| vec![Ok(()); writes.len()]),
            Err(error) => {
                self.roll_back().await;
                if ends_the_transaction(&error) {
                    return Err(error.into());
                }
                if let [_] = writes {
                    return Ok(vec![Err(error)]);
                }
                self.connection.meter.stats.reruns.inc();
                self.one_by_one(writes).await
            }
        }
    }

    /// All writes without savepoints: each would cost two more round trips to the database, and writes hardly ever
    /// fail.
    async fn together(&mut self, writes: &mut [Box<dyn Write>]) -> Result<(), StorageError> {
        let since = self.connection.meter.now();
        for write in writes {
            write.run(&mut self.connection).await?;
            // Each statement may be just in time, and all of them far too late.
            if self.connection.meter.now().saturating_sub(since) > self.deadline {
                self.connection.lose();
                return Err(StorageError::Deadline(self.deadline));
            }
        }
        Ok(())
    }

    /// All writes in one transaction, each in a savepoint.
    async fn one_by_one(
        &mut self,
        writes: &mut [Box<dyn Write>],
    ) -> Result<Vec<Result<(), StorageError>>, Failed> {
        self.begin().await?;
        let mut results = Vec::with_capacity(writes.len());
        for write in writes {
            match self.in_savepoint(write).await {
                Ok(result) => results.push(result),
                Err(error) => {
                    self.roll_back().await;
                    return Err(error.into());
                }
            }
        }
        self.commit().await.map(|()| results)
    }

    /// The outer error is the transaction's, the inner one the write's.
    async fn in_savepoint(
        &mut self,
        write: &mut Box<dyn Write>,
    ) -> Result<Result<(), StorageError>, StorageError> {
        if write.due() < self.connection.meter.now() {
            // Each of those before it waited for a lock.
            self.connection.meter.stats.overloaded.inc();
            return Ok(Err(StorageError::Overloaded));
        }
        self.connection.run(Statement::Savepoint).await?;
        let result = write.run(&mut self.connection).await;
        match &result {
            Ok(()) => {}
            Err(error) if ends_the_transaction(error) => return Err(error.clone()),
            Err(_) => self.connection.run(Statement::RollbackTo).await?,
        }
        self.connection.run(Statement::Release).await?;
        Ok(result)
    }

    /// Begins a transaction, on a new connection if the last one is lost.
    async fn begin(&mut self) -> Result<(), StorageError> {
        self.connection.restore().await?;
        self.connection.run(Statement::Begin).await
    }

    async fn commit(&mut self) -> Result<(), Failed> {
        let Err(error) = self.connection.run(Statement::Commit).await else { return Ok(()) };
        let in_doubt = !self.connection.works();
        self.roll_back().await;
        Err(Failed { error, in_doubt })
    }

    async fn roll_back(&mut self) {
        // Without a connection there is no transaction; after some errors (disk full) SQLite has rolled back already.
        if self.connection.works()
            && let Err(error) = self.connection.run(Statement::Rollback).await
        {
            tracing::debug!(%error, "nothing to roll back");
        }
    }
}

/// Whether the error is not the write's alone. (On MariaDB a conflict takes the whole transaction.)
fn ends_the_transaction(error: &StorageError) -> bool {
    matches!(error, StorageError::Conflict | StorageError::Unreachable(_) | StorageError::Deadline(_))
}
