//! Options for opening a store.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::StorageError;
use crate::dialect::Dialect;

/// What an acknowledged write survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// A crash of the process; the last moments may be lost when the machine crashes.
    #[default]
    Normal,
    /// A crash of the machine: every batch is synced to disk before it is acknowledged.
    Full,
}

/// Options for opening a store. No `Debug`: the URL may contain a password.
#[derive(Clone)]
pub struct Options {
    /// `sqlite:PATH`, relative to `data_dir` unless absolute; or `postgres://…` or `mysql://…`, an existing database.
    pub url: String,
    /// Created (mode 0700) if it does not exist.
    pub data_dir: PathBuf,
    /// The password for a database server, instead of one in the URL.
    pub password: Option<String>,
    /// What an acknowledged write survives, on SQLite. On a database server its own settings decide.
    pub sync: Sync,
    /// Whether SQLite reads its file through memory that is mapped: faster, but it counts as memory of the process.
    pub map: bool,
    /// Number of read-only connections, at least one.
    pub readers: usize,
    /// Number of connections that write to a database server, at least one. SQLite has one.
    pub writers: usize,
    /// Maximum writes in one transaction; at least one.
    pub batch: usize,
    /// Maximum writes that wait; more are refused.
    pub queue: usize,
    /// The longest wait for the database: for an answer to a statement, and in the queue of writes. Waits for locks
    /// end a little sooner. At least two seconds.
    pub deadline: Duration,
}

impl Options {
    /// `url` in `data_dir`, with two readers (four on a database server, and four writers), batches of up to 256
    /// writes, 20,000 waiting ones, a deadline of 5 s and [`Sync::Normal`].
    pub fn new(url: impl Into<String>, data_dir: impl Into<PathBuf>) -> Self {
        let url = url.into();
        let connections = if url.starts_with("sqlite:") { 2 } else { 4 };
        Self {
            url,
            data_dir: data_dir.into(),
            password: None,
            sync: Sync::Normal,
            map: true,
            readers: connections,
            writers: connections,
            batch: 256,
            queue: 20_000,
            deadline: Duration::from_secs(5),
        }
    }

    /// The database of the URL's scheme.
    pub(crate) fn scheme(&self) -> Result<Dialect, StorageError> {
        let Some((scheme, _)) = self.url.split_once(':') else {
            return Err(StorageError::Unsupported("it has no scheme such as sqlite:".into()));
        };
        match scheme {
            "sqlite" => Ok(Dialect::Sqlite),
            "postgres" | "postgresql" => Ok(Dialect::Postgres),
            "mysql" | "mariadb" => Ok(Dialect::Mariadb),
            other => Err(StorageError::Unsupported(format!(
                "only sqlite:, postgres: and mysql: are supported, not {other}:"
            ))),
        }
    }

    /// The file of an embedded database.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        match self.scheme() {
            Ok(Dialect::Sqlite) => self.sqlite_path().ok(),
            _ => None,
        }
    }

    /// The SQLite file of the URL.
    pub(crate) fn sqlite_path(&self) -> Result<PathBuf, StorageError> {
        let (_, rest) = self.url.split_once(':').unwrap_or_default();
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() || path.contains('?') || path.starts_with(':') {
            return Err(StorageError::Unsupported("sqlite: must be followed by a file path only".into()));
        }
        Ok(self.data_dir.join(Path::new(path)))
    }
}
