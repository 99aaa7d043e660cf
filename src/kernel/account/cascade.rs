//! Deletion of an account.

use std::sync::Arc;

use storage::StorageError;
use xmpp::{StreamCondition, StreamError};

use crate::{Kernel, Resource};

/// What a deletion came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountDeletion {
    /// The account and everything of it is gone.
    Deleted,
    /// There was none.
    NoSuchAccount,
}

impl Kernel {
    /// The account's password has been changed: its sessions end, and so does what could be resumed, but not the one of the
    /// client that has changed it (`by`).
    pub async fn password_changed(self: &Arc<Self>, account: &crate::Account, by: Option<&Resource>) {
        let error = StreamError::new(StreamCondition::Reset).text("the password was changed");
        for resource in account.resources().iter().filter(|resource| Some(*resource) != by) {
            self.kick(resource, error.clone()).await;
        }
    }

    /// Deletes an account: sessions closed, contacts told, each module's and plugin's rows and the account's own
    /// deleted, caches dropped. Used by `user del`, the removal of a domain and unregistering alike. The session of the
    /// client that asks for it (`by`) is closed last, when it has its answer.
    ///
    /// # Errors
    /// When the store fails; nothing is deleted then but sessions are closed.
    pub async fn delete_account(
        self: &Arc<Self>,
        host: &Arc<crate::Host>,
        local: &str,
        by: Option<&Resource>,
    ) -> Result<AccountDeletion, StorageError> {
        let Some(account) = self.account(host, local).await? else {
            return Ok(AccountDeletion::NoSuchAccount);
        };
        {
            let _serial = account.binding.lock().await;
            account.state.lock().deleted = true; // nobody binds, nothing is stored from here on
        }
        let error = StreamError::new(StreamCondition::NotAuthorized).text("the account was deleted");
        for resource in account.resources().iter().filter(|resource| Some(*resource) != by) {
            self.kick(resource, error.clone()).await;
        }
        crate::delivery::gate::quiet(&account).await;
        self.tell_deletion(&account).await;
        if let Some(resource) = by {
            resource.session().set_presence(None); // whoever knew it has been told
        }
        let deleted = self.store().purge(account.id()).await;
        match deleted {
            Ok(_) => {
                host.accounts.remove(local);
                if let Some(resource) = by {
                    self.part(resource, error);
                }
                Ok(AccountDeletion::Deleted)
            }
            Err(error) => {
                account.state.lock().deleted = false;
                Err(error)
            }
        }
    }
}
