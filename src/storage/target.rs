//! Which database a store is in, and connections to it.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::dialect::Dialect;
use crate::native::{NativeConnection, Running};
use crate::options::Sync;
use crate::role::Role;
use crate::{Options, StorageError, mariadb, postgres, sqlite};

/// A database, from its URL.
pub(crate) struct Target {
    place: Place,
    deadline: Duration,
}

enum Place {
    Sqlite { path: PathBuf, sync: Sync, map: bool },
    Postgres(Box<PgConnectOptions>),
    Mariadb(Box<MySqlConnectOptions>),
}

impl Target {
    /// # Errors
    /// [`StorageError::Unsupported`]; it does not repeat the URL, which may contain a password.
    pub(crate) fn new(options: &Options) -> Result<Self, StorageError> {
        let place = match options.scheme()? {
            Dialect::Sqlite => {
                Place::Sqlite { path: options.sqlite_path()?, sync: options.sync, map: options.map }
            }
            Dialect::Postgres => Place::Postgres(Box::new(postgres::options(options)?)),
            Dialect::Mariadb => Place::Mariadb(Box::new(mariadb::options(options)?)),
        };
        Ok(Self { place, deadline: options.deadline })
    }

    /// The longest wait for an answer.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match &self.place {
            Place::Sqlite { .. } => Dialect::Sqlite,
            Place::Postgres(_) => Dialect::Postgres,
            Place::Mariadb(_) => Dialect::Mariadb,
        }
    }

    /// Creates the file of an embedded database; others must exist.
    pub(crate) async fn create(&self) -> Result<(), StorageError> {
        match &self.place {
            Place::Sqlite { path, .. } => sqlite::create(path).await,
            Place::Postgres(_) | Place::Mariadb(_) => Ok(()),
        }
    }

    /// Whether [`create`](Self::create) would make a database that does not exist yet.
    ///
    /// # Errors
    /// [`StorageError::Unreachable`] if it could not.
    pub(crate) fn is_new(&self) -> Result<bool, StorageError> {
        match &self.place {
            Place::Sqlite { path, .. } => sqlite::is_new(path),
            Place::Postgres(_) | Place::Mariadb(_) => Ok(false),
        }
    }

    /// A new connection.
    pub(crate) fn connect(&self, role: Role) -> Running<'_, NativeConnection> {
        // Before the deadline, which would be taken for a database that does not answer.
        let locks = self.deadline * 4 / 5;
        Box::pin(async move {
            Ok(match &self.place {
                Place::Sqlite { path, sync, map } => {
                    NativeConnection::Sqlite(sqlite::connect(path, *sync, *map, role, locks).await?)
                }
                Place::Postgres(options) => {
                    NativeConnection::Postgres(postgres::connect(options, role, locks).await?)
                }
                Place::Mariadb(options) => {
                    NativeConnection::Mariadb(mariadb::connect(options, role, locks).await?)
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str) -> Result<PathBuf, StorageError> {
        match Target::new(&Options::new(url, "/data"))?.place {
            Place::Sqlite { path, .. } => Ok(path),
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
