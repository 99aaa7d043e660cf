//! A connection and a pool of any supported database; measures each statement.

use std::sync::Arc;
use std::time::Duration;

use runtime::SharedClock;

use crate::StorageError;
use crate::dialect::Dialect;
use crate::native::{Native, NativeConnection, Pool, execute, fetch, script};
use crate::stat::Stats;
use crate::statement::{Call, Statement};
use crate::target::Target;
use crate::value::Row;

/// A writable connection.
pub(crate) struct Connection {
    target: Arc<Target>,
    /// `None` while it is lost.
    link: Option<NativeConnection>,
    pub meter: Meter,
}

impl Connection {
    pub(crate) async fn new(target: Arc<Target>, meter: Meter) -> Result<Self, StorageError> {
        let link = Some(target.connect().await?);
        Ok(Self { target, link, meter })
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.target.dialect()
    }

    /// Connects again if the connection is lost.
    pub(crate) async fn restore(&mut self) -> Result<(), StorageError> {
        if self.link.is_none() {
            self.link = Some(self.target.connect().await?);
        }
        Ok(())
    }

    /// The connection cannot be used any more.
    pub(crate) fn lose(&mut self) {
        self.link = None;
    }

    fn link(&mut self) -> Result<&mut NativeConnection, StorageError> {
        self.link.as_mut().ok_or_else(|| StorageError::Unreachable("the connection is lost".into()))
    }

    /// Runs a statement; returns the number of rows changed.
    pub(crate) async fn execute(&mut self, call: Call<'_>) -> Result<u64, StorageError> {
        let (statement, since) = (call.statement, self.meter.now());
        let (text, args) = (call.text(self.dialect()), call.args);
        let result = match self.link()? {
            NativeConnection::Sqlite(connection) => execute(connection, text, args).await,
            NativeConnection::Postgres(connection) => execute(connection, text, args).await,
            NativeConnection::Mariadb(connection) => execute(connection, text, args).await,
        };
        self.meter.record(statement, since, result.as_ref().ok().copied());
        result
    }

    /// Runs a statement; returns its rows.
    pub(crate) async fn fetch(&mut self, call: Call<'_>) -> Result<Vec<Row>, StorageError> {
        let (statement, since) = (call.statement, self.meter.now());
        let (text, args) = (call.text(self.dialect()), call.args);
        let result = match self.link()? {
            NativeConnection::Sqlite(connection) => fetch(connection, text, args).await,
            NativeConnection::Postgres(connection) => fetch(connection, text, args).await,
            NativeConnection::Mariadb(connection) => fetch(connection, text, args).await,
        };
        self.meter.record(statement, since, result.as_ref().ok().map(|rows| rows.len() as u64));
        result
    }

    /// The number in a result of one row.
    pub(crate) async fn number(&mut self, call: Call<'_>) -> Result<i64, StorageError> {
        match self.fetch(call).await?.first() {
            Some(row) => row.int(0),
            None => Err(StorageError::Database("a number without a row".into())),
        }
    }

    /// Begins or ends a transaction or a savepoint.
    pub(crate) async fn run(&mut self, statement: Statement) -> Result<(), StorageError> {
        let since = self.meter.now();
        let sql = statement.fixed(self.dialect());
        let result = match self.link()? {
            // Prepared once: it takes less than to parse it each time, other than on a server.
            NativeConnection::Sqlite(connection) => {
                execute(connection, statement.with(&[]).text(Dialect::Sqlite), &[]).await.map(drop)
            }
            NativeConnection::Postgres(connection) => script(connection, sql).await,
            // MariaDB prepares none of these.
            NativeConnection::Mariadb(connection) => script(connection, sql).await,
        };
        // The database's count of changed rows belongs to the previous statement.
        self.meter.record(statement, since, result.as_ref().ok().map(|()| 0));
        result
    }

    /// Runs the statements of a migration.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<(), StorageError> {
        match self.link()? {
            NativeConnection::Sqlite(connection) => script(connection, sql).await,
            NativeConnection::Postgres(connection) => script(connection, sql).await,
            NativeConnection::Mariadb(connection) => script(connection, sql).await,
        }
    }

    /// Writes everything into the main file of an embedded database, and closes.
    pub(crate) async fn close(mut self) -> Result<(), StorageError> {
        if self.dialect() == Dialect::Sqlite {
            self.fetch(Statement::Checkpoint.with(&[])).await?;
        }
        match self.link {
            None => Ok(()),
            Some(NativeConnection::Sqlite(connection)) => close(connection).await,
            Some(NativeConnection::Postgres(connection)) => close(connection).await,
            Some(NativeConnection::Mariadb(connection)) => close(connection).await,
        }
    }
}

async fn close<C: sqlx::Connection<Database: Native>>(connection: C) -> Result<(), StorageError> {
    connection.close().await.map_err(<C::Database as Native>::failure)
}

/// The pool with its meter.
pub(crate) struct Readers {
    pub pool: Pool,
    pub meter: Meter,
}

impl Readers {
    /// Runs a statement on one of the connections, on a consistent snapshot.
    pub(crate) async fn fetch(&self, call: Call<'_>) -> Result<Vec<Row>, StorageError> {
        let (statement, args, since) = (call.statement, call.args, self.meter.now());
        let result = match &self.pool {
            Pool::Sqlite(pool) => fetch(pool, call.text(Dialect::Sqlite), args).await,
            Pool::Postgres(pool) => fetch(pool, call.text(Dialect::Postgres), args).await,
            Pool::Mariadb(pool) => fetch(pool, call.text(Dialect::Mariadb), args).await,
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
            Pool::Postgres(pool) => pool.close().await,
            Pool::Mariadb(pool) => pool.close().await,
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
