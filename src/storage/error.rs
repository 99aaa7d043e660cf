//! What can go wrong below the repositories.

/// A failure of the database. It is never "there is no such row": look-ups give an `Option`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The URL is none that this build can open; says why.
    #[error("unsupported storage URL: {0}")]
    Unsupported(String),
    /// The database cannot be opened, or its connection is lost.
    #[error("the database is unreachable: {0}")]
    Unreachable(String),
    /// Not a database, one of another program, or one with damaged content.
    #[error("not a castling database, or damaged: {0}")]
    Corrupt(String),
    /// The schema was written by a newer version of this program.
    #[error("the database was written by a newer castling (schema {found}, this one reads up to {known})")]
    NewerSchema {
        /// The schema's version.
        found: i64,
        /// The newest version that this build knows.
        known: i64,
    },
    /// Another process held the database's lock for longer than the time allowed.
    #[error("the database is locked by another process")]
    Busy,
    /// The write contradicts the schema: most often its account has been deleted.
    #[error("the write violates a constraint: {0}")]
    Constraint(String),
    /// The file system refused: disk full, read-only, permissions.
    #[error("database file: {0}")]
    Io(String),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// Anything else that the database said.
    #[error("database error: {0}")]
    Database(String),
}
