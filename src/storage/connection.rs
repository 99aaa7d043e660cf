//! A connection and a pool of any supported database; measures each statement.

use std::sync::Arc;
use std::time::Duration;

use runtime::SharedClock;

use crate::StorageError;
use crate::dialect::Dialect;
use crate::native::{NativeConnection, Running};
use crate::role::Role;
use crate::stat::{SLOW, Stats};
use crate::statement::{Call, Statement, Text};
use crate::target::Target;
use crate::value::{Row, Value};

/// A connection. A statement that is not answered within the deadline ends it.
pub(crate) struct Connection {
    target: Arc<Target>,
    role: Role,
    /// `None` while it is lost.
    link: Option<NativeConnection>,
    /// The longest wait for the answer to a statement.
    deadline: Duration,
    pub meter: Meter,
}

impl Connection {
    pub(crate) async fn new(target: Arc<Target>, role: Role, meter: Meter) -> Result<Self, StorageError> {
        let deadline = target.deadline();
        let mut connection = Self { target, role, link: None, deadline, meter };
        connection.restore().await?;
        Ok(connection)
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.target.dialect()
    }

    /// For statements that may take long, as those of a migration; until it is called again with `false`.
    pub(crate) fn wait_long(&mut self, long: bool) {
        self.deadline = if long { Duration::MAX } else { self.target.deadline() };
    }

    /// Connects again if the connection is lost.
    pub(crate) async fn restore(&mut self) -> Result<(), StorageError> {
        if self.link.is_none() {
            let connecting = self.target.connect(self.role);
            self.link = Some(in_time(self.deadline, connecting).await?);
        }
        Ok(())
    }

    /// Whether it is not lost.
    pub(crate) fn works(&self) -> bool {
        self.link.is_some()
    }

    /// The connection cannot be used any more.
    pub(crate) fn lose(&mut self) {
        self.link = None;
    }

    fn link(&mut self) -> Result<&mut NativeConnection, StorageError> {
        self.link.as_mut().ok_or_else(|| StorageError::Unreachable("the connection is lost".into()))
    }

    /// Ends the connection after errors that leave it unusable.
    fn judged<T>(&mut self, result: Result<T, StorageError>) -> Result<T, StorageError> {
        if let Err(StorageError::Unreachable(_) | StorageError::Deadline(_)) = result {
            self.lose();
        }
        result
    }

    /// Runs a statement; returns the number of rows changed.
    pub(crate) async fn execute(&mut self, call: Call<'_>) -> Result<u64, StorageError> {
        self.run_call(&call, NativeConnection::execute, |changed| *changed).await
    }

    /// Runs a statement; returns its rows.
    pub(crate) async fn fetch(&mut self, call: Call<'_>) -> Result<Vec<Row>, StorageError> {
        self.read(&call).await
    }

    /// [`fetch`](Self::fetch), for a call that may be tried again.
    pub(crate) async fn read(&mut self, call: &Call<'_>) -> Result<Vec<Row>, StorageError> {
        self.run_call(call, NativeConnection::fetch, |rows| rows.len() as u64).await
    }

    /// Runs a statement within the deadline, and measures it; `rows` is counted of its result.
    async fn run_call<T>(
        &mut self,
        call: &Call<'_>,
        run: for<'a> fn(&'a mut NativeConnection, Text, &'a [Value<'a>]) -> Running<'a, T>,
        rows: fn(&T) -> u64,
    ) -> Result<T, StorageError> {
        let (since, deadline) = (self.meter.now(), self.deadline);
        let text = call.text(self.dialect());
        let result = in_time(deadline, run(self.link()?, text, call.args)).await;
        self.meter.record(call, since, result.as_ref().ok().map(rows));
        self.judged(result)
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
        if self.dialect() == Dialect::Sqlite {
            // Prepared once: it takes less than to parse it each time, other than on a server.
            return self.execute(statement.with(&[])).await.map(drop);
        }
        let (since, deadline) = (self.meter.now(), self.deadline);
        let sql = statement.fixed(self.dialect());
        // MariaDB prepares none of these.
        let result = in_time(deadline, self.link()?.script(sql)).await;
        // The database's count of changed rows belongs to the previous statement.
        self.meter.record(&statement.with(&[]), since, result.as_ref().ok().map(|()| 0));
        self.judged(result)
    }

    /// Runs the statements of a migration.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<(), StorageError> {
        self.link()?.script(sql).await
    }

    /// Closes.
    pub(crate) async fn close(self) -> Result<(), StorageError> {
        let deadline = self.deadline;
        match self.link {
            None => Ok(()),
            Some(link) => in_time(deadline, link.close()).await,
        }
    }

    /// Writes everything into the main file of an embedded database, however long it takes, and closes.
    pub(crate) async fn finish(mut self) -> Result<(), StorageError> {
        if self.dialect() == Dialect::Sqlite && self.works() {
            self.wait_long(true);
            self.fetch(Statement::Checkpoint.with(&[])).await?;
        }
        self.close().await
    }
}

/// # Errors
/// [`StorageError::Deadline`] if it takes longer.
async fn in_time<T>(deadline: Duration, running: Running<'_, T>) -> Result<T, StorageError> {
    match tokio::time::timeout(deadline, running).await {
        Ok(result) => result,
        Err(_) => Err(StorageError::Deadline(deadline)),
    }
}

/// Measures statements.
#[derive(Clone)]
pub(crate) struct Meter {
    pub stats: Arc<Stats>,
    pub clock: SharedClock,
}

impl Meter {
    pub(crate) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    fn record(&self, call: &Call<'_>, since: Duration, rows: Option<u64>) {
        let took = self.now().saturating_sub(since);
        self.stats.record(call.statement, took, rows);
        // One that failed has its own line, or its database.
        if took > SLOW && rows.is_some() {
            let name = call.statement.definition().name;
            // Never the values: they are users' data.
            let types: Vec<_> = call.args.iter().map(Value::kind).collect();
            tracing::warn!(
                statement = name,
                ms = took.as_millis(),
                rows,
                parameters = types.join(", "),
                "slow statement"
            );
        }
    }
}
