//! Why a roster was not changed: what the sender of the stanza is told.

use storage::StorageError;
use xmpp::StanzaError;

/// A change of a roster that was refused, or that the store failed at.
pub(crate) struct Refused(pub StanzaError);

impl From<StanzaError> for Refused {
    fn from(error: StanzaError) -> Self {
        Self(error)
    }
}

impl From<StorageError> for Refused {
    fn from(error: StorageError) -> Self {
        tracing::error!(%error, "the store failed at a roster");
        Self(StanzaError::internal_server_error())
    }
}
