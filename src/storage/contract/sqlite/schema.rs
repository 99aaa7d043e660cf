use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use sqlx::{ConnectOptions, Executor, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use super::*;
use crate::role::Role;
use crate::{StorageError, Sync};

/// Runs SQL on the file, bypassing the store.
pub(super) async fn tamper(file: &std::path::Path, sql: &'static str) {
    let mut connection =
        SqliteConnectOptions::new().filename(file).create_if_missing(true).connect().await.unwrap();
    connection.execute(sqlx::raw_sql(sql)).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
}

async fn open_error(options: Options) -> StorageError {
    match Store::open(options, &Runtime::system()).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let bed = Bed::new().await;
    bed.store.close().await.unwrap();
    let file = bed.folder.path().join("test.db");
    tamper(&file, "INSERT INTO schema_version (version, name, applied_us) VALUES (99, 'later', 0)").await;
    let error = open_error(bed.options()).await;
    assert!(matches!(error, StorageError::NewerSchema { found: 99, known: 7 }), "{error}");
}

#[tokio::test]
async fn a_database_of_the_first_schema_is_brought_up_to_date() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("test.db");
    tamper(&file, include_str!("../../migrations/sqlite/0001_first.sql")).await;
    let sql = "CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, \
        applied_us BIGINT NOT NULL); INSERT INTO schema_version VALUES (1, 'first', 0); \
        INSERT INTO account (domain, local, created_us, enabled, hashes) VALUES ('chess.example', 'alice', 5, 1, 0)";
    tamper(&file, sql).await;
    let store = Store::open(Options::new("sqlite:test.db", folder.path()), &Runtime::system()).await.unwrap();
    let record = store.accounts().load("chess.example", "alice").await.unwrap().unwrap();
    assert_eq!((record.account.created_us, record.last, record.default_list), (5, None, None));
    store.vcards().put(record.account.id, "<vCard/>".into()).await.unwrap();
    assert_eq!(store.vcards().get(record.account.id).await.unwrap().as_deref(), Some("<vCard/>"));
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("test.db");
    tamper(&file, "CREATE TABLE users (username TEXT)").await;
    let error = open_error(Options::new("sqlite:test.db", folder.path())).await;
    assert!(matches!(error, StorageError::Corrupt(_)), "{error}");
    tamper(&file, "INSERT INTO users VALUES ('still here'); DROP TABLE users;").await;
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_kept() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("test.db");
    let text = "this is a text and no database ".repeat(100);
    std::fs::write(&file, &text).unwrap();
    let error = open_error(Options::new("sqlite:test.db", folder.path())).await;
    assert!(matches!(error, StorageError::Corrupt(_)), "{error}");
    assert!(error.to_string().contains("test.db"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn a_path_that_cannot_be_is_unreachable() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = open_error(Options::new("sqlite:file/test.db", folder.path())).await;
    assert!(matches!(error, StorageError::Unreachable(_)), "{error}");
    let error = open_error(Options::new("oracle://localhost/x", folder.path())).await;
    assert!(matches!(error, StorageError::Unsupported(_)), "{error}");
}

#[tokio::test]
async fn a_probe_refuses_what_cannot_be_opened() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("file"), "a text and no database ".repeat(100)).unwrap();
    for (url, accepted) in [
        ("sqlite:new.db", true),
        ("sqlite:sub/new.db", true),
        ("sqlite:../new.db", true),
        ("sqlite:../file", false),
        ("sqlite:..", false),
        ("sqlite:../file/new.db", false),
        ("sqlite:/dev/null/new.db", false),
    ] {
        // The data directory does not exist yet.
        let probed = Store::probe(&Options::new(url, folder.path().join("data")), &Runtime::system()).await;
        assert_eq!(probed.is_ok(), accepted, "{url}: {probed:?}");
    }
    assert!(!folder.path().join("data").exists());
}

#[tokio::test]
async fn nobody_else_may_read_the_files() {
    let bed = Bed::new().await;
    bed.account("chess.example", "alice").await;
    let mut seen = 0;
    for entry in std::fs::read_dir(bed.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        seen += 1;
    }
    assert_eq!(seen, 3, "the main file, the log and its index");
}

#[tokio::test]
async fn pragmas_are_what_was_asked_for() {
    let folder = TempDir::new().unwrap();
    let mut options = Options::new("sqlite:sub/dir/test.db", folder.path());
    options.sync = Sync::Full;
    let store = Store::open(options, &Runtime::system()).await.unwrap();
    let file = folder.path().join("sub/dir/test.db");
    let mut connection =
        crate::sqlite::connect(&file, Sync::Full, true, Role::Writer, Duration::from_secs(4)).await.unwrap();
    let mut number = async |sql: &'static str| {
        let row = sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut connection).await;
        row.unwrap()
    };
    assert_eq!(number("PRAGMA synchronous").await, 2);
    assert_eq!(number("PRAGMA foreign_keys").await, 1);
    assert_eq!(number("PRAGMA busy_timeout").await, 4000);
    assert_eq!(number("PRAGMA cache_size").await, -16000);
    assert_eq!(number("PRAGMA temp_store").await, 2);
    assert_eq!(number("PRAGMA journal_size_limit").await, 67_108_864);
    let mode = sqlx::query_scalar::<_, String>("PRAGMA journal_mode").fetch_one(&mut connection).await;
    assert_eq!(mode.unwrap(), "wal");
    store.close().await.unwrap();
}
