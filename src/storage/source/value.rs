//! Values and rows of a foreign database.

use std::fmt;
use std::sync::Arc;

/// A value of a parameter or a column.
///
/// What has no type of its own here is text as the database writes it: dates and times (ISO 8601, with a blank between
/// date and time), numbers of arbitrary precision, integers beyond 64 bits signed, UUIDs, JSON, addresses, enumerations.
/// MariaDB and SQLite have no Boolean: theirs are integers.
#[derive(Clone, Default, PartialEq)]
pub enum Value {
    /// NULL, of any type.
    #[default]
    Null,
    /// True or false; only PostgreSQL returns it. Bound to the others as 1 or 0.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes: `bytea`, `BLOB`, `VARBINARY`.
    Bytes(Vec<u8>),
}

impl Value {
    /// The name of its type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Integer(_) => "integer",
            Self::Real(_) => "real",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }

    /// What it counts for, in bytes, towards the limit of a result.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 1,
            Self::Integer(_) | Self::Real(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// Its type only: it may be a secret.
impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.kind())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

/// The result of a statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The names of the columns. Empty if the statement returned no row.
    pub columns: Arc<[String]>,
    /// The rows, each with a value for every column.
    pub rows: Vec<Vec<Value>>,
    /// Rows inserted, changed or deleted. 0 for a statement that reads.
    pub affected: u64,
}
