//! What is counted of a plugin's calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use runtime::Counter;
use serde::Serialize;

use crate::failure::FailureKind;
use crate::hook::Hook;
use crate::metrics::MetricValue;

const VERDICTS: usize = 5;

/// The counters of one hook on one domain.
#[derive(Default)]
pub(crate) struct HookCounters {
    pub calls: Counter,
    verdicts: [Counter; VERDICTS],
    failures: [Counter; FailureKind::ALL.len()],
}

impl HookCounters {
    /// Counts a verdict, by its place among the hook's words.
    pub fn verdict(&self, index: usize) {
        if let Some(counter) = self.verdicts.get(index) {
            counter.inc();
        }
    }

    /// Counts a failure.
    pub fn failure(&self, kind: FailureKind) {
        if let Some(counter) = self.failures.get(kind as usize) {
            counter.inc();
        }
    }
}

/// All counters of a plugin's name.
#[derive(Default)]
pub(crate) struct Stats {
    hooks: Mutex<BTreeMap<(Hook, u32), Arc<HookCounters>>>,
    denied: Mutex<BTreeMap<&'static str, u64>>,
}

/// One hook of a plugin on one domain, as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HookStats {
    /// The hook's name.
    pub hook: String,
    pub domain: String,
    /// How often the plugin was called.
    pub calls: u64,
    /// What it said, by word.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// How it failed, by word; only what happened.
    pub failures: BTreeMap<&'static str, u64>,
}

/// A plugin as it stands: its counters belong to its name and outlive its versions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PluginStats {
    pub name: String,
    /// Calls, by hook and domain.
    pub hooks: Vec<HookStats>,
    /// Calls into the host that were denied, by interface.
    pub denied: BTreeMap<&'static str, u64>,
    /// Its own metrics.
    pub metrics: Vec<MetricValue>,
    /// Instances alive, of all versions.
    pub instances: i64,
    /// Bytes of their memories.
    pub memory_bytes: i64,
    /// Instances thrown away after a failure.
    pub discarded: u64,
    /// Sessions for which the host keeps something of its.
    pub sessions: usize,
}

impl Stats {
    /// The counters of a hook on a domain.
    pub fn hook(&self, hook: Hook, domain: u32) -> Arc<HookCounters> {
        self.hooks.lock().entry((hook, domain)).or_default().clone()
    }

    /// A call into the host was denied.
    pub fn denied(&self, interface: &'static str) {
        *self.denied.lock().entry(interface).or_insert(0) += 1;
    }

    /// Denied calls by interface.
    pub fn denials(&self) -> BTreeMap<&'static str, u64> {
        self.denied.lock().clone()
    }

    /// All hooks, in order.
    pub fn list(&self, domain_name: impl Fn(u32) -> String) -> Vec<HookStats> {
        let of = |((hook, domain), counters): (&(Hook, u32), &Arc<HookCounters>)| HookStats {
            hook: hook.name().to_owned(),
            domain: domain_name(*domain),
            calls: counters.calls.get(),
            verdicts: hook.verdicts().iter().zip(&counters.verdicts).map(|(w, n)| (*w, n.get())).collect(),
            failures: FailureKind::ALL
                .iter()
                .zip(&counters.failures)
                .map(|(kind, counter)| (kind.name(), counter.get()))
                .filter(|(_, count)| *count > 0)
                .collect(),
        };
        self.hooks.lock().iter().map(of).collect()
    }
}
