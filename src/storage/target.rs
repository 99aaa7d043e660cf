//! Which database a store is in, and connections to it.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::dialect::Dialect;
use crate::native::{NativeConnection, Pool, Running};
use crate::options::Sync;
use crate::{Options, StorageError, mariadb, postgres, sqlite};

/// The longest wait for a free connection.
const WAIT: Duration = Duration::from_secs(5);

/// A database, from its URL.
pub(crate) enum Target {
    Sqlite { path: PathBuf, sync: Sync },
    Postgres(Box<PgConnectOptions>),
    Mariadb(Box<MySqlConnectOptions>),
}

impl Target {
    /// # Errors
    /// [`StorageError::Unsupported`]; it does not repeat the URL, which may contain a password.
    pub(crate) fn new(options: &Options) -> Result<Self, StorageError> {
        match options.scheme()? {
            Dialect::Sqlite => Ok(Self::Sqlite { path: options.sqlite_path()?, sync: options.sync }),
            Dialect::Postgres => Ok(Self::Postgres(Box::new(postgres::options(options)?))),
            Dialect::Mariadb => Ok(Self::Mariadb(Box::new(mariadb::options(options)?))),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::Mariadb(_) => Dialect::Mariadb,
        }
    }

    /// Creates the file of an embedded database; others must exist.
    pub(crate) async fn create(&self) -> Result<(), StorageError> {
        match self {
            Self::Sqlite { path, .. } => sqlite::create(path).await,
            Self::Postgres(_) | Self::Mariadb(_) => Ok(()),
        }
    }

    /// Whether [`create`](Self::create) would make a database that does not exist yet.
    ///
    /// # Errors
    /// [`StorageError::Unreachable`] if it could not.
    pub(crate) fn is_new(&self) -> Result<bool, StorageError> {
        match self {
            Self::Sqlite { path, .. } => sqlite::is_new(path),
            Self::Postgres(_) | Self::Mariadb(_) => Ok(false),
        }
    }

    /// A connection that writes.
    pub(crate) fn connect(&self) -> Running<'_, NativeConnection> {
        Box::pin(async move {
            Ok(match self {
                Self::Sqlite { path, sync } => NativeConnection::Sqlite(sqlite::writer(path, *sync).await?),
                Self::Postgres(options) => NativeConnection::Postgres(postgres::writer(options).await?),
                Self::Mariadb(options) => NativeConnection::Mariadb(mariadb::writer(options).await?),
            })
        })
    }

    /// At most `count` connections that read.
    pub(crate) fn pool(&self, count: usize) -> Running<'_, Pool> {
        Box::pin(async move {
            Ok(match self {
                Self::Sqlite { path, .. } => Pool::Sqlite(sqlite::readers(path, count).await?),
                Self::Postgres(options) => {
                    Pool::Postgres(postgres::readers((**options).clone(), count, WAIT).await?)
                }
                Self::Mariadb(options) => {
                    Pool::Mariadb(mariadb::readers((**options).clone(), count, WAIT).await?)
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str) -> Result<PathBuf, StorageError> {
        match Target::new(&Options::new(url, "/data"))? {
            Target::Sqlite { path, .. } => Ok(path),
            _ => Ok(PathBuf::new()),
        }
    }

    #[test]
    fn urls_name_files_in_the_data_directory() {
        assert_eq!(path("sqlite:castling.db"), Ok("/data/castling.db".into()));
        assert_eq!(path("sqlite://a/b.db"), Ok("/data/a/b.db".into()));
        assert_eq!(path("sqlite:/var/c.db"), Ok("/var/c.db".into()));
        assert_eq!(path("sqlite:///var/c.db"), Ok("/var/c.db".into()));
    }

    #[test]
    fn other_urls_are_refused() {
        for url in [
            "castling.db",
            "oracle://u:secret@h/d",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:a?mode=ro",
            "mysql://u:secret@h:x/d",
        ] {
            let error = path(url).unwrap_err();
            assert!(matches!(error, StorageError::Unsupported(_)), "{url}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
