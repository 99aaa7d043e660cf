//! Errors below the repositories.

/// A failure of the database. A missing row is not an error: lookups return an `Option`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// This build cannot open the URL; says why.
    #[error("unsupported storage URL: {0}")]
    Unsupported(String),
    /// The database cannot be opened, or its connection is lost.
    #[error("the database is unreachable: {0}")]
    Unreachable(String),
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
    /// Another process held a lock of the database for longer than the timeout, or no connection became free.
    #[error("the database is locked by another process")]
    Busy,
    /// Another transaction had to be let first, again and again.
    #[error("the write conflicts with others")]
    Conflict,
    /// The write violates the schema: most often its account has been deleted.
    #[error("the write violates a constraint: {0}")]
    Constraint(String),
    /// The file system refused: disk full, read-only, permissions.
    #[error("database file: {0}")]
    Io(String),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// Any other error of the database.
    #[error("database error: {0}")]
    Database(String),
}
