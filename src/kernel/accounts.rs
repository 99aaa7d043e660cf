//! The accounts of one host that are in use.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

use crate::Account;

const SHARDS: usize = 16;

type Shard = Mutex<Part>;

#[derive(Default)]
struct Part {
    accounts: HashMap<Box<str>, Arc<Account>>,
    /// Counts accounts that were taken out because they are deleted.
    removals: u64,
}

/// What had been removed when an account was not found here: what the store says of it holds only if nothing was
/// removed since.
#[derive(Clone, Copy)]
pub(crate) struct Seen(u64);

/// Sharded by user name. An account with sessions is always in here; one without is kept for a while, so that
/// a run of messages to somebody who is away costs one look-up in the store.
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

    /// To be taken before the store is asked for an account that is to be put here.
    pub fn seen(&self, local: &str) -> Seen {
        Seen(self.shard(local).lock().removals)
    }

    /// The account already there, or the given one put there. None when it may have been deleted since the store was
    /// asked.
    pub fn insert(&self, local: &str, account: Arc<Account>, seen: Seen) -> Option<Arc<Account>> {
        let mut part = self.shard(local).lock();
        if let Some(account) = part.accounts.get(local) {
            return Some(account.clone());
        }
        if part.removals != seen.0 {
            return None;
        }
        part.accounts.insert(local.into(), account.clone());
        Some(account)
    }

    pub fn remove(&self, local: &str) {
        let mut part = self.shard(local).lock();
        part.accounts.remove(local);
        part.removals += 1;
    }

    pub fn all(&self) -> Vec<Arc<Account>> {
        self.shards
            .iter()
            .flat_map(|shard| shard.lock().accounts.values().cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Lets go of accounts that nobody uses. An account that somebody holds a reference to stays: two objects for
    /// one account would break the order of its deliveries.
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
    use crate::{Brand, Conflict, Host, HostOptions, Limits, Web};

    fn host() -> Arc<Host> {
        let options = HostOptions {
            limits: Limits::default(),
            conflict: Conflict::default(),
            auth: auth::Chain::new(Vec::new(), auth::Decoys::new(vec![0; 32], 4096)),
            brand: Brand::default(),
            web: Web::default(),
            admins: Vec::new(),
        };
        Arc::new(Host::new(0, Jid::domain_only("chess.example").unwrap(), options))
    }

    #[test]
    fn what_the_store_said_before_a_deletion_does_not_hold_after_it() {
        let accounts = Accounts::default();
        let account = |id| Arc::new(Account::new(id, Jid::parse("jack@chess.example").unwrap(), host()));
        let seen = accounts.seen("jack");
        assert_eq!(accounts.insert("jack", account(1), seen).unwrap().id(), 1);
        assert_eq!(accounts.insert("jack", account(1), seen).unwrap().id(), 1, "the one that is there");
        accounts.remove("jack");
        assert!(accounts.insert("jack", account(1), seen).is_none());
        assert_eq!(accounts.insert("jack", account(2), accounts.seen("jack")).unwrap().id(), 2);
    }
}
