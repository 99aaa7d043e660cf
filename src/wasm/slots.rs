//! What plugins keep with accounts: read when a session is bound, so that a filter finds it without waiting.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashMap;
use kernel::{Account, Kernel, Registrar, Stored};
use parking_lot::Mutex;
use storage::PluginSlotError;

/// What each plugin keeps with one account, by its name; each with the number of plugins that had been removed by then.
type OfAccount = BTreeMap<String, (u64, Vec<u8>)>;

/// What all plugins keep with accounts.
pub(crate) struct Slots {
    stored: Stored<OfAccount>,
    removed: Arc<Removed>,
}

/// The plugins that have been removed: what is in memory of theirs holds no longer.
#[derive(Default)]
struct Removed {
    count: AtomicU64,
    /// The count after each, by name.
    names: Mutex<HashMap<String, u64>>,
}

impl Removed {
    fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    fn add(&self, name: &str) {
        let mut names = self.names.lock();
        names.insert(name.to_owned(), self.count.fetch_add(1, Ordering::AcqRel) + 1);
    }

    /// Whether the plugin has been removed since there were so many.
    fn is_since(&self, name: &str, count: u64) -> bool {
        count < self.count() && self.names.lock().get(name).is_some_and(|at| count < *at)
    }
}

impl Slots {
    /// `at_bind`: they are read for each session.
    pub fn new(registrar: &mut Registrar<'_>, at_bind: bool) -> Self {
        let removed = Arc::<Removed>::default();
        let count = removed.clone();
        let load = move |kernel: &Kernel, account: &Account| {
            let (store, account, count) = (kernel.store().clone(), account.id(), count.count());
            async move {
                let slots = store.plugin_slots().of_account(account).await?;
                Ok(slots.into_iter().map(|(name, value)| (name, (count, value))).collect())
            }
        };
        let stored = match at_bind {
            true => registrar.stored_at_bind(move |kernel, account| Box::pin(load(kernel, account))),
            false => registrar.stored(move |kernel, account| Box::pin(load(kernel, account))),
        };
        Self { stored, removed }
    }

    /// What a plugin keeps with an account, if that has been read.
    pub fn peek(&self, account: &Account, plugin: &str) -> Option<Vec<u8>> {
        let all = self.stored.cached(account)?;
        let (count, value) = all.get(plugin)?;
        (!self.removed.is_since(plugin, *count)).then(|| value.clone())
    }

    /// Forgets what a plugin has kept with all accounts, once that is deleted.
    pub fn forget(&self, plugin: &str) {
        self.removed.add(plugin);
    }

    /// Sets it; an empty one is deleted.
    ///
    /// # Errors
    /// It is too large, or the store failed.
    pub async fn set(
        &self,
        kernel: &Kernel,
        account: &Account,
        plugin: &str,
        value: Vec<u8>,
    ) -> Result<(), PluginSlotError> {
        let next = |slots: &OfAccount| {
            let write = kernel.store().plugin_slots().put(account.id(), plugin, &value);
            let mut slots = slots.clone();
            match value.is_empty() {
                true => drop(slots.remove(plugin)),
                false => drop(slots.insert(plugin.to_owned(), (self.removed.count(), value))),
            }
            Ok(Some((slots, write, ())))
        };
        self.stored.change(kernel, account, next, |_, ()| {}).await.map(drop)
    }
}
