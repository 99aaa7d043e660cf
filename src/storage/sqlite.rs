//! SQLite: connections, pragmas, error codes.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Sqlite};

use crate::StorageError;
use crate::native::{STATEMENT_CACHE, native};
use crate::options::Sync;
use crate::role::Role;

const MMAP_BYTES: &str = "268435456";
const CACHE_KIB: &str = "-16000";
const WAL_LIMIT_BYTES: &str = "67108864";
/// What every database begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

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

/// Whether there is no database at `path` yet and one can be made there.
pub(crate) fn is_new(path: &Path) -> Result<bool, StorageError> {
    // A folder that is to be made is no reason not to look behind `..`.
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if plain.file_name().is_some() => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    let refused = |place: &Path, why: &str| StorageError::Unreachable(format!("{}: {why}", place.display()));
    match std::fs::metadata(&plain) {
        Ok(about) if about.is_dir() => return Err(refused(&plain, "it is a directory")),
        // What can be reached by this way only is looked at when the folder has been made.
        Ok(about) if about.len() > 0 && !path.exists() => {
            let start = std::fs::read(&plain).map_err(|error| refused(&plain, &error.to_string()))?;
            return match start.starts_with(MAGIC) {
                true => Ok(true),
                false => Err(StorageError::Corrupt(format!("{}: it is not a database", plain.display()))),
            };
        }
        Ok(about) => return Ok(about.len() == 0),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
        Err(error) => return Err(refused(&plain, &error.to_string())),
    }
    match plain.ancestors().skip(1).find(|place| place.exists()) {
        Some(place) if !place.is_dir() => Err(refused(place, "it is not a directory")),
        _ => Ok(true),
    }
}

/// A connection; only one of them may be a writer.
pub(crate) async fn connect(
    path: &Path,
    sync: Sync,
    map: bool,
    role: Role,
    locks: Duration,
) -> Result<SqliteConnection, StorageError> {
    let options = options(path, map).busy_timeout(locks);
    let options = match role {
        Role::Reader => options.read_only(true),
        Role::Writer => options.journal_mode(SqliteJournalMode::Wal).synchronous(match sync {
            Sync::Normal => SqliteSynchronous::Normal,
            Sync::Full => SqliteSynchronous::Full,
        }),
    };
    options.connect().await.map_err(opening(path))
}

fn options(path: &Path, map: bool) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .pragma("mmap_size", if map { MMAP_BYTES } else { "0" })
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

native!(Sqlite, Sqlite);

fn failure(error: sqlx::Error) -> StorageError {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse().ok()).unwrap_or(0);
            said(code, error.message())
        }
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
