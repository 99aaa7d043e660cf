//! The rows of a table of the SQL storage, user by user.

use storage::source::{Cursor, Scan, ScanKey, SourceError, TableRow, Tables, Value};

/// Rows in the order of their owner, `user@host`.
pub struct Rows {
    cursor: Cursor,
    ahead: Option<(Vec<u8>, TableRow)>,
}

impl Rows {
    /// Begins to read a table; the columns of `then` must be among the others.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open(
        tables: &Tables,
        table: &str,
        columns: &[&str],
        then: &[&str],
    ) -> Result<Self, SourceError> {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let key = ScanKey::Joined { first: "user".into(), second: "host".into(), instead: Vec::new() };
        let (columns, then) = (names(columns), names(then));
        Self::start(
            tables,
            Scan { table: table.to_owned(), columns, key, then, distinct: false, many: false },
        )
        .await
    }

    /// Begins to read the different values of a column with `@` and the host.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn different(tables: &Tables, table: &str, first: &str) -> Result<Self, SourceError> {
        let key = ScanKey::Joined { first: first.to_owned(), second: "host".into(), instead: Vec::new() };
        let (columns, then) = (Vec::new(), Vec::new());
        Self::start(tables, Scan { table: table.to_owned(), columns, key, then, distinct: true, many: false })
            .await
    }

    async fn start(tables: &Tables, scan: Scan) -> Result<Self, SourceError> {
        let mut rows = Self { cursor: tables.scan(&scan).await?, ahead: None };
        rows.advance().await?;
        Ok(rows)
    }

    /// Whose row is next.
    pub fn owner(&self) -> Option<&[u8]> {
        self.ahead.as_ref().map(|(owner, _)| owner.as_slice())
    }

    /// The next row of this owner, without the owner.
    ///
    /// # Errors
    /// The database failed.
    pub async fn next_of(&mut self, owner: &[u8]) -> Result<Option<TableRow>, SourceError> {
        if self.owner() != Some(owner) {
            return Ok(None);
        }
        let row = self.ahead.take().map(|(_, row)| row);
        self.advance().await?;
        Ok(row)
    }

    async fn advance(&mut self) -> Result<(), SourceError> {
        self.ahead = self.cursor.next().await?.map(|mut row| {
            let owner = if row.is_empty() { Value::Null } else { row.remove(0) };
            (bytes(owner), row)
        });
        Ok(())
    }
}

/// The bytes of a text; nothing of what is none.
pub fn bytes(value: Value) -> Vec<u8> {
    match value {
        Value::Text(text) => text.into_bytes(),
        Value::Bytes(bytes) => bytes,
        _ => Vec::new(),
    }
}
