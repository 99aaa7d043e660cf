//! A foreign database read table by table, from end to end: for importers, which know its schema and not its
//! operator's statements. Nothing is ever written.
//!
//! Several tables are read side by side in the order of one key, so that their rows can be put together without any of
//! them being in memory: the order is that of the bytes of the key in UTF-8, on every database.

use std::time::Duration;

use runtime::Runtime;
use sqlx::Executor as _;

use super::cursor::{Cursor, Reading};
use super::link::Link;
use super::scan::Scan;
use super::tables_sql::{columns_sql, count_sql, is_packed, names_sql, own, scan_sql};
use super::{SourceError, SourceOptions, SourcePassword, Value};
use crate::dialect::Dialect;
use crate::source::columns::Foreign;

/// How long a table may take: a week.
const LONG: Duration = Duration::from_secs(604_800);

/// The database system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
    /// Or MySQL.
    Mariadb,
}

/// A column of a foreign table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    pub name: String,
    /// The character set that is declared, on MariaDB.
    pub charset: Option<String>,
}

/// A foreign database.
pub struct Tables {
    options: SourceOptions,
    runtime: Runtime,
}

impl Tables {
    /// The database of a URL (`sqlite:PATH`, relative to `base`; `postgres://…`, `mysql://…`). Nothing is connected yet.
    ///
    /// # Errors
    /// [`SourceError::Unsupported`].
    pub fn new(
        url: &str,
        base: &std::path::Path,
        password: SourcePassword,
        runtime: &Runtime,
    ) -> Result<Self, SourceError> {
        let mut options = SourceOptions::new("import", url, base);
        options.password = password;
        options.statement = LONG;
        options.connect = Duration::from_secs(10);
        options.understood()?;
        Ok(Self { options, runtime: runtime.clone() })
    }

    /// The database system.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn engine(&self) -> Result<Engine, SourceError> {
        Ok(match self.options.dialect()? {
            Dialect::Sqlite => Engine::Sqlite,
            Dialect::Postgres => Engine::Postgres,
            Dialect::Mariadb => Engine::Mariadb,
        })
    }

    /// The names of the tables.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn names(&self) -> Result<Vec<String>, SourceError> {
        let mut rows = self.run(names_sql(self.options.dialect()?), Vec::new()).await?;
        let mut names = Vec::new();
        while let Some(mut row) = rows.next().await? {
            if let Some(Value::Text(name)) = row.pop() {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// The columns of a table, in order; none if there is no such table.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn columns(&self, table: &str) -> Result<Vec<TableColumn>, SourceError> {
        let sql = columns_sql(self.options.dialect()?);
        let mut rows = self.run(sql, vec![table.to_owned()]).await?;
        let mut columns = Vec::new();
        while let Some(row) = rows.next().await? {
            let mut row = row.into_iter();
            let (name, charset) = (row.next(), row.next());
            let charset = match charset {
                Some(Value::Text(charset)) => Some(charset),
                _ => None,
            };
            if let Some(Value::Text(name)) = name {
                columns.push(TableColumn { name, charset });
            }
        }
        Ok(columns)
    }

    /// The number of rows of a table.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn count(&self, table: &str) -> Result<u64, SourceError> {
        let mut rows = self.run(count_sql(self.options.dialect()?, table)?, Vec::new()).await?;
        match rows.next().await?.and_then(|mut row| row.pop()) {
            Some(Value::Integer(count)) => Ok(count.unsigned_abs()),
            _ => Ok(0),
        }
    }

    /// Begins to read a table, on a connection of its own.
    ///
    /// # Errors
    /// The database cannot be read, or has no such table or column.
    pub async fn scan(&self, scan: &Scan) -> Result<Cursor, SourceError> {
        let dialect = self.options.dialect()?;
        let (sql, texts) = scan_sql(dialect, scan)?;
        self.start(sql, texts, is_packed(dialect, scan).then_some(scan.columns.len())).await
    }

    async fn run(&self, sql: String, texts: Vec<String>) -> Result<Cursor, SourceError> {
        self.start(sql, texts, None).await
    }

    /// `packed`: the rows of a key are in one value, with so many columns before those that they are ordered by.
    async fn start(
        &self,
        sql: String,
        texts: Vec<String>,
        packed: Option<usize>,
    ) -> Result<Cursor, SourceError> {
        let mut link = Link::connect(&self.options, &self.runtime.clock).await?;
        begin(&mut link).await?;
        Ok(Cursor::start(link, Reading { sql, texts, packed, limit: LONG }, &self.runtime.tasks))
    }
}

/// A snapshot on which the database lets nothing be written.
async fn begin(link: &mut Link) -> Result<(), SourceError> {
    match link {
        Link::Sqlite(_) => Ok(()),
        Link::Postgres(connection) => {
            let sql = sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            connection.execute(sql).await.map(drop).map_err(sqlx::Postgres::failure)
        }
        Link::Mariadb(connection) => {
            // Who reads it may have to wait for another table.
            let patience = format!("SET SESSION net_write_timeout = {}", LONG.as_secs());
            connection.execute(sqlx::raw_sql(own(patience))).await.map_err(sqlx::MySql::failure)?;
            let sql = sqlx::raw_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
            connection.execute(sql).await.map(drop).map_err(sqlx::MySql::failure)
        }
    }
}
