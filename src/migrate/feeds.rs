//! Tables of a foreign database side by side, in the order of one key: the rows of one user come together.

use std::sync::Arc;

use storage::source::{Cursor, Scan, TableRow, Tables, Value};

use crate::MigrateError;
use crate::row::Row;

/// A table to be read: what the source calls it, the names of the columns, and the scan.
pub(crate) struct Feeding<T> {
    pub table: T,
    pub columns: Arc<[&'static str]>,
    pub scan: Scan,
}

/// A table that is being read.
struct Feed<T> {
    table: T,
    name: String,
    columns: Arc<[&'static str]>,
    cursor: Cursor,
    /// The next rows with their key.
    head: Option<(Vec<u8>, Vec<TableRow>)>,
}

/// Tables that are being read, in the order in which their rows of one user are taken.
pub(crate) struct Feeds<T>(Vec<Feed<T>>);

impl<T: Copy> Feeds<T> {
    /// Begins to read; each table on a connection of its own.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open(tables: &Tables, feedings: Vec<Feeding<T>>) -> Result<Self, MigrateError> {
        let mut feeds = Vec::with_capacity(feedings.len());
        for Feeding { table, columns, scan } in feedings {
            let cursor = tables.scan(&scan).await?;
            let mut feed = Feed { table, name: scan.table, columns, cursor, head: None };
            feed.advance().await?;
            feeds.push(feed);
        }
        Ok(Self(feeds))
    }

    /// The least key of the rows that come next.
    pub fn least(&self) -> Option<Vec<u8>> {
        self.0.iter().filter_map(|feed| feed.head.as_ref()).map(|(key, _)| key).min().cloned()
    }

    /// The next rows with this key, of one table.
    ///
    /// # Errors
    /// The database cannot be read any further.
    pub async fn take(&mut self, key: &[u8]) -> Result<Option<(T, Vec<Row>)>, MigrateError> {
        let is_next = |feed: &&mut Feed<T>| feed.head.as_ref().is_some_and(|(head, _)| head == key);
        let Some(feed) = self.0.iter_mut().find(is_next) else { return Ok(None) };
        let rows = feed.advance().await?;
        let row = |values| Row { columns: feed.columns.clone(), values };
        Ok(rows.map(|rows| (feed.table, rows.into_iter().map(row).collect())))
    }
}

impl<T> Feed<T> {
    /// Gives the rows and reads those after them.
    async fn advance(&mut self) -> Result<Option<Vec<TableRow>>, MigrateError> {
        let next = self.cursor.next_rows().await?.map(|(value, rows)| (key(value), rows));
        let (last, rows) = self.head.take().unzip();
        // A user would come twice.
        if let (Some(last), Some((key, _))) = (&last, &next)
            && key < last
        {
            return Err(MigrateError::source(format!(
                "the rows of the table {0} do not come in the order that was asked for, near {1:?}: in SQLite, a user's name \
                 that is no text but a BLOB does that — make all of them text: update \"{0}\" set COLUMN = cast(COLUMN as \
                 text)",
                self.name,
                String::from_utf8_lossy(key)
            )));
        }
        self.head = next;
        Ok(rows)
    }
}

/// The bytes that the database has compared.
pub(crate) fn key(value: Value) -> Vec<u8> {
    match value {
        Value::Text(text) => text.into_bytes(),
        Value::Bytes(bytes) => bytes,
        Value::Integer(number) => number.to_string().into_bytes(),
        Value::Null | Value::Bool(_) | Value::Real(_) => Vec::new(),
    }
}
