//! Deletion of an account.

use std::sync::Arc;

use storage::StorageError;
use xmpp::{StreamCondition, StreamError};

use crate::{Kernel, Resource};

/// The outcome of a deletion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountDeletion {
    /// The account and all its data are deleted.
    Deleted,
    NoSuchAccount,
}

impl Kernel {
    /// Called after the account's password has changed: ends its sessions, detached ones included, except the
    /// one of the client that changed it (`by`).
    pub async fn password_changed(self: &Arc<Self>, account: &crate::Account, by: Option<&Resource>) {
        {
            let _serial = account.binding.lock().await; // no session is being bound meanwhile
            account.host().logins.revoke(account.jid().local().unwrap_or_default());
        }
        let error = StreamError::new(StreamCondition::Reset).text("the password was changed");
        for resource in account.resources().iter().filter(|resource| Some(*resource) != by) {
            self.kick(resource, error.clone()).await;
        }
    }

    /// Deletes an account that is gone where it came from: there, its contacts have been told, or will be. Here they are not,
    /// so that what they have stays as it is there.
    ///
    /// # Errors
    /// As [`delete_account`](Self::delete_account).
    pub async fn delete_account_quietly(
        self: &Arc<Self>,
        host: &Arc<crate::Host>,
        local: &str,
    ) -> Result<AccountDeletion, StorageError> {
        self.delete(host, local, None, true).await
    }

    /// Deletes an account: closes its sessions, notifies contacts, deletes each module's and plugin's rows
    /// and the account's own, and drops caches. Used by `user del`, the removal of a domain and in-band
    /// cancellation alike. The session of the requesting client (`by`) is closed last, once it has its
    /// answer.
    ///
    /// # Errors
    /// When the store fails; nothing is deleted then but sessions are closed.
    pub async fn delete_account(
        self: &Arc<Self>,
        host: &Arc<crate::Host>,
        local: &str,
        by: Option<&Resource>,
    ) -> Result<AccountDeletion, StorageError> {
        self.delete(host, local, by, false).await
    }

    async fn delete(
        self: &Arc<Self>,
        host: &Arc<crate::Host>,
        local: &str,
        by: Option<&Resource>,
        quiet: bool,
    ) -> Result<AccountDeletion, StorageError> {
        let Some(account) = self.account(host, local).await? else {
            return Ok(AccountDeletion::NoSuchAccount);
        };
        {
            let _serial = account.binding.lock().await;
            host.logins.revoke(local);
            let mut state = account.state.lock();
            (state.deleted, state.quiet) = (true, quiet); // from here on no session is bound and nothing is stored
        }
        let error = StreamError::new(StreamCondition::NotAuthorized).text("the account was deleted");
        for resource in account.resources().iter().filter(|resource| Some(*resource) != by) {
            self.kick(resource, error.clone()).await;
        }
        crate::delivery::gate::quiet(&account).await;
        self.tell_deletion(&account).await;
        if let Some(resource) = by {
            self.withdraw(resource.session()); // its watchers have been notified
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
