//! Plugins as providers of accounts, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use auth::{Decoys, Hashing, Provider};
use parking_lot::Mutex;
use runtime::SharedRandom;
use wasm::{Platform, PluginProvider};

/// The providers made so far. Each is kept as long as the server runs: whichever version of its plugin is in force answers, and the keys that
/// were derived of passwords stay.
pub(super) struct Providers {
    platform: Arc<Platform>,
    random: SharedRandom,
    decoys: Decoys,
    hashing: Hashing,
    made: Mutex<BTreeMap<String, Arc<PluginProvider>>>,
}

impl Providers {
    pub fn new(platform: Arc<Platform>, random: SharedRandom, decoys: Decoys, hashing: Hashing) -> Self {
        Self { platform, random, decoys, hashing, made: Mutex::default() }
    }

    /// That of a plugin, which need not be in force.
    pub fn of(&self, plugin: &str) -> Arc<dyn Provider> {
        let mut made = self.made.lock();
        if let Some(provider) = made.get(plugin) {
            return provider.clone();
        }
        let source = self.platform.source(plugin);
        let provider =
            PluginProvider::new(source, self.random.clone(), self.decoys.clone(), self.hashing.clone());
        made.entry(plugin.to_owned()).or_insert(Arc::new(provider)).clone()
    }
}
