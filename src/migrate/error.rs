//! Why an import or export ends.

use storage::StorageError;
use storage::source::SourceError;

/// Why an import or export ends before its end. No text of a user is quoted.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The source cannot be read, or is not what it was said to be: what and why, with a remedy.
    #[error("{0}")]
    Source(String),
    /// The source's database.
    #[error("the database to import from: {0}")]
    SourceDatabase(#[from] SourceError),
    /// The server's database.
    #[error("the server's database: {0}")]
    Store(#[from] StorageError),
    /// The running server refused, or is gone.
    #[error("the running server: {0}")]
    Server(String),
    /// A user is more than a running server takes in one request; its size in bytes.
    #[error(
        "a user of {0} bytes is more than a running server takes at once — stop it, and import into the store alone"
    )]
    TooLarge(usize),
    /// `--on-conflict fail`, and there is one: the record's name.
    #[error("{0} was changed here since it was imported — see --on-conflict")]
    Conflict(String),
    /// A file cannot be read or written: its name and why.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
}

impl MigrateError {
    /// A fault of the source.
    pub fn source(what: impl Into<String>) -> Self {
        Self::Source(what.into())
    }
}
