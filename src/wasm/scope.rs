//! What one deployment of a plugin may see and do.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use hashbrown::HashMap;
use kernel::Kernel;
use runtime::{Runtime, SharedClock, SharedRandom};
use serde_json::Value;
use storage::source::Sources;
use xmpp::Jid;

use crate::at_once::AtOnce;
use crate::directory::Directory;
use crate::grant::Grants;
use crate::limits::{LiveLimits, PluginLimits};
use crate::memory::{Memory, OnDomain};
use crate::metrics::Series;
use crate::rebuild::Rebuilder;
use crate::share::Used;
use crate::slots::Slots;
use crate::verdict::Rights;

/// Parts of the server shared by all plugins.
pub(crate) struct Services {
    pub clock: SharedClock,
    pub random: SharedRandom,
    pub limits: LiveLimits,
    /// Bytes of memory of an instance.
    pub memory_bytes: usize,
    /// Builds instances in place of those that have failed.
    pub rebuilder: Rebuilder,
    /// The time that all plugins have used.
    pub used: Used,
    /// Set by the first stanza.
    pub directory: OnceLock<Arc<dyn Directory>>,
    /// The rest of the server, once it is there.
    pub connected: OnceLock<Connected>,
    /// What plugins keep with accounts.
    pub slots: OnceLock<Arc<Slots>>,
    /// Calls of services that run at once.
    pub running: AtOnce,
}

/// What services reach of the server. Plugins are referenced by the kernel's tables, so this must not keep the kernel alive.
pub(crate) struct Connected {
    pub kernel: Weak<Kernel>,
    pub sources: Arc<Sources>,
}

impl Services {
    pub fn new(limits: &PluginLimits, workers: usize, runtime: Runtime) -> Self {
        Self {
            limits: LiveLimits::new(limits, workers),
            memory_bytes: limits.plugin_memory_bytes.bound(),
            rebuilder: Rebuilder::default(),
            used: Used::default(),
            clock: runtime.clock,
            random: runtime.random,
            directory: OnceLock::new(),
            connected: OnceLock::new(),
            slots: OnceLock::new(),
            running: AtOnce::default(),
        }
    }

    /// The kernel, while the server runs.
    pub fn kernel(&self) -> Option<Arc<Kernel>> {
        self.connected.get()?.kernel.upgrade()
    }

    /// Monotonic milliseconds, never 0.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.monotonic().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

/// A domain that a plugin is enabled for.
pub(crate) struct Domain {
    pub name: String,
    /// Its settings, merged.
    pub config: Value,
    pub memory: Arc<OnDomain>,
    /// The plugin's metrics here.
    pub metrics: HashMap<String, Arc<Series>>,
    /// The address that belongs to the plugin here: a domain.
    pub address: Option<Jid>,
}

impl Domain {
    /// The setting of a key, or of keys separated by dots.
    pub fn setting(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.config, |table, key| table.get(key))
    }
}

/// A plugin's version with its settings and grants: everything its instances share.
pub(crate) struct Scope {
    pub name: Arc<str>,
    pub version: String,
    pub grants: Grants,
    /// What the grants allow it to do to stanzas.
    pub rights: Rights,
    pub domains: HashMap<u32, Domain>,
    /// Their numbers, by name.
    pub numbers: HashMap<String, u32>,
    pub memory: Arc<Memory>,
    pub services: Arc<Services>,
}

impl Scope {
    /// Monotonic milliseconds, never 0.
    pub fn now_ms(&self) -> u64 {
        self.services.now_ms()
    }

    /// Charges CPU time to a domain; see [`Share::spent`](crate::share::Share::spent).
    pub fn charge(
        &self,
        on: &Domain,
        now: Duration,
        own: Duration,
        of_others: Duration,
        sender: impl FnOnce() -> Option<Jid>,
    ) -> Option<Duration> {
        let services = &self.services;
        services.used.spend(now, own + of_others, services.limits.all());
        on.memory.share.spent(now, own, of_others, services.limits.share(), sender)
    }

    /// The plugin's number for the domain of this name, if enabled there.
    pub fn serves(&self, host: &str) -> Option<u32> {
        self.numbers.get(host).copied()
    }

    /// The domain on which this is an address of the plugin's own.
    pub fn owner_of(&self, address: &Jid) -> Option<&Domain> {
        let is_at = |on: &&Domain| on.address.as_ref().is_some_and(|own| own.domain() == address.domain());
        self.domains.values().find(is_at)
    }

    /// The sessions, once set.
    pub fn directory(&self) -> Option<&Arc<dyn Directory>> {
        self.services.directory.get()
    }
}
