//! What every supported database does alike, over sqlx.

use std::pin::Pin;

use sqlx::database::HasStatementCache;
use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, Database, Executor, IntoArguments, SqlSafeStr, SqlStr};

use crate::StorageError;
use crate::statement::Text;
use crate::value::{Row, Value};

/// Statements that stay prepared on a connection.
pub(crate) const STATEMENT_CACHE: usize = 256;

/// The supported databases.
pub(crate) enum NativeConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    Mariadb(MySqlConnection),
}

impl NativeConnection {
    /// Runs a statement; returns the number of rows changed.
    pub(crate) fn execute<'a>(&'a mut self, text: Text, args: &'a [Value<'a>]) -> Running<'a, u64> {
        match self {
            Self::Sqlite(connection) => execute(connection, text, args),
            Self::Postgres(connection) => execute(connection, text, args),
            Self::Mariadb(connection) => execute(connection, text, args),
        }
    }

    /// Runs a statement; returns its rows.
    pub(crate) fn fetch<'a>(&'a mut self, text: Text, args: &'a [Value<'a>]) -> Running<'a, Vec<Row>> {
        match self {
            Self::Sqlite(connection) => fetch(connection, text, args),
            Self::Postgres(connection) => fetch(connection, text, args),
            Self::Mariadb(connection) => fetch(connection, text, args),
        }
    }

    /// Runs statements without arguments, as of a migration or about a transaction.
    pub(crate) fn script(&mut self, sql: &'static str) -> Running<'_, ()> {
        match self {
            Self::Sqlite(connection) => script(connection, sql),
            Self::Postgres(connection) => script(connection, sql),
            Self::Mariadb(connection) => script(connection, sql),
        }
    }

    pub(crate) fn close(self) -> Running<'static, ()> {
        match self {
            Self::Sqlite(connection) => close(connection),
            Self::Postgres(connection) => close(connection),
            Self::Mariadb(connection) => close(connection),
        }
    }
}

fn close<C>(connection: C) -> Running<'static, ()>
where
    C: Connection<Database: Native> + Send + 'static,
{
    Box::pin(async move { connection.close().await.map_err(<C::Database as Native>::failure) })
}

/// A database that sqlx knows.
pub(crate) trait Native:
    HasStatementCache + Database<Arguments: IntoArguments<Self> + Default>
{
    /// Rows changed.
    fn affected(result: &Self::QueryResult) -> u64;

    fn row(row: Self::Row) -> Row;

    /// What an error means.
    fn failure(error: sqlx::Error) -> StorageError;

    /// Appends an argument.
    fn bind(arguments: &mut Self::Arguments, value: Value<'_>) -> Result<(), sqlx::error::BoxDynError>;
}

/// What sqlx's databases do alike, though by types of their own: `failure` is what differs.
macro_rules! native {
    ($database:ident, $row:ident) => {
        impl $crate::native::Native for $database {
            fn affected(result: &<Self as sqlx::Database>::QueryResult) -> u64 {
                result.rows_affected()
            }

            fn row(row: <Self as sqlx::Database>::Row) -> $crate::value::Row {
                $crate::value::Row::$row(row)
            }

            fn failure(error: sqlx::Error) -> StorageError {
                failure(error)
            }

            fn bind(
                arguments: &mut <Self as sqlx::Database>::Arguments,
                value: $crate::value::Value<'_>,
            ) -> Result<(), sqlx::error::BoxDynError> {
                use sqlx::Arguments as _;
                match value {
                    $crate::value::Value::Int(int) => arguments.add(int),
                    $crate::value::Value::Text(text) => arguments.add(text),
                    $crate::value::Value::Bytes(bytes) => arguments.add(bytes),
                }
            }
        }
    };
}
pub(crate) use native;

/// Boxed: sqlx's futures are so deep that crates which only await them took minutes to compile.
pub(crate) type Running<'a, T> = Pin<Box<dyn Future<Output = Result<T, StorageError>> + Send + 'a>>;

/// Runs a statement; returns the number of rows changed.
fn execute<'a, D, E>(on: E, text: Text, args: &'a [Value<'a>]) -> Running<'a, u64>
where
    D: Native,
    E: Executor<'a, Database = D> + 'a,
{
    Box::pin(async move {
        let done = match sql(text) {
            (sql, true) => sqlx::query_with(sql, arguments::<D>(args)?).execute(on).await,
            (sql, false) => on.execute(sqlx::raw_sql(sql)).await,
        };
        Ok(D::affected(&done.map_err(D::failure)?))
    })
}

/// Runs a statement; returns its rows.
fn fetch<'a, D, E>(on: E, text: Text, args: &'a [Value<'a>]) -> Running<'a, Vec<Row>>
where
    D: Native,
    E: Executor<'a, Database = D> + 'a,
{
    Box::pin(async move {
        let rows = match sql(text) {
            (sql, true) => sqlx::query_with(sql, arguments::<D>(args)?).fetch_all(on).await,
            (sql, false) => on.fetch_all(sqlx::raw_sql(sql)).await,
        };
        Ok(rows.map_err(D::failure)?.into_iter().map(D::row).collect())
    })
}

/// Runs statements without arguments, as of a migration or about a transaction.
pub(crate) fn script<'a, D, E>(on: E, sql: &'static str) -> Running<'a, ()>
where
    D: Native,
    E: Executor<'a, Database = D> + 'a,
{
    Box::pin(async move {
        on.execute(sqlx::raw_sql(sql)).await.map_err(D::failure)?;
        Ok(())
    })
}

/// A URL that sqlx does not understand. Its parser's messages quote none of it.
pub(crate) fn unsupported(error: sqlx::Error) -> StorageError {
    let words = error.to_string();
    // Each of sqlx's layers says so once.
    let words = words.trim_start_matches("error with configuration: ");
    // A value of a parameter is quoted, and may be a secret in the wrong place.
    let quoted: Vec<_> = words.split('"').collect();
    let parts = quoted.iter().enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "…" });
    StorageError::Unsupported(parts.collect::<Vec<_>>().join("\""))
}

/// What an error of a new connection to a database server means.
pub(crate) fn opening<D: Native>(error: sqlx::Error) -> StorageError {
    match D::failure(error) {
        StorageError::Database(why) | StorageError::Io(why) => StorageError::Unreachable(why),
        other => other,
    }
}

/// What an error that the database itself did not report means.
pub(crate) fn lost(error: sqlx::Error) -> StorageError {
    match error {
        sqlx::Error::Io(error) => StorageError::Unreachable(error.to_string()),
        sqlx::Error::Tls(error) => StorageError::Unreachable(format!("TLS: {error}")),
        other => StorageError::Database(other.to_string()),
    }
}

/// A text, and whether it is prepared.
fn sql(text: Text) -> (SqlStr, bool) {
    match text {
        Text::Fixed(sql) => (sql.into_sql_str(), true),
        // Built from this crate's own statements, placeholders, and table names from the schema.
        Text::Built(sql) => (AssertSqlSafe(sql).into_sql_str(), true),
        Text::Once(sql) => (AssertSqlSafe(sql).into_sql_str(), false),
    }
}

fn arguments<D: Native>(values: &[Value<'_>]) -> Result<D::Arguments, StorageError> {
    let mut arguments = D::Arguments::default();
    for value in values {
        D::bind(&mut arguments, *value).map_err(|error| StorageError::Database(error.to_string()))?;
    }
    Ok(arguments)
}
