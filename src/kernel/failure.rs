//! Failures of the store: what is logged of them, and what the sender of a stanza is told.

use storage::StorageError;
use xmpp::StanzaError;

/// Logs that something was not done because the store failed; not while the database is away: that has been logged,
/// once.
pub fn log_failure(error: &StorageError, what: &'static str) {
    match error.is_temporary() {
        true => tracing::debug!(%error, "{what}"),
        false => tracing::error!(%error, "{what}"),
    }
}

/// Logs it, and returns the answer: `resource-constraint`, of type `wait`, if it is worth trying again (RFC 6120
/// section 8.3.3.17), else `internal-server-error`.
pub fn failed(error: &StorageError, what: &'static str) -> StanzaError {
    log_failure(error, what);
    match error.is_temporary() {
        true => StanzaError::resource_constraint()
            .text("the server cannot use its database at the moment; try again later"),
        false => StanzaError::internal_server_error(),
    }
}
