//! What plugins keep with accounts: read when a session is bound, so that a filter finds it without waiting.

use std::collections::BTreeMap;

use kernel::{Account, Kernel, Registrar, Stored};
use storage::PluginSlotError;

/// What each plugin keeps with one account, by its name.
type OfAccount = BTreeMap<String, Vec<u8>>;

/// What all plugins keep with accounts.
pub(crate) struct Slots(Stored<OfAccount>);

impl Slots {
    /// `at_bind`: they are read for each session.
    pub fn new(registrar: &mut Registrar<'_>, at_bind: bool) -> Self {
        let load = |kernel: &Kernel, account: &Account| {
            let (store, account) = (kernel.store().clone(), account.id());
            async move { Ok(store.plugin_slots().of_account(account).await?.into_iter().collect()) }
        };
        Self(match at_bind {
            true => registrar.stored_at_bind(move |kernel, account| Box::pin(load(kernel, account))),
            false => registrar.stored(move |kernel, account| Box::pin(load(kernel, account))),
        })
    }

    /// What a plugin keeps with an account, if that has been read.
    pub fn peek(&self, account: &Account, plugin: &str) -> Option<Vec<u8>> {
        self.0.cached(account)?.get(plugin).cloned()
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
                false => drop(slots.insert(plugin.to_owned(), value)),
            }
            Ok(Some((slots, write, ())))
        };
        self.0.change(kernel, account, next, |_, ()| {}).await.map(drop)
    }
}
