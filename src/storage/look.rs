//! A connection for what looks at a whole database, outside a store: copying, and checking.

use std::sync::Arc;

use runtime::Runtime;

use crate::connection::{Connection, Meter};
use crate::dialect::Dialect;
use crate::role::Role;
use crate::schema::Table;
use crate::stat::Stats;
use crate::statement::{Call, Shape, Statement};
use crate::target::Target;
use crate::value::{Row, Value};
use crate::{Options, StorageError};

/// A connection without a deadline: what it is asked may take long.
pub(crate) struct Look {
    pub connection: Connection,
}

impl Look {
    /// A writer creates the file of an embedded database.
    pub(crate) async fn new(options: &Options, role: Role, runtime: &Runtime) -> Result<Self, StorageError> {
        let target = Arc::new(Target::new(options)?);
        if role == Role::Writer {
            target.create().await?;
        }
        let meter = Meter { stats: Arc::new(Stats::new()), clock: runtime.clock.clone() };
        let mut connection = Connection::new(target, role, meter).await?;
        connection.wait_long(true);
        Ok(Self { connection })
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.connection.dialect()
    }

    /// Rows of a query with placeholders `?`.
    pub(crate) async fn fetch(&mut self, sql: &str, args: &[Value<'_>]) -> Result<Vec<Row>, StorageError> {
        let shape = Shape::Own(self.dialect().text(sql, 1));
        self.connection.fetch(Call { statement: Statement::Look, shape, args }).await
    }

    /// How the database would run a statement; its text as the database knows it.
    pub(crate) async fn explain(&mut self, sql: String) -> Result<Vec<Row>, StorageError> {
        let call = Call { statement: Statement::Look, shape: Shape::Own(sql), args: &[] };
        self.connection.fetch(call).await
    }

    /// The number in a result of one row; 0 without a row.
    pub(crate) async fn number(&mut self, sql: &str, args: &[Value<'_>]) -> Result<i64, StorageError> {
        self.fetch(sql, args).await?.first().map_or(Ok(0), |row| row.int(0))
    }

    /// The number of rows of a table.
    pub(crate) async fn count(&mut self, table: &Table) -> Result<u64, StorageError> {
        let count = self.number(&format!("SELECT count(*) FROM {}", table.name), &[]).await?;
        Ok(count.unsigned_abs())
    }
}
