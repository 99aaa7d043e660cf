//! An account's roster, cached: what hooks and modules ask on every presence costs no query.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hashbrown::HashMap;
use storage::{RosterItem, StorageError, Subscription};
use xmpp::Jid;

use crate::{Account, Kernel};

/// A roster as it stands: immutable, shared.
#[derive(Clone, Default)]
pub struct Roster {
    /// Rises with every change (RFC 6121 section 2.6).
    pub version: u64,
    items: HashMap<Jid, Arc<RosterItem>>,
}

impl Roster {
    /// The item for a bare JID, also one that is no contact but only a pending request.
    pub fn get(&self, jid: &Jid) -> Option<&Arc<RosterItem>> {
        self.items.get(jid)
    }

    /// All items, also those that are only pending requests.
    pub fn items(&self) -> impl Iterator<Item = &Arc<RosterItem>> {
        self.items.values()
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True without any item.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bare JIDs that are told of the account's presence (`from` or `both`).
    pub fn watchers(&self) -> Vec<Jid> {
        self.with(|s| matches!(s, Subscription::From | Subscription::Both))
    }

    /// Bare JIDs whose presence the account sees (`to` or `both`).
    pub fn watched(&self) -> Vec<Jid> {
        self.with(|s| matches!(s, Subscription::To | Subscription::Both))
    }

    fn with(&self, test: impl Fn(Subscription) -> bool) -> Vec<Jid> {
        self.items.values().filter(|i| test(i.subscription)).map(|i| i.jid.clone()).collect()
    }

    /// May this JID see the account's presence?
    pub fn is_watched_by(&self, jid: &Jid) -> bool {
        self.items
            .get(&jid.bare())
            .is_some_and(|i| matches!(i.subscription, Subscription::From | Subscription::Both))
    }
}

/// One change of a roster.
#[derive(Clone)]
pub enum RosterChange {
    /// The item is added or replaced. Its `version` is set by the kernel.
    Put(RosterItem),
    /// The item is removed.
    Remove(Jid),
}

/// The cache of one account, and the lock that orders its changes.
#[derive(Default)]
pub(crate) struct RosterCell {
    changing: tokio::sync::Mutex<()>,
    cached: ArcSwapOption<Roster>,
}

impl Kernel {
    /// The account's roster: cached, else read from the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn roster(&self, account: &Account) -> Result<Arc<Roster>, StorageError> {
        if let Some(roster) = account.roster.cached.load_full() {
            return Ok(roster);
        }
        let _changing = account.roster.changing.lock().await;
        self.load_roster(account).await
    }

    /// With `changing` held.
    async fn load_roster(&self, account: &Account) -> Result<Arc<Roster>, StorageError> {
        if let Some(roster) = account.roster.cached.load_full() {
            return Ok(roster);
        }
        let stored = self.store().roster().load(account.id()).await?;
        let items = stored.items.into_iter().map(|item| (item.jid.clone(), Arc::new(item))).collect();
        let roster = Arc::new(Roster { version: stored.version, items });
        account.roster.cached.store(Some(roster.clone()));
        Ok(roster)
    }

    /// Changes a roster: `compute` sees it as it stands and says what is to change (none: nothing); the change is
    /// committed, then seen by everybody, then told by `announce` (pushes), all before the next change of this
    /// roster: pushes leave in version order and after their commit.
    ///
    /// # Errors
    /// What `compute` refuses with, or the store's failure as `internal-server-error`; nothing is changed then.
    pub async fn change_roster<C, A, E>(
        &self,
        account: &Arc<Account>,
        compute: C,
        announce: A,
    ) -> Result<bool, E>
    where
        C: FnOnce(&Roster) -> Result<Option<RosterChange>, E>,
        A: FnOnce(&Roster, &RosterChange),
        E: From<StorageError>,
    {
        let _changing = account.roster.changing.lock().await;
        let roster = self.load_roster(account).await?;
        let Some(mut change) = compute(&roster)? else { return Ok(false) };
        let version = roster.version + 1;
        if let RosterChange::Put(item) = &mut change {
            item.version = version;
        }
        self.store().roster().apply(account.id(), stored(&change, version)).await?;
        let mut next = Roster::clone(&roster);
        next.version = version;
        match &change {
            RosterChange::Put(item) => {
                next.items.insert(item.jid.clone(), Arc::new(item.clone()));
            }
            RosterChange::Remove(jid) => {
                next.items.remove(jid);
            }
        }
        let next = Arc::new(next);
        account.roster.cached.store(Some(next.clone()));
        announce(&next, &change);
        Ok(true)
    }

    /// Drops the cached roster, after somebody else has written to the store.
    pub fn invalidate_roster(&self, account: &Account) {
        account.roster.cached.store(None);
    }
}

fn stored(change: &RosterChange, version: u64) -> storage::RosterChange {
    match change {
        RosterChange::Put(item) => {
            storage::RosterChange { version, put: vec![item.clone()], ..Default::default() }
        }
        RosterChange::Remove(jid) => {
            storage::RosterChange { version, remove: vec![jid.clone()], ..Default::default() }
        }
    }
}
