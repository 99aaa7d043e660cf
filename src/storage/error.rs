//! What can go wrong below the repositories.

use std::fmt;

/// A failure of the database. It is never "there is no such row": look-ups give an `Option`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// The URL is none that this build can open; says why.
    Unsupported(String),
    /// The database cannot be opened, or its connection is lost.
    Unreachable(String),
    /// Not a database, one of another program, or one with damaged content.
    Corrupt(String),
    /// The schema was written by a newer version of this program.
    NewerSchema {
        /// The schema's version.
        found: i64,
        /// The newest version that this build knows.
        known: i64,
    },
    /// Another process held the database's lock for longer than the time allowed.
    Busy,
    /// The write contradicts the schema: most often its account has been deleted.
    Constraint(String),
    /// The file system refused: disk full, read-only, permissions.
    Io(String),
    /// The store has been closed.
    Closed,
    /// Anything else that the database said.
    Database(String),
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(why) => write!(f, "unsupported storage URL: {why}"),
            Self::Unreachable(why) => write!(f, "the database is unreachable: {why}"),
            Self::Corrupt(why) => write!(f, "not a castling database, or damaged: {why}"),
            Self::NewerSchema { found, known } => {
                let by = "the database was written by a newer castling";
                write!(f, "{by} (schema {found}, this one reads up to {known})")
            }
            Self::Busy => f.write_str("the database is locked by another process"),
            Self::Constraint(why) => write!(f, "the write violates a constraint: {why}"),
            Self::Io(why) => write!(f, "database file: {why}"),
            Self::Closed => f.write_str("the store is closed"),
            Self::Database(why) => write!(f, "database error: {why}"),
        }
    }
}

impl std::error::Error for StorageError {}
