//! The accounts of one host that are in memory.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

use crate::Account;

const SHARDS: usize = 16;

type Shard = Mutex<Part>;

/// Unknown user names that one shard caches.
const ABSENT: usize = 1024;
/// How long a user name is cached as unknown.
const ABSENT_US: i64 = 60_000_000;

#[derive(Default)]
struct Part {
    accounts: HashMap<Box<str>, Arc<Account>>,
    /// User names without an account, each with the time until which that is cached; times here are monotonic microseconds.
    absent: HashMap<Box<str>, i64>,
    /// Incremented whenever an earlier answer of the store may be stale: at each deletion and each creation.
    changes: u64,
}

/// The number of changes when an account was not found here: the store's answer is valid only if nothing has
/// changed since.
#[derive(Clone, Copy)]
pub(crate) struct Seen(u64);

/// Sharded by user name. An account with sessions is always in here; one without is kept for a while, so that
/// a run of messages to an offline user costs one query.
#[derive(Default)]
pub(crate) struct Accounts {
    hasher: DefaultHashBuilder,
    shards: [Shard; SHARDS],
}

impl Accounts {
    fn shard(&self, local: &str) -> &Shard {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(local.as_bytes());
        &self.shards[hasher.finish() as usize % SHARDS]
    }

    pub fn get(&self, local: &str) -> Option<Arc<Account>> {
        self.shard(local).lock().accounts.get(local).cloned()
    }

    /// To be taken before the store is queried for an account that is to be inserted here; `None` when the
    /// name is cached as unknown.
    pub fn seen(&self, local: &str, now_us: i64) -> Option<Seen> {
        let part = self.shard(local).lock();
        let absent = part.absent.get(local).is_some_and(|until| now_us < *until);
        (!absent).then_some(Seen(part.changes))
    }

    /// Caches that the store has no such account, for a minute, unless something has changed since the query.
    pub fn put_absent(&self, local: &str, seen: Seen, now_us: i64) {
        let mut part = self.shard(local).lock();
        if part.changes != seen.0 {
            return;
        }
        if part.absent.len() >= ABSENT {
            part.absent.retain(|_, until| now_us < *until);
        }
        if part.absent.len() < ABSENT {
            part.absent.insert(local.into(), now_us.saturating_add(ABSENT_US));
        }
    }

    /// Forgets that a name is unknown, since the account may have been created.
    pub fn forget_absent(&self, local: &str) {
        let mut part = self.shard(local).lock();
        part.absent.remove(local);
        part.changes += 1;
    }

    /// The account already here, or else the given one, now inserted. `None` when it may have been deleted
    /// since the query.
    pub fn insert(&self, local: &str, account: Arc<Account>, seen: Seen) -> Option<Arc<Account>> {
        let mut part = self.shard(local).lock();
        if let Some(account) = part.accounts.get(local) {
            return Some(account.clone());
        }
        if part.changes != seen.0 {
            return None;
        }
        part.accounts.insert(local.into(), account.clone());
        Some(account)
    }

    pub fn remove(&self, local: &str) {
        let mut part = self.shard(local).lock();
        part.accounts.remove(local);
        part.changes += 1;
    }

    pub fn all(&self) -> Vec<Arc<Account>> {
        self.shards
            .iter()
            .flat_map(|shard| shard.lock().accounts.values().cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Drops an account that is idle and that nobody holds on to.
    pub fn forget_idle(&self, local: &str) {
        let mut part = self.shard(local).lock();
        let idle = |account: &Arc<Account>| Arc::strong_count(account) == 1 && account.is_idle(i64::MAX);
        if part.accounts.get(local).is_some_and(idle) {
            part.accounts.remove(local);
        }
    }

    /// Drops idle accounts. One that is still referenced stays: two objects for one account would break the
    /// order of its deliveries.
    pub fn sweep(&self, before_us: i64) {
        for shard in &self.shards {
            shard
                .lock()
                .accounts
                .retain(|_, account| Arc::strong_count(account) > 1 || !account.is_idle(before_us));
        }
    }
}

#[cfg(test)]
mod tests {
    use xmpp::Jid;

    use super::*;
    use crate::Host;

    fn account(id: i64) -> Arc<Account> {
        Arc::new(Account::new(id, Jid::parse("jack@chess.example").unwrap(), Host::for_tests()))
    }

    #[test]
    fn what_the_store_said_before_a_deletion_does_not_hold_after_it() {
        let accounts = Accounts::default();
        let seen = accounts.seen("jack", 0).unwrap();
        assert_eq!(accounts.insert("jack", account(1), seen).unwrap().id(), 1);
        assert_eq!(accounts.insert("jack", account(1), seen).unwrap().id(), 1, "the one that is there");
        accounts.remove("jack");
        assert!(accounts.insert("jack", account(1), seen).is_none());
        let seen = accounts.seen("jack", 0).unwrap();
        assert_eq!(accounts.insert("jack", account(2), seen).unwrap().id(), 2);
    }

    #[test]
    fn an_absent_name_is_remembered_for_a_minute_or_until_accounts_are_made() {
        let accounts = Accounts::default();
        let seen = accounts.seen("nobody", 0).unwrap();
        accounts.put_absent("nobody", seen, 0);
        assert!(accounts.seen("nobody", ABSENT_US - 1).is_none());
        assert!(accounts.seen("nobody", ABSENT_US).is_some());
        accounts.forget_absent("nobody");
        assert!(accounts.seen("nobody", 1).is_some());
        accounts.put_absent("nobody", seen, 1);
        assert!(accounts.seen("nobody", 2).is_some(), "an answer from before does not hold");
    }

    #[test]
    fn absent_names_are_bounded() {
        let accounts = Accounts::default();
        for name in (0..SHARDS * ABSENT * 2).map(|number| number.to_string()) {
            let seen = accounts.seen(&name, 0).unwrap();
            accounts.put_absent(&name, seen, 0);
        }
        let kept: usize = accounts.shards.iter().map(|shard| shard.lock().absent.len()).sum();
        assert!(kept <= SHARDS * ABSENT, "{kept}");
    }
}
