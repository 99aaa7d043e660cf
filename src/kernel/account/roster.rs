//! An account's roster, cached: what hooks and modules look up on every presence costs no query.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hashbrown::{Equivalent, HashMap};
use storage::{RosterItem, StorageError, Subscription};
use xmpp::Jid;

use crate::{Account, Kernel, Stored};

/// An immutable, shared snapshot of a roster.
#[derive(Clone, Default)]
pub struct Roster {
    /// Incremented with every change (RFC 6121 section 2.6).
    pub version: u64,
    items: HashMap<Jid, Arc<RosterItem>>,
}

impl Roster {
    /// The item for a bare JID, including items that only hold a pending request.
    pub fn get(&self, jid: &Jid) -> Option<&Arc<RosterItem>> {
        self.items.get(jid)
    }

    /// The item for the account or domain that a JID belongs to.
    pub fn of(&self, jid: &Jid) -> Option<&Arc<RosterItem>> {
        self.items.get(&Bare(jid))
    }

    /// All items, including those that only hold a pending request.
    pub fn items(&self) -> impl Iterator<Item = &Arc<RosterItem>> + Clone {
        self.items.values()
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bare JIDs that receive the account's presence (`from` or `both`).
    pub fn watchers(&self) -> impl Iterator<Item = &Jid> {
        self.with(|s| matches!(s, Subscription::From | Subscription::Both))
    }

    /// Bare JIDs whose presence the account receives (`to` or `both`).
    pub fn watched(&self) -> impl Iterator<Item = &Jid> {
        self.with(|s| matches!(s, Subscription::To | Subscription::Both))
    }

    fn with(&self, test: impl Fn(Subscription) -> bool) -> impl Iterator<Item = &Jid> {
        self.items.values().filter(move |item| test(item.subscription)).map(|item| &item.jid)
    }

    /// Whether this JID may see the account's presence.
    pub fn is_watched_by(&self, jid: &Jid) -> bool {
        self.items
            .get(&Bare(jid))
            .is_some_and(|i| matches!(i.subscription, Subscription::From | Subscription::Both))
    }
}

/// A JID that is looked up without its resource.
struct Bare<'a>(&'a Jid);

impl Hash for Bare<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.bare_str().hash(state); // must hash like the bare JID
    }
}

impl Equivalent<Jid> for Bare<'_> {
    fn equivalent(&self, key: &Jid) -> bool {
        key.as_str() == self.0.bare_str()
    }
}

/// One change of a roster.
#[derive(Clone)]
pub enum RosterChange {
    /// Adds or replaces an item. Its `version` is set by the kernel.
    Put(RosterItem),
    Remove(Jid),
}

impl RosterChange {
    /// The contact's bare JID.
    pub fn jid(&self) -> &Jid {
        match self {
            Self::Put(item) => &item.jid,
            Self::Remove(jid) => jid,
        }
    }
}

/// Rosters as account state.
pub(crate) fn state() -> Stored<Roster> {
    Stored::new(|kernel, account| {
        Box::pin(async move {
            let stored = kernel.store().roster().load(account.id()).await?;
            let items = stored.items.into_iter().map(|item| (item.jid.clone(), Arc::new(item))).collect();
            Ok(Roster { version: stored.version, items })
        })
    })
}

impl Kernel {
    /// The account's roster: cached, else read from the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn roster(&self, account: &Account) -> Result<Arc<Roster>, StorageError> {
        self.rosters.load(self, account).await
    }

    /// The account's roster if it is in memory, as it always is while a session is bound, unless the store
    /// failed.
    pub fn cached_roster(&self, account: &Account) -> Option<Arc<Roster>> {
        self.rosters.cached(account)
    }

    /// Has the roster read again, after something else has written to the store.
    pub fn invalidate_roster(&self, account: &Account) {
        self.rosters.forget(account);
    }
}

impl Roster {
    pub(super) fn changed(&self, change: &RosterChange, version: u64) -> Self {
        let mut next = Self { version, items: self.items.clone() };
        match change {
            RosterChange::Put(item) => {
                next.items.insert(item.jid.clone(), Arc::new(item.clone()));
            }
            RosterChange::Remove(jid) => {
                next.items.remove(jid);
            }
        }
        next
    }
}

pub(super) fn stored(change: &RosterChange, version: u64) -> storage::RosterChange {
    match change {
        RosterChange::Put(item) => {
            storage::RosterChange { version, put: vec![item.clone()], ..Default::default() }
        }
        RosterChange::Remove(jid) => {
            storage::RosterChange { version, remove: vec![jid.clone()], ..Default::default() }
        }
    }
}
