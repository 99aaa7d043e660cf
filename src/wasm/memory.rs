//! What the host remembers for a plugin's *name*: it outlives instances, versions, and periods of being
//! disabled.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use parking_lot::Mutex;
use runtime::{Counter, Gauge};
use tokio::sync::{RwLock, RwLockReadGuard};

use crate::breaker::Breakers;
use crate::log_limit::LogLimit;
use crate::metrics::Metrics;
use crate::quota::Quota;
use crate::rates::Rates;
use crate::service::{Answers, Inbox, Lanes, Outbox};
use crate::share::Share;
use crate::stats::Stats;

/// A plugin's memory in the host.
#[derive(Default)]
pub(crate) struct Memory {
    /// How many sessions something is kept with.
    pub sessions: Gauge,
    pub metrics: Metrics,
    pub stats: Stats,
    /// Lines that are not about a domain.
    pub log: LogLimit,
    /// Total bytes of the memories of all its instances.
    pub bytes: Gauge,
    pub instances: Gauge,
    /// Instances discarded after a failure.
    pub discarded: Counter,
    /// Whether the plugin has been removed. Held while anything is stored for it: what is written after its values were deleted
    /// would stay for ever.
    removed: RwLock<bool>,
    domains: Mutex<HashMap<u32, Arc<OnDomain>>>,
}

/// What is kept apart for each domain, so that the users of one brand take nothing from another's.
#[derive(Default)]
pub(crate) struct OnDomain {
    pub rates: Rates,
    pub log: LogLimit,
    /// Lines about its failures.
    pub failures: LogLimit,
    /// How often a session was read no further, since more than a share was used.
    pub rested: Counter,
    /// All of what the plugin keeps with sessions and in `rates`.
    pub state: Arc<Quota>,
    pub share: Share,
    /// Events that services are told of, in order.
    pub lanes: Arc<Lanes>,
    /// Stanzas that services send.
    pub outbox: Arc<Outbox>,
    /// Stanzas to the address that belongs to the plugin here.
    pub inbox: Arc<Inbox>,
    /// Requests to that address that wait for an answer.
    pub answers: Arc<Answers>,
    /// The timers that a service is being told of.
    pub firing: Mutex<HashSet<String>>,
    breakers: Mutex<Guarded>,
}

/// Breakers, and what they have judged: the version and its settings.
#[derive(Default)]
struct Guarded {
    what: String,
    breakers: Arc<Breakers>,
}

impl OnDomain {
    /// The breakers for a version with its settings: fresh ones if it was another before.
    pub fn breakers(&self, what: String) -> Arc<Breakers> {
        let mut guarded = self.breakers.lock();
        if guarded.what != what {
            *guarded = Guarded { what, breakers: Arc::default() };
        }
        guarded.breakers.clone()
    }

    /// Forgets for whom it has failed.
    pub fn forgive(&self) {
        *self.breakers.lock() = Guarded::default();
    }
}

impl Memory {
    /// Leave to store something, while it is held. `None`: the plugin has been removed.
    pub async fn stores(&self) -> Option<RwLockReadGuard<'_, bool>> {
        let removed = self.removed.read().await;
        (!*removed).then_some(removed)
    }

    /// Waits until all that was begun is stored; then nothing is any more.
    pub async fn store_no_more(&self) {
        *self.removed.write().await = true;
    }

    /// What is kept for this domain.
    pub fn on(&self, domain: u32) -> Arc<OnDomain> {
        self.domains.lock().entry(domain).or_default().clone()
    }

    /// Drops what is kept for domains that are not among these, unless it is in use.
    pub fn keep(&self, domains: &HashSet<u32>) {
        self.domains.lock().retain(|domain, on| domains.contains(domain) || Arc::strong_count(on) > 1);
    }

    /// All of them, by the number of the domain.
    pub fn domains(&self) -> Vec<(u32, Arc<OnDomain>)> {
        self.domains.lock().iter().map(|(domain, on)| (*domain, on.clone())).collect()
    }
}
