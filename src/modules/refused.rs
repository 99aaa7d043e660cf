//! Why an account's data was not read or changed: what the sender of the stanza is told.

use storage::StorageError;
use xmpp::StanzaError;

/// A change that was refused, or that the store failed at.
pub(crate) struct Refused(pub StanzaError);

impl From<StanzaError> for Refused {
    fn from(error: StanzaError) -> Self {
        Self(error)
    }
}

impl From<StorageError> for Refused {
    fn from(error: StorageError) -> Self {
        tracing::error!(%error, "cannot read or write the data of an account");
        Self(StanzaError::internal_server_error())
    }
}
