//! Arguments and results of statements, independent of the database.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::StorageError;

/// A bound value. Borrowed: it is copied when it is passed to the database's thread. No `Debug`: it may be a
/// secret.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row of a result, read by column number. A column of another type than requested is
/// [`StorageError::Corrupt`].
pub(crate) enum Row {
    Sqlite(SqliteRow),
}

impl Row {
    pub(crate) fn int(&self, column: usize) -> Result<i64, StorageError> {
        match self {
            Self::Sqlite(row) => row.try_get(column).map_err(damaged),
        }
    }

    pub(crate) fn opt_int(&self, column: usize) -> Result<Option<i64>, StorageError> {
        match self {
            Self::Sqlite(row) => row.try_get(column).map_err(damaged),
        }
    }

    pub(crate) fn flag(&self, column: usize) -> Result<bool, StorageError> {
        Ok(self.int(column)? != 0)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, StorageError> {
        match self {
            Self::Sqlite(row) => row.try_get(column).map_err(damaged),
        }
    }

    pub(crate) fn opt_text(&self, column: usize) -> Result<Option<String>, StorageError> {
        match self {
            Self::Sqlite(row) => row.try_get(column).map_err(damaged),
        }
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, StorageError> {
        match self {
            Self::Sqlite(row) => row.try_get(column).map_err(damaged),
        }
    }
}

/// A column does not have the type given by the schema. The value itself is left out: it may be a secret.
fn damaged(error: sqlx::Error) -> StorageError {
    match error {
        sqlx::Error::ColumnDecode { index, .. } => {
            StorageError::Corrupt(format!("column {index} of a result"))
        }
        other => StorageError::Database(other.to_string()),
    }
}
