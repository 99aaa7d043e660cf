//! Whether accounts are used while they are imported.

use storage::{AccountId, StorageError, Store};

use crate::BoxFuture;

/// Names of accounts: domain and local part.
pub type Names = Vec<(String, String)>;

/// What else uses the accounts that an import writes to: a running server, or nothing.
pub trait ConcurrentUse: Send + Sync {
    /// Keeps everything else from changing these accounts until the guard is dropped.
    ///
    /// # Errors
    /// The store failed.
    fn hold<'a>(&'a self, names: &'a Names) -> BoxFuture<'a, Result<Box<dyn Held>, StorageError>>;

    /// Whether accounts may change while they are not held.
    fn may_change(&self) -> bool;

    /// Whether somebody is logged in.
    fn is_online(&self, _domain: &str, _local: &str) -> bool {
        false
    }

    /// Deletes an account and notifies its contacts.
    ///
    /// # Errors
    /// The store failed.
    fn delete<'a>(
        &'a self,
        id: AccountId,
        domain: &'a str,
        local: &'a str,
    ) -> BoxFuture<'a, Result<(), StorageError>>;
}

/// Accounts that are held.
pub trait Held: Send {
    /// Puts in force what was written, and notifies clients that are online. `created`: accounts that are new.
    fn written(self: Box<Self>, created: Names) -> BoxFuture<'static, ()>;
}

/// A store that only the importer has open.
pub struct StoreOnly(pub Store);

impl ConcurrentUse for StoreOnly {
    fn hold<'a>(&'a self, _names: &'a Names) -> BoxFuture<'a, Result<Box<dyn Held>, StorageError>> {
        Box::pin(std::future::ready(Ok(Box::new(NotInUse) as Box<dyn Held>)))
    }

    fn may_change(&self) -> bool {
        false
    }

    fn delete<'a>(
        &'a self,
        id: AccountId,
        _domain: &'a str,
        _local: &'a str,
    ) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move { self.0.accounts().delete(id).await.map(drop) })
    }
}

struct NotInUse;

impl Held for NotInUse {
    fn written(self: Box<Self>, _created: Names) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
