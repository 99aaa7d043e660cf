//! Why a privacy list was not changed.

use storage::StorageError;
use xmpp::StanzaError;

use crate::failed;

/// Why privacy lists were not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListError {
    /// There is no list of this name: `item-not-found`.
    NotFound,
    /// It applies to another resource (XEP-0016 section 2.2, rule 11): `conflict`.
    Conflict,
    /// An item is about a group that the roster does not have (section 2.1): `item-not-found`.
    NoSuchGroup,
    /// It is not a valid list, for this reason: `bad-request`.
    Invalid(String),
    /// There would be more than this account may have of it: `resource-constraint`.
    TooMany(String),
    /// The store failed.
    Storage(StorageError),
}

impl From<StorageError> for ListError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<ListError> for StanzaError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NotFound => Self::item_not_found().text("there is no privacy list of this name"),
            ListError::Conflict => Self::conflict().text("another client of this account uses this list"),
            ListError::NoSuchGroup => {
                Self::item_not_found().text("a group in the list is not in your contact list")
            }
            ListError::Invalid(text) => Self::bad_request().text(text),
            ListError::TooMany(text) => Self::resource_constraint().text(text),
            ListError::Storage(error) => failed(&error, "cannot read or write privacy lists"),
        }
    }
}
