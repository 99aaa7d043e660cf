//! What is read of a foreign table, and what comes of it.

use super::Value;

/// By what the rows of a scan are ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanKey {
    /// A column.
    Column(String),
    /// Two columns with `@` between them. Where the second has one of these values, other texts stand in its place: a row
    /// comes once for each of them.
    Joined { first: String, second: String, instead: Vec<(String, Vec<String>)> },
    /// A column, `@` and this text: where a whole database is of one domain, in the form and the order of `Joined`.
    At { column: String, domain: String },
    /// The key of the row of another table whose column `to`, unique there, equals the column `from` of this one; empty if
    /// there is no such row.
    Through { from: String, table: String, to: String, key: Box<ScanKey> },
}

/// What is read of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    pub table: String,
    /// The columns. Each row has the key in front of them.
    pub columns: Vec<String>,
    pub key: ScanKey,
    /// Columns by which rows of the same key are ordered, by their values.
    pub then: Vec<String>,
    /// Whether rows that are alike come once.
    pub distinct: bool,
    /// Whether there are many small rows of each key: an embedded database hands over those of a key together.
    pub many: bool,
}

/// A row of a foreign table. Text that is not UTF-8 is [`Value::Bytes`].
pub type TableRow = Vec<Value>;

/// Rows of one key, without it. More of the same key may follow.
pub type KeyedRows = (Value, Vec<TableRow>);
