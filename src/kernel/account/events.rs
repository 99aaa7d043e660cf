//! What features are told of accounts: that one was made, that one goes, that a roster has changed.

use std::sync::Arc;

use storage::{RosterItem, StorageError};

use crate::{Account, BoxFuture, Host, Kernel};

/// A handler of the making or the deletion of an account.
pub(crate) type AccountHandler =
    Arc<dyn for<'a> Fn(&'a Arc<Kernel>, &'a Arc<Account>) -> BoxFuture<'a, ()> + Send + Sync>;

/// A handler of a roster's change.
pub(crate) type RosterHandler = Arc<dyn Fn(&RosterEvent<'_>) + Send + Sync>;

/// One item of a roster has changed, and the change is committed.
pub struct RosterEvent<'a> {
    /// Whose roster.
    pub account: &'a Arc<Account>,
    /// The item before; `None` if it is new. One that is no contact but a pending request counts as well.
    pub before: Option<&'a RosterItem>,
    /// The item now; `None` if it was removed.
    pub after: Option<&'a RosterItem>,
}

impl Kernel {
    /// An account has been made, by whomever: its name is not believed to be absent any more, and features are told.
    ///
    /// # Errors
    /// Features could not be told, since the store failed.
    pub async fn account_made(self: &Arc<Self>, host: &Arc<Host>, local: &str) -> Result<(), StorageError> {
        host.accounts.forget_absent(local);
        if self.table(host).is_none_or(|table| table.creations.is_empty()) {
            return Ok(());
        }
        if let Some(account) = self.account(host, local).await? {
            self.tell_creation(&account).await;
        }
        Ok(())
    }

    pub(crate) async fn tell_creation(self: &Arc<Self>, account: &Arc<Account>) {
        let Some(table) = self.table(account.host()) else { return };
        for handler in &table.creations {
            handler(self, account).await;
        }
    }

    pub(crate) async fn tell_deletion(self: &Arc<Self>, account: &Arc<Account>) {
        let Some(table) = self.table(account.host()) else { return };
        for handler in &table.deletions {
            handler(self, account).await;
        }
    }

    pub(crate) fn tell_roster_change(&self, event: &RosterEvent<'_>) {
        let Some(table) = self.table(event.account.host()) else { return };
        table.roster_changes.iter().for_each(|handler| handler(event));
    }
}
