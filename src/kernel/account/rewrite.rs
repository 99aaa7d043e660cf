//! Accounts of which something else than their features writes the data, as an import does.

use std::sync::Arc;

use hashbrown::HashMap;
use storage::{RosterItem, StorageError};
use xmpp::Jid;

use crate::account::stored::Turn;
use crate::{Account, Kernel, Roster, RosterChange, RosterEvent, Screen, log_failure};

/// A handler of data that was written past the features.
pub(crate) type RewriteHandler = Arc<dyn Fn(&Arc<Kernel>, &Rewritten<'_>) + Send + Sync>;

/// Data of an account that was written past its features, and is in force now.
pub struct Rewritten<'a> {
    pub account: &'a Arc<Account>,
    /// The roster, if it was in memory.
    pub roster: Option<&'a Roster>,
    /// What has changed in it.
    pub changes: &'a [RosterChange],
}

/// Accounts whose rosters and privacy lists nobody else changes as long as this lives.
pub struct HeldAccounts {
    kernel: Arc<Kernel>,
    held: Vec<Held>,
}

struct Held {
    account: Arc<Account>,
    /// Whether it was in memory before.
    was_known: bool,
    _lists: Turn<Option<Arc<Screen>>>,
    roster: Turn<Roster>,
}

impl Kernel {
    /// Holds those of the accounts (domain, local part) that exist: whoever changes their rosters or privacy lists waits.
    ///
    /// # Errors
    /// The store or a provider failed.
    pub async fn hold_accounts(
        self: &Arc<Self>,
        names: &[(String, String)],
    ) -> Result<HeldAccounts, StorageError> {
        let mut accounts = Vec::new();
        for (domain, local) in names {
            let Some(host) = self.host(domain) else { continue };
            let was_known = host.accounts.get(local).is_some();
            if let Some(account) = self.account(&host, local).await? {
                accounts.push((account, was_known));
            }
        }
        // In one order for all, so that no two wait for each other; and lists, which may want the roster, before it.
        accounts.sort_by_key(|(account, _)| account.id());
        accounts.dedup_by_key(|(account, _)| account.id());
        let mut held = Vec::with_capacity(accounts.len());
        for (account, was_known) in accounts {
            let lists = self.default_lists.turn(&account).await;
            let roster = self.rosters.turn(&account).await;
            held.push(Held { account, was_known, _lists: lists, roster });
        }
        Ok(HeldAccounts { kernel: self.clone(), held })
    }
}

impl HeldAccounts {
    /// What was written meanwhile is read, in force, and told. What cannot be read now is read when it is needed.
    pub async fn rewritten(self) {
        for held in &self.held {
            if let Err(error) = self.read_again(held).await {
                log_failure(&error, "cannot read an account again that was written to");
            }
        }
    }

    async fn read_again(&self, held: &Held) -> Result<(), StorageError> {
        let (kernel, account) = (&self.kernel, &held.account);
        let before = kernel.cached_roster(account);
        kernel.rosters.doubt_in(&held.roster);
        kernel.default_lists.doubt_in(&held._lists);
        let mut changes = Vec::new();
        let mut now = None;
        if let Some(before) = &before {
            let roster = kernel.rosters.load_in(kernel, &held.roster).await?;
            changes = differences(before, &roster);
            now = Some(roster);
        }
        kernel.default_lists.load_in(kernel, &held._lists).await?;
        kernel.tell_rewritten(&Rewritten { account, roster: now.as_deref(), changes: &changes });
        for change in &changes {
            let item = |roster: &Option<Arc<Roster>>| roster.as_ref()?.get(change.jid()).cloned();
            let (before, after) = (item(&before), item(&now));
            let (before, after) = (before.as_deref(), after.as_deref());
            kernel.tell_roster_change(&RosterEvent { account, before, after });
        }
        Ok(())
    }
}

impl Drop for HeldAccounts {
    /// Accounts that nobody uses do not stay in memory because they were written to.
    fn drop(&mut self) {
        for Held { account, was_known, .. } in std::mem::take(&mut self.held) {
            let (host, local) =
                (account.host().clone(), account.jid().local().unwrap_or_default().to_owned());
            drop(account);
            if !was_known {
                host.accounts.forget_idle(&local);
            }
        }
    }
}

/// In the order of their versions, removals last.
fn differences(before: &Roster, after: &Roster) -> Vec<RosterChange> {
    let mut old: HashMap<&Jid, &RosterItem> = before.items().map(|item| (&item.jid, &**item)).collect();
    let mut changes = Vec::new();
    for item in after.items() {
        if old.remove(&item.jid) != Some(&**item) {
            changes.push(RosterChange::Put(RosterItem::clone(item)));
        }
    }
    changes.sort_by_key(|change| match change {
        RosterChange::Put(item) => item.version,
        RosterChange::Remove(_) => u64::MAX,
    });
    changes.extend(old.into_keys().map(|jid| RosterChange::Remove(jid.clone())));
    changes
}
