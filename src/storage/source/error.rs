//! Errors of foreign databases. None contains a value of a parameter or of a row, nor a password.

use std::time::Duration;

use super::QueryError;

/// Why a statement was not run, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// This build cannot use the URL; says why, without it.
    #[error("unsupported URL: {0}")]
    Unsupported(String),
    /// A statement of the configuration cannot be run: its name and why.
    #[error("statement {0}: {1}")]
    Query(String, QueryError),
    /// The database cannot be reached, or the connection was lost; says why.
    #[error("the database is unreachable: {0}")]
    Unavailable(String),
    /// The database did not answer within the time of a statement, though it has a limit of its own.
    #[error("the database did not answer within {} s", .0.as_secs_f32())]
    Silent(Duration),
    /// The database had failed several times in a row and is not asked again before the time given.
    #[error("the database is away; next attempt in {} s", .0.as_secs_f32())]
    Open(Duration),
    /// No connection became free in time.
    #[error("no connection became free within {} s", .0.as_secs_f32())]
    Busy(Duration),
    /// The statement did not end in time.
    #[error("the statement took longer than {} s", .0.as_secs_f32())]
    Deadline(Duration),
    /// The source has no statement of that name.
    #[error("the data source has no statement {0:?}")]
    UnknownQuery(String),
    /// A parameter without a value.
    #[error("the parameter :{0} has no value")]
    Missing(String),
    /// A value for a name that is not a parameter of the statement, or a second value for one that is.
    #[error("the statement has no parameter :{0}, or it is given twice")]
    Unknown(String),
    /// A value that does not fit the type of its parameter, or breaks a constraint; the database's code of the error.
    #[error("the database refuses a value (error {0})")]
    Refused(String),
    /// The result has more rows than the limit.
    #[error("the result has more than {0} rows")]
    TooManyRows(usize),
    /// The result has more bytes than the limit.
    #[error("the result has more than {0} bytes")]
    TooManyBytes(usize),
    /// The statement would have changed so many rows, where it may change one; it has changed none.
    #[error("it would have changed {0} rows instead of one")]
    TooManyAffected(u64),
    /// A column of a type that cannot be returned: its name and its type.
    #[error("column {0} has the type {1}, which cannot be returned")]
    Type(String, String),
    /// The statement writes, and the source is read-only.
    #[error("the statement writes, and the data source is read-only")]
    ReadOnly,
    /// Another transaction had to be let first, or holds a lock.
    #[error("the statement conflicts with another transaction")]
    Conflict,
    /// Any other error: the database's words about the statement or the schema.
    #[error("database error: {0}")]
    Database(String),
}

impl SourceError {
    /// Whether the same call may succeed later.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_)
                | Self::Silent(_)
                | Self::Open(_)
                | Self::Busy(_)
                | Self::Deadline(_)
                | Self::Conflict
        )
    }
}
