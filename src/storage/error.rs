//! Errors below the repositories.

use std::time::Duration;

/// A failure of the database. A missing row is not an error: lookups return an `Option`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// This build cannot open the URL; says why.
    #[error("unsupported storage URL: {0}")]
    Unsupported(String),
    /// The database cannot be opened, or its connection is lost.
    #[error("the database is unreachable: {0}")]
    Unreachable(String),
    /// A statement or a connection was not answered within the deadline.
    #[error("the database did not answer within {} s", .0.as_secs_f32())]
    Deadline(Duration),
    /// The database had not answered before, or did not take writes; it has not been asked again.
    #[error("the database is away")]
    Away,
    /// More writes wait for the database than may, or this one waited for longer than the deadline.
    #[error("too many writes wait for the database")]
    Overloaded,
    /// Not a database, another program's, or one with damaged content.
    #[error("not a castling database, or damaged: {0}")]
    Corrupt(String),
    /// The schema was written by a newer version of this program.
    #[error("the database was written by a newer castling (schema {found}, this one reads up to {known})")]
    NewerSchema {
        /// The schema's version.
        found: i64,
        /// The newest version this build supports.
        known: i64,
    },
    /// It is the unfinished copy of another database.
    #[error("castling storage copy has not finished here")]
    Unfinished,
    /// Another process held a lock of the database for longer than the timeout.
    #[error("the database is locked by another process")]
    Busy,
    /// Another transaction had to be let first, again and again.
    #[error("the write conflicts with others")]
    Conflict,
    /// The write violates the schema: most often its account has been deleted.
    #[error("the write violates a constraint: {0}")]
    Constraint(String),
    /// The file system refused: disk full, read-only, permissions.
    #[error("the database cannot be read or written: {0}")]
    Io(String),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// Any other error of the database.
    #[error("database error: {0}")]
    Database(String),
}

impl StorageError {
    /// Whether it will be over some time, without a change to what was asked; then the outage itself has been logged.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::Deadline(_)
            | Self::Away
            | Self::Overloaded
            | Self::Busy
            | Self::Conflict
            | Self::Io(_) => true,
            Self::Unsupported(_)
            | Self::Corrupt(_)
            | Self::NewerSchema { .. }
            | Self::Unfinished
            | Self::Constraint(_)
            | Self::Closed
            | Self::Database(_) => false,
        }
    }
}
