//! What the platform tells of its plugins.

use std::collections::BTreeMap;
use std::sync::Weak;

use crate::deployment::AtWork;
use crate::memory::Memory;
use crate::platform::Platform;
use crate::stats::{OnDomainStats, PluginStats};

impl Platform {
    /// The deployed plugins, each in its newest version, by name.
    pub fn loaded(&self) -> Vec<AtWork> {
        let alive: Vec<_> = self.deployments.lock().iter().filter_map(Weak::upgrade).collect();
        let newest: BTreeMap<_, _> =
            alive.iter().map(|deployment| (&deployment.scope.name, deployment)).collect();
        newest.values().map(|deployment| deployment.at_work()).collect()
    }

    /// The counters of all names, in order.
    pub fn stats(&self) -> Vec<PluginStats> {
        let mut names: Vec<_> = self.memories.lock().keys().cloned().collect();
        names.sort();
        names.iter().map(|name| self.stats_of(name)).collect()
    }

    /// The counters of one plugin's name; all zero if it was never deployed.
    pub fn stats_of(&self, name: &str) -> PluginStats {
        let memory = self.memories.lock().get(name).cloned();
        let Some(memory) = memory else { return PluginStats { name: name.to_owned(), ..Default::default() } };
        let domain = |id: u32| self.domains.lock().name(id);
        PluginStats {
            name: name.to_owned(),
            hooks: memory.stats.list(domain),
            denied: memory.stats.denials(None),
            metrics: memory.metrics.list(domain),
            instances: memory.instances.get(),
            memory_bytes: memory.bytes.get(),
            discarded: memory.discarded.get(),
            sessions: usize::try_from(memory.sessions.get()).unwrap_or_default(),
            domains: self.on_domains(&memory),
            last_failure: memory.stats.last_failure(),
        }
    }

    fn on_domains(&self, memory: &Memory) -> Vec<OnDomainStats> {
        let mut list: Vec<_> = memory
            .domains()
            .into_iter()
            .map(|(id, on)| OnDomainStats {
                domain: self.domains.lock().name(id),
                state_bytes: on.state.used(),
                cpu_seconds: on.share.total().as_secs_f64(),
                rested: on.rested.get(),
                denied: memory.stats.denials(Some(id)),
            })
            .collect();
        list.sort_by(|a, b| a.domain.cmp(&b.domain));
        list
    }
}
