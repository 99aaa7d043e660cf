//! A connection and a pool of any supported database; measures each statement.

use std::sync::Arc;
use std::time::Duration;

use runtime::SharedClock;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use crate::StorageError;
use crate::sqlite;
use crate::stat::Stats;
use crate::statement::{Call, Statement};
use crate::value::Row;

/// The supported databases.
pub(crate) enum NativeConnection {
    Sqlite(SqliteConnection),
}

/// A writable connection.
pub(crate) struct Connection {
    pub link: NativeConnection,
    pub meter: Meter,
}

impl Connection {
    /// Runs a statement; returns the number of rows changed.
    pub(crate) async fn execute(&mut self, call: Call<'_>) -> Result<u64, StorageError> {
        let (statement, since) = (call.statement, self.meter.now());
        let result = match &mut self.link {
            NativeConnection::Sqlite(connection) => sqlite::execute(connection, call).await,
        };
        self.meter.record(statement, since, result.as_ref().ok().copied());
        result
    }

    /// Runs a statement; returns its rows.
    pub(crate) async fn fetch(&mut self, call: Call<'_>) -> Result<Vec<Row>, StorageError> {
        let (statement, since) = (call.statement, self.meter.now());
        let result = match &mut self.link {
            NativeConnection::Sqlite(connection) => sqlite::fetch(connection, call).await,
        };
        self.meter.record(statement, since, result.as_ref().ok().map(|rows| rows.len() as u64));
        result
    }

    /// Begins or ends a transaction or a savepoint.
    pub(crate) async fn run(&mut self, statement: Statement) -> Result<(), StorageError> {
        let since = self.meter.now();
        let result = match &mut self.link {
            NativeConnection::Sqlite(connection) => sqlite::execute(connection, statement.with(&[])).await,
        };
        // The database's count of changed rows belongs to the previous statement.
        self.meter.record(statement, since, result.as_ref().ok().map(|_| 0));
        result.map(drop)
    }

    /// Runs the statements of a migration.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<(), StorageError> {
        match &mut self.link {
            NativeConnection::Sqlite(connection) => sqlite::script(connection, sql).await,
        }
    }

    /// Writes everything into the main file and closes.
    pub(crate) async fn close(mut self) -> Result<(), StorageError> {
        self.fetch(Statement::Checkpoint.with(&[])).await?;
        match self.link {
            NativeConnection::Sqlite(connection) => sqlite::close(connection).await,
        }
    }
}

/// Read-only connections.
pub(crate) enum Pool {
    Sqlite(SqlitePool),
}

/// The pool with its meter.
pub(crate) struct Readers {
    pub pool: Pool,
    pub meter: Meter,
}

impl Readers {
    /// Runs a statement on one of the connections, on a consistent snapshot.
    pub(crate) async fn fetch(&self, call: Call<'_>) -> Result<Vec<Row>, StorageError> {
        let (statement, since) = (call.statement, self.meter.now());
        let result = match &self.pool {
            Pool::Sqlite(pool) => sqlite::fetch(pool, call).await,
        };
        self.meter.record(statement, since, result.as_ref().ok().map(|rows| rows.len() as u64));
        result
    }

    /// The first row of the result.
    pub(crate) async fn first(&self, call: Call<'_>) -> Result<Option<Row>, StorageError> {
        Ok(self.fetch(call).await?.into_iter().next())
    }

    /// The number in a result of one row.
    pub(crate) async fn number(&self, call: Call<'_>) -> Result<i64, StorageError> {
        match self.first(call).await? {
            Some(row) => row.int(0),
            None => Err(StorageError::Database("a count without a row".into())),
        }
    }

    /// Waits for running reads, then closes.
    pub(crate) async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pool) => pool.close().await,
        }
    }
}

/// Measures statements.
#[derive(Clone)]
pub(crate) struct Meter {
    pub stats: Arc<Stats>,
    pub clock: SharedClock,
}

impl Meter {
    fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    fn record(&self, statement: Statement, since: Duration, rows: Option<u64>) {
        self.stats.record(statement, self.now().saturating_sub(since), rows);
    }
}
