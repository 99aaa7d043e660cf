//! The accounts of one host that are in use.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

use crate::Account;

const SHARDS: usize = 16;

type Shard = Mutex<HashMap<Box<str>, Arc<Account>>>;

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
        self.shard(local).lock().get(local).cloned()
    }

    /// The account already there, or the given one put there.
    pub fn insert(&self, local: &str, account: Arc<Account>) -> Arc<Account> {
        self.shard(local).lock().entry(local.into()).or_insert(account).clone()
    }

    pub fn remove(&self, local: &str) -> Option<Arc<Account>> {
        self.shard(local).lock().remove(local)
    }

    pub fn all(&self) -> Vec<Arc<Account>> {
        self.shards.iter().flat_map(|shard| shard.lock().values().cloned().collect::<Vec<_>>()).collect()
    }

    /// Lets go of accounts that nobody uses. An account that somebody holds a reference to stays: two objects for
    /// one account would break the order of its deliveries.
    pub fn sweep(&self, before_us: i64) {
        for shard in &self.shards {
            shard.lock().retain(|_, account| Arc::strong_count(account) > 1 || !account.is_idle(before_us));
        }
    }
}
