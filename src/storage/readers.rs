//! Connections for reading. A pool of our own: sqlx's asks the database once more after each statement whether the
//! connection still works, which made up a good part of a log in.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::StorageError;
use crate::connection::{Connection, Meter};
use crate::dialect::Dialect;
use crate::health::Health;
use crate::native::Running;
use crate::role::Role;
use crate::statement::Call;
use crate::target::Target;
use crate::value::Row;
use crate::writer::CUTS;

/// A fixed number of read-only connections, made when they are needed.
pub(crate) struct Readers {
    target: Arc<Target>,
    meter: Meter,
    health: Arc<Health>,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
    count: u32,
}

impl Readers {
    /// At most `count` connections, one of which is made now; all of an embedded database, which needs nobody's leave and
    /// can be read then also when the process has no file descriptor left.
    pub(crate) async fn new(
        target: Arc<Target>,
        meter: Meter,
        health: Arc<Health>,
        count: usize,
    ) -> Result<Self, StorageError> {
        let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        let now = if target.dialect() == Dialect::Sqlite { count } else { 1 };
        let mut idle = Vec::new();
        for _ in 0..now {
            idle.push(Connection::new(target.clone(), Role::Reader, meter.clone()).await?);
        }
        let permits = Semaphore::new(count as usize);
        Ok(Self { target, meter, health, idle: Mutex::new(idle), permits, count })
    }

    /// Runs a statement on one of the connections, on a consistent snapshot. On a new one if the connection had been
    /// lost while it was idle.
    /// Boxed: it would be part of the state of each stanza on its way.
    pub(crate) fn fetch<'a>(&'a self, call: Call<'a>) -> Running<'a, Vec<Row>> {
        Box::pin(self.read(call))
    }

    async fn read(&self, call: Call<'_>) -> Result<Vec<Row>, StorageError> {
        let _permit = self.permits.acquire().await.map_err(|_| StorageError::Closed)?;
        self.health.readable()?;
        let mut cuts = 0;
        loop {
            let idle = self.idle.lock().pop();
            // Each idle one may have been cut meanwhile.
            let was_idle = idle.is_some();
            let read = match idle {
                Some(connection) => self.on(connection, &call).await,
                None => match Connection::new(self.target.clone(), Role::Reader, self.meter.clone()).await {
                    Ok(connection) => self.on(connection, &call).await,
                    Err(error) => Err(error),
                },
            };
            match &read {
                Err(StorageError::Unreachable(_)) if was_idle => {}
                Err(StorageError::Unreachable(_)) if cuts < CUTS => cuts += 1,
                Err(error) => {
                    let _ = self.health.heed(error);
                    return read;
                }
                Ok(_) => return read,
            }
        }
    }

    /// A connection that still works is kept; if this future is dropped, it is closed.
    async fn on(&self, mut connection: Connection, call: &Call<'_>) -> Result<Vec<Row>, StorageError> {
        let read = connection.read(call).await;
        if connection.works() {
            self.idle.lock().push(connection);
        }
        read
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

    /// Reads that run or wait for a connection.
    pub(crate) fn busy(&self) -> usize {
        self.count as usize - self.permits.available_permits().min(self.count as usize)
    }

    /// How many there may be.
    pub(crate) fn count(&self) -> usize {
        self.count as usize
    }

    /// Waits for running reads, then closes.
    pub(crate) async fn close(&self) {
        let all = self.permits.acquire_many(self.count).await;
        self.permits.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle.lock());
        for connection in idle {
            // Nothing of it is needed any more.
            let _ = connection.close().await;
        }
    }
}
