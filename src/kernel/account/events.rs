//! Account events for features: created, about to be deleted, roster changed.

use std::sync::Arc;

use storage::{RosterItem, StorageError};

use crate::{Account, BoxFuture, Host, Kernel, Rewritten};

/// A handler of account creation or deletion.
pub(crate) type AccountHandler =
    Arc<dyn for<'a> Fn(&'a Arc<Kernel>, &'a Arc<Account>) -> BoxFuture<'a, ()> + Send + Sync>;

/// A handler of roster changes.
pub(crate) type RosterHandler = Arc<dyn Fn(&RosterEvent<'_>) + Send + Sync>;

/// A committed change of one roster item.
pub struct RosterEvent<'a> {
    pub account: &'a Arc<Account>,
    /// The item before; `None` if it is new. An item that only holds a pending request counts as well.
    pub before: Option<&'a RosterItem>,
    /// The item now; `None` if it was removed.
    pub after: Option<&'a RosterItem>,
}

impl Kernel {
    /// An account has been created, by whatever means: its name is no longer cached as unknown, and features
    /// are notified.
    ///
    /// # Errors
    /// Features could not be notified, since the store failed.
    pub async fn account_made(self: &Arc<Self>, host: &Arc<Host>, local: &str) -> Result<(), StorageError> {
        host.accounts.forget_absent(local);
        if self.table(host).is_none_or(|table| table.registered.creations.is_empty()) {
            return Ok(());
        }
        if let Some(account) = self.account(host, local).await? {
            self.tell_creation(&account).await;
        }
        Ok(())
    }

    pub(crate) async fn tell_creation(self: &Arc<Self>, account: &Arc<Account>) {
        let Some(table) = self.table(account.host()) else { return };
        for handler in &table.registered.creations {
            handler(self, account).await;
        }
    }

    pub(crate) async fn tell_deletion(self: &Arc<Self>, account: &Arc<Account>) {
        let Some(table) = self.table(account.host()) else { return };
        for handler in &table.registered.deletions {
            handler(self, account).await;
        }
    }

    pub(crate) fn tell_rewritten(self: &Arc<Self>, rewritten: &Rewritten<'_>) {
        let Some(table) = self.table(rewritten.account.host()) else { return };
        table.registered.rewrites.iter().for_each(|handler| handler(self, rewritten));
    }

    pub(crate) fn tell_roster_change(&self, event: &RosterEvent<'_>) {
        let Some(table) = self.table(event.account.host()) else { return };
        table.registered.roster_changes.iter().for_each(|handler| handler(event));
    }
}
