//! SQLite as a source: opened read-only, with a deadline that the database's own thread looks at.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use runtime::SharedClock;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteQueryResult, SqliteRow};
use sqlx::{Arguments as _, ConnectOptions as _, Row as _, Sqlite, TypeInfo as _, ValueRef as _};

use super::columns::{Foreign, unusable};
use super::file::FileId;
use super::{SourceError, SourceOptions, Value};

/// Instructions of SQLite's machine between two looks at the clock: well under a millisecond.
const INSTRUCTIONS: i32 = 2_000;
const STATEMENTS: usize = 64;

/// A connection to a SQLite file.
pub(super) struct SqliteLink {
    pub connection: SqliteConnection,
    /// The file that it has open.
    pub file: FileId,
    pub timer: Timer,
}

/// Until when the running statement may run.
#[derive(Clone)]
pub(super) struct Timer {
    clock: SharedClock,
    until_us: Arc<AtomicU64>,
}

impl Timer {
    /// Lets statements run for `time`, or until the guard is dropped.
    pub fn start(&self, time: Duration) -> Running {
        let until = micros(self.clock.monotonic().saturating_add(time));
        self.until_us.store(until, Ordering::Release);
        Running(self.until_us.clone())
    }
}

/// A statement that is interrupted when its caller has gone.
pub(super) struct Running(Arc<AtomicU64>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// # Errors
/// [`SourceError::Unavailable`].
pub(super) async fn connect(options: &SourceOptions, clock: SharedClock) -> Result<SqliteLink, SourceError> {
    let path = options.sqlite_file()?;
    // Before it is opened: one that is replaced meanwhile is opened once more.
    let file = FileId::of(&path, options.write)?;
    let native = native(&path, options);
    let mut connection = native.connect().await.map_err(|error| unopened(&path, error))?;
    let timer = Timer { clock, until_us: Arc::new(AtomicU64::new(0)) };
    let (clock, until) = (timer.clock.clone(), timer.until_us.clone());
    let mut handle = connection.lock_handle().await.map_err(Sqlite::failure)?;
    handle.set_progress_handler(INSTRUCTIONS, move || {
        micros(clock.monotonic()) < until.load(Ordering::Acquire)
    });
    drop(handle);
    Ok(SqliteLink { connection, file, timer })
}

/// The longest wait for a file that another process has locked.
const LOCKED: Duration = Duration::from_secs(10);

fn native(path: &Path, options: &SourceOptions) -> SqliteConnectOptions {
    // No memory map: a file that is cut short would end the process.
    let native = SqliteConnectOptions::new()
        .filename(path)
        .read_only(!options.write)
        .create_if_missing(false)
        // A statement may take long; that somebody else has locked the file is known soon.
        .busy_timeout(options.statement.min(LOCKED))
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    if options.write { native } else { native.pragma("query_only", "on") }
}

fn unopened(path: &Path, error: sqlx::Error) -> SourceError {
    let why = match Sqlite::failure(error) {
        SourceError::Database(why) | SourceError::Unavailable(why) => why,
        other => other.to_string(),
    };
    SourceError::Unavailable(format!("{}: {why}", path.display()))
}

/// # Errors
/// None of this database; the others have some.
pub(super) fn arguments(values: &[&Value]) -> Result<SqliteArguments, SourceError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        let added = match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Bool(value) => arguments.add(i64::from(*value)),
            Value::Integer(value) => arguments.add(*value),
            Value::Real(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.clone()),
            Value::Bytes(value) => arguments.add(value.clone()),
        };
        added.map_err(|_| SourceError::Refused("too large".into()))?;
    }
    Ok(arguments)
}

impl Foreign for Sqlite {
    fn affected(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }

    /// By the type that the value itself has: that of its column is only a suggestion.
    fn value(row: &SqliteRow, column: usize) -> Result<Value, SourceError> {
        let raw = row.try_get_raw(column).map_err(Self::failure)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let kind = raw.type_info().name().to_owned();
        let read = match kind.as_str() {
            "INTEGER" => row.try_get_unchecked(column).map(Value::Integer),
            "REAL" => row.try_get_unchecked(column).map(Value::Real),
            "TEXT" => row.try_get_unchecked(column).map(Value::Text),
            "BLOB" => row.try_get_unchecked(column).map(Value::Bytes),
            _ => return Err(unusable(row, column, &kind)),
        };
        // Text that is not UTF-8.
        read.map_err(|_| unusable(row, column, "text that is not UTF-8"))
    }

    fn raw(row: &SqliteRow, column: usize) -> Result<Value, SourceError> {
        let raw = row.try_get_raw(column).map_err(Self::failure)?;
        let is_text = match raw.type_info().name() {
            "NULL" => return Ok(Value::Null),
            "INTEGER" => return row.try_get_unchecked(column).map(Value::Integer).map_err(Self::failure),
            "REAL" => return row.try_get_unchecked(column).map(Value::Real).map_err(Self::failure),
            kind => kind == "TEXT",
        };
        let bytes: Vec<u8> = row.try_get_unchecked(column).map_err(Self::failure)?;
        Ok(match is_text {
            true => {
                String::from_utf8(bytes).map_or_else(|error| Value::Bytes(error.into_bytes()), Value::Text)
            }
            false => Value::Bytes(bytes),
        })
    }

    /// The primary result code is the low byte: <https://www.sqlite.org/rescode.html>.
    fn failure(error: sqlx::Error) -> SourceError {
        let sqlx::Error::Database(error) = error else {
            return match error {
                sqlx::Error::WorkerCrashed => SourceError::Unavailable("its worker thread has ended".into()),
                other => SourceError::Unavailable(other.to_string()),
            };
        };
        let code: i32 = error.code().and_then(|code| code.parse().ok()).unwrap_or(0);
        let message = error.message().to_owned();
        match code & 0xff {
            5 | 6 => SourceError::Conflict,
            8 => SourceError::ReadOnly,
            9 => SourceError::Deadline(Duration::ZERO),
            10 | 11 | 14 | 26 => SourceError::Unavailable(message),
            18..=20 => SourceError::Refused(code.to_string()),
            _ => SourceError::Database(message),
        }
    }
}
