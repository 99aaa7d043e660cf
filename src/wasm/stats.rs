//! Counters of plugin calls.

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
    /// Counts a verdict, by its index among the hook's verdicts.
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

/// The current counters of one hook on one domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HookStats {
    /// The hook's name.
    pub hook: String,
    pub domain: String,
    /// The number of calls.
    pub calls: u64,
    /// Verdicts by name.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// Failures by name; only those that occurred.
    pub failures: BTreeMap<&'static str, u64>,
}

/// The current counters of a plugin; they belong to its name and outlive its versions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PluginStats {
    pub name: String,
    /// Calls, by hook and domain.
    pub hooks: Vec<HookStats>,
    /// Calls into the host that were denied, by interface.
    pub denied: BTreeMap<&'static str, u64>,
    /// Its own metrics.
    pub metrics: Vec<MetricValue>,
    /// Live instances of all versions.
    pub instances: i64,
    /// Total bytes of their memories.
    pub memory_bytes: i64,
    /// Instances discarded after a failure.
    pub discarded: u64,
    /// Sessions for which the host keeps some of its state.
    pub sessions: usize,
}

impl Stats {
    /// The counters of a hook on a domain.
    pub fn hook(&self, hook: Hook, domain: u32) -> Arc<HookCounters> {
        self.hooks.lock().entry((hook, domain)).or_default().clone()
    }

    /// Counts a denied call into the host.
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
