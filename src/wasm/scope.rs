//! What one deployment of a plugin may see and do.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;
use runtime::{SharedClock, SharedRandom};

use crate::directory::Directory;
use crate::grant::Grants;
use crate::manifest::MetricKind;
use crate::memory::Memory;

/// Parts of the server shared by all plugins.
pub(crate) struct Services {
    pub clock: SharedClock,
    pub random: SharedRandom,
    /// Set by the first stanza.
    pub directory: OnceLock<Arc<dyn Directory>>,
}

/// A domain that a plugin is enabled for.
pub(crate) struct Domain {
    pub name: String,
    /// Its settings: JSON, merged.
    pub config: String,
}

/// A plugin's version with its settings and grants: everything its instances share.
pub(crate) struct Scope {
    pub name: Arc<str>,
    pub version: String,
    pub grants: Grants,
    pub domains: HashMap<u32, Domain>,
    pub metrics: BTreeMap<String, MetricKind>,
    pub memory: Arc<Memory>,
    pub services: Arc<Services>,
}

impl Scope {
    /// Monotonic milliseconds, never 0.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.services.clock.monotonic().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// Whether this function is granted. If not, the denial is counted.
    pub fn allows(&self, interface: &'static str, function: &str) -> bool {
        let allowed = self.grants.allow(interface, function);
        if !allowed {
            self.memory.stats.denied(interface);
        }
        allowed
    }

    /// The plugin's number for the domain of this name, if enabled there.
    pub fn serves(&self, host: &str) -> Option<u32> {
        self.domains.iter().find(|(_, domain)| domain.name == host).map(|(id, _)| *id)
    }

    /// The sessions, once set.
    pub fn directory(&self) -> Option<&Arc<dyn Directory>> {
        self.services.directory.get()
    }
}
