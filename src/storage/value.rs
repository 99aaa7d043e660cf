//! Arguments and results of statements, independent of the database.

use sqlx::mysql::MySqlRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};

use crate::StorageError;

/// An account's id. Never reused, not even after the account was deleted.
pub type AccountId = i64;

/// A bound value; `None` is NULL, whose type PostgreSQL wants to know. Borrowed: it is copied when it is passed to the
/// database. No `Debug`: it may be a secret.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Bytes(Option<&'a [u8]>),
}

impl Value<'_> {
    /// Its type, for the log.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Int(_) => "int",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(Some(value))
    }
}

/// A row of a result, read by column number. A column of another type than requested is
/// [`StorageError::Corrupt`].
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
    Mariadb(MySqlRow),
}

impl Row {
    pub(crate) fn int(&self, column: usize) -> Result<i64, StorageError> {
        self.opt_int(column)?.ok_or_else(|| unusable(column))
    }

    pub(crate) fn opt_int(&self, column: usize) -> Result<Option<i64>, StorageError> {
        match self {
            Self::Sqlite(row) => row.try_get(column).map_err(damaged),
            Self::Postgres(row) => postgres_int(row, column).map_err(damaged),
            Self::Mariadb(row) => row.try_get(column).map_err(damaged),
        }
    }

    pub(crate) fn flag(&self, column: usize) -> Result<bool, StorageError> {
        Ok(self.int(column)? != 0)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, StorageError> {
        self.opt_text(column)?.ok_or_else(|| unusable(column))
    }

    pub(crate) fn opt_text(&self, column: usize) -> Result<Option<String>, StorageError> {
        match self {
            Self::Sqlite(row) => row.try_get(column).map_err(damaged),
            Self::Postgres(row) => row.try_get(column).map_err(damaged),
            // Names of accounts are binary columns, for which sqlx gives out no text.
            Self::Mariadb(row) => {
                let bytes: Option<Vec<u8>> = row.try_get_unchecked(column).map_err(damaged)?;
                bytes.map(String::from_utf8).transpose().map_err(|_| unusable(column))
            }
        }
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, StorageError> {
        self.opt_bytes(column)?.ok_or_else(|| unusable(column))
    }

    pub(crate) fn opt_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StorageError> {
        match self {
            Self::Sqlite(row) => row.try_get(column).map_err(damaged),
            Self::Postgres(row) => row.try_get(column).map_err(damaged),
            Self::Mariadb(row) => row.try_get(column).map_err(damaged),
        }
    }
}

/// sqlx reads each of PostgreSQL's integers as the Rust type of its width only.
fn postgres_int(row: &PgRow, column: usize) -> Result<Option<i64>, sqlx::Error> {
    let value = row.try_get_raw(column)?;
    match value.type_info().name() {
        "BOOL" => Ok(row.try_get::<Option<bool>, _>(column)?.map(i64::from)),
        "INT2" => Ok(row.try_get::<Option<i16>, _>(column)?.map(i64::from)),
        "INT4" => Ok(row.try_get::<Option<i32>, _>(column)?.map(i64::from)),
        _ => row.try_get(column),
    }
}

fn unusable(column: usize) -> StorageError {
    StorageError::Corrupt(format!("column {column} of a result"))
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
