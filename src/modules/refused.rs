//! Why an account's data was not read or changed, as reported to the sender.

use kernel::ListError;
use storage::StorageError;
use xmpp::StanzaError;

/// A change that was refused, or that failed in the store.
pub(crate) struct Refused(pub StanzaError);

impl From<StanzaError> for Refused {
    fn from(error: StanzaError) -> Self {
        Self(error)
    }
}

impl From<StorageError> for Refused {
    fn from(error: StorageError) -> Self {
        Self(kernel::failed(&error, "cannot read or write the data of an account"))
    }
}

impl From<ListError> for Refused {
    fn from(error: ListError) -> Self {
        Self(error.into())
    }
}
