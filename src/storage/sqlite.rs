//! SQLite: connections, pragmas, binding of values, error codes.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Executor, SqlSafeStr, SqlStr, Sqlite};

use crate::StorageError;
use crate::options::Sync;
use crate::statement::{Call, Text};
use crate::value::{Row, Value};

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const MMAP_BYTES: &str = "268435456";
const CACHE_KIB: &str = "-16000";
const WAL_LIMIT_BYTES: &str = "67108864";
const STATEMENT_CACHE: usize = 256;

/// Takes the write lock at once, since a read lock cannot always be upgraded.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";
/// Moves the WAL into the main file and truncates it.
pub(crate) const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
pub(crate) const TABLES: &str =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
/// The tables with a column `account_id`.
pub(crate) const ACCOUNT_TABLES: &str = "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
    ON c.name = 'account_id' WHERE m.type = 'table' ORDER BY m.name";

/// Creates `path` and its directory if needed, readable only by the owner: it contains password keys. Files
/// that SQLite creates next to it inherit the mode.
pub(crate) async fn create(path: &Path) -> Result<(), StorageError> {
    let refused = |error: std::io::Error| StorageError::Unreachable(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        let mut builder = tokio::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder).await.map_err(refused)?;
    }
    let mut options = tokio::fs::OpenOptions::new();
    options.create(true).append(true).mode(0o600).open(path).await.map_err(refused)?;
    Ok(())
}

/// The only connection that writes.
pub(crate) async fn writer(path: &Path, sync: Sync) -> Result<SqliteConnection, StorageError> {
    let synchronous = match sync {
        Sync::Normal => SqliteSynchronous::Normal,
        Sync::Full => SqliteSynchronous::Full,
    };
    let options = options(path).journal_mode(SqliteJournalMode::Wal).synchronous(synchronous);
    options.connect().await.map_err(opening(path))
}

/// `count` read-only connections.
pub(crate) async fn readers(path: &Path, count: usize) -> Result<SqlitePool, StorageError> {
    let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    let pool = SqlitePoolOptions::new()
        .max_connections(count)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false);
    pool.connect_with(options(path).read_only(true)).await.map_err(opening(path))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("mmap_size", MMAP_BYTES)
        .pragma("cache_size", CACHE_KIB)
        .pragma("temp_store", "memory")
        .pragma("journal_size_limit", WAL_LIMIT_BYTES)
        .statement_cache_capacity(STATEMENT_CACHE)
        .disable_statement_logging()
}

fn opening(path: &Path) -> impl Fn(sqlx::Error) -> StorageError {
    move |error| match failure(error) {
        StorageError::Database(why) | StorageError::Io(why) => {
            StorageError::Unreachable(format!("{}: {why}", path.display()))
        }
        StorageError::Corrupt(why) => StorageError::Corrupt(format!("{}: {why}", path.display())),
        other => other,
    }
}

/// Runs a statement; returns the number of rows changed.
pub(crate) async fn execute<'e, E>(on: E, call: Call<'_>) -> Result<u64, StorageError>
where
    E: Executor<'e, Database = Sqlite>,
{
    let (sql, keep) = text(call.text);
    let query = sqlx::query_with(sql, arguments(call.args)?).persistent(keep);
    Ok(query.execute(on).await.map_err(failure)?.rows_affected())
}

/// Runs a statement; returns its rows.
pub(crate) async fn fetch<'e, E>(on: E, call: Call<'_>) -> Result<Vec<Row>, StorageError>
where
    E: Executor<'e, Database = Sqlite>,
{
    let (sql, keep) = text(call.text);
    let query = sqlx::query_with(sql, arguments(call.args)?).persistent(keep);
    let rows = query.fetch_all(on).await.map_err(failure)?;
    Ok(rows.into_iter().map(Row::Sqlite).collect())
}

/// Runs the statements of a migration.
pub(crate) async fn script(on: &mut SqliteConnection, sql: &'static str) -> Result<(), StorageError> {
    on.execute(sqlx::raw_sql(sql)).await.map_err(failure)?;
    Ok(())
}

/// Writes everything into the main file and closes the connection.
pub(crate) async fn close(connection: SqliteConnection) -> Result<(), StorageError> {
    sqlx::Connection::close(connection).await.map_err(failure)
}

fn text(text: Text) -> (SqlStr, bool) {
    match text {
        Text::Fixed(sql) => (sql.into_sql_str(), true),
        // Built from this crate's own statements, placeholders, and table names from the schema.
        Text::Built(sql) => (AssertSqlSafe(sql).into_sql_str(), false),
    }
}

fn arguments(values: &[Value<'_>]) -> Result<SqliteArguments, StorageError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        let added = match *value {
            Value::Null => arguments.add(None::<i64>),
            Value::Int(int) => arguments.add(int),
            Value::Text(text) => arguments.add(text),
            Value::Bytes(bytes) => arguments.add(bytes),
        };
        added.map_err(|error| StorageError::Database(error.to_string()))?;
    }
    Ok(arguments)
}

fn failure(error: sqlx::Error) -> StorageError {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse().ok()).unwrap_or(0);
            said(code, error.message())
        }
        sqlx::Error::PoolClosed => StorageError::Closed,
        sqlx::Error::PoolTimedOut => StorageError::Busy,
        sqlx::Error::WorkerCrashed => StorageError::Unreachable("its worker thread has ended".into()),
        sqlx::Error::Io(error) => StorageError::Io(error.to_string()),
        other => StorageError::Database(other.to_string()),
    }
}

/// The primary result code is the low byte: <https://www.sqlite.org/rescode.html>.
fn said(code: i32, message: &str) -> StorageError {
    let message = message.to_owned();
    match code & 0xff {
        5 | 6 => StorageError::Busy,
        8 | 10 | 13 => StorageError::Io(message),
        11 | 26 => StorageError::Corrupt(message),
        14 => StorageError::Unreachable(message),
        19 => StorageError::Constraint(message),
        _ => StorageError::Database(message),
    }
}
