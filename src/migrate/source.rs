//! Where users come from.

use crate::raw::{RawUser, Skipped};
use crate::{BoxFuture, MigrateError};

/// What a source says of itself before its users are read.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The domains of its users, as the source names them.
    pub hosts: Vec<String>,
    /// How many users will come, if that is known.
    pub users: Option<u64>,
    /// What has been found out about it that the operator should know: formats, realms.
    pub notes: Vec<String>,
    /// Whether a part of the source cannot be read, so that nobody knows what is in it.
    pub damaged: bool,
    /// Whether accounts may be missing that exist, so that none is gone.
    pub lacks_accounts: bool,
}

/// Rows that belong to no user.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// The domain they are of; empty if that cannot be told.
    pub host: String,
    pub rows: Skipped,
}

/// Another server's data, user by user. Runs on a thread of its own and may block it.
pub trait Source: Send {
    /// Looks at the source as a whole. Called once, first.
    ///
    /// # Errors
    /// It cannot be read, or a choice has to be made.
    fn survey(&mut self) -> BoxFuture<'_, Result<Survey, MigrateError>>;

    /// The next user with all that the source has of it; each user once. `None` at the end.
    ///
    /// # Errors
    /// The source cannot be read any further.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<RawUser>, MigrateError>>;

    /// What has been found out while users were read, such as encodings. Called once, at the end.
    fn notes(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// What belongs to no user. Called once, at the end.
    fn leftovers(&mut self) -> Vec<Leftover>;
}
