//! A data source in a file that is exchanged, removed and put back.

use std::fs;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use tempfile::TempDir;

use super::super::source::{open, rows};
use crate::source::{Source, SourceError, SourceOptions};

/// A database with one row.
async fn write(file: &Path, content: &str) {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    let sql = format!("CREATE TABLE t (a); INSERT INTO t VALUES ('{content}')");
    connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await.unwrap();
    connection.close().await.unwrap();
}

fn options(folder: &TempDir) -> SourceOptions {
    let mut options = SourceOptions::new("members", "sqlite:members.db", folder.path());
    options.queries.insert("all".into(), "select a from t".into());
    options
}

async fn read(source: &Source) -> String {
    rows(source, "all", &[]).await.concat().concat()
}

#[tokio::test]
async fn a_file_that_was_replaced_is_opened_anew() {
    let folder = TempDir::new().unwrap();
    let (file, next) = (folder.path().join("members.db"), folder.path().join("next.db"));
    for write_too in [false, true] {
        let _ = fs::remove_file(&file);
        write(&file, "first").await;
        let source = open(SourceOptions { write: write_too, ..options(&folder) });
        assert_eq!(read(&source).await, "text first");
        assert_eq!(read(&source).await, "text first");
        assert_eq!(source.stat().connected, 1, "the same file");
        write(&next, "second").await;
        fs::rename(&next, &file).unwrap();
        assert_eq!(read(&source).await, "text second");
        assert_eq!(source.stat().connected, 2);
    }
}

#[tokio::test]
async fn a_file_that_was_written_over_is_opened_anew() {
    let folder = TempDir::new().unwrap();
    let (file, next) = (folder.path().join("members.db"), folder.path().join("next.db"));
    write(&file, "first").await;
    write(&next, "other").await;
    let source = open(options(&folder));
    assert_eq!(read(&source).await, "text first");
    fs::copy(&next, &file).unwrap();
    assert_eq!(read(&source).await, "text other");
}

#[tokio::test]
async fn a_file_that_is_gone_makes_the_source_unavailable_until_it_is_back() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("members.db");
    let source = open(options(&folder));
    let missing = source.query("all", &[]).await.unwrap_err();
    assert!(matches!(missing, SourceError::Unavailable(_)), "{missing:?}");
    assert!(!file.exists(), "nothing is created");
    write(&file, "first").await;
    assert_eq!(read(&source).await, "text first");
    fs::remove_file(&file).unwrap();
    let gone = source.query("all", &[]).await.unwrap_err();
    assert!(matches!(gone, SourceError::Unavailable(_)), "{gone:?}");
    write(&file, "second").await;
    assert_eq!(read(&source).await, "text second");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_unavailable() {
    let folder = TempDir::new().unwrap();
    let source = open(options(&folder));
    for content in [
        &b"not a database, but long enough to have a header of its own: 0123456789 0123456789 0123456789"[..],
        &[],
    ] {
        fs::write(folder.path().join("members.db"), content).unwrap();
        let error = source.query("all", &[]).await.unwrap_err();
        match content.is_empty() {
            // SQLite takes it for a new one, which has no table.
            true => assert!(matches!(error, SourceError::Database(_)), "{error:?}"),
            false => assert!(matches!(error, SourceError::Unavailable(_)), "{error:?}"),
        }
    }
}
