//! Counters of plugin calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use runtime::{Counter, Histogram, HistogramState};
use serde::{Serialize, Serializer};

use crate::failure::{FailureKind, LastFailure};
use crate::hook::Hook;
use crate::metrics::MetricValue;
use crate::share::nanos;

const VERDICTS: usize = 6;

/// Upper bounds of the times of calls, nanoseconds.
const TIMES: &[u64] =
    &[1_000, 2_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000];

/// How long calls took, as far as they were measured.
pub(crate) struct Times(Histogram);

impl Default for Times {
    fn default() -> Self {
        Self(Histogram::new(TIMES))
    }
}

/// The counters of one hook on one domain.
#[derive(Default)]
pub(crate) struct HookCounters {
    pub calls: Counter,
    /// Nanoseconds of a call.
    times: Times,
    /// Calls whose time is known, or taken for that of another one.
    timed: AtomicU64,
    /// Whether the last call that was measured was not quick.
    slow: AtomicBool,
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

    /// Whether calls have not been quick lately.
    pub fn is_slow(&self) -> bool {
        self.slow.load(Ordering::Relaxed)
    }

    /// Notes whether the call that was measured last was quick.
    pub fn was_slow(&self, slow: bool) {
        self.slow.store(slow, Ordering::Relaxed);
    }

    /// The time of a call is known, or it never reached the plugin.
    pub fn timed(&self) {
        self.timed.fetch_add(1, Ordering::Relaxed);
    }

    /// A call was measured that stands for those that were not. Returns how many others that are.
    pub fn sampled(&self) -> u64 {
        let calls = self.calls.get();
        calls.saturating_sub(self.timed.fetch_max(calls, Ordering::Relaxed)).saturating_sub(1)
    }

    /// Records the time of a call, and that of others for which it stands.
    pub fn record(&self, own: Duration, each: Duration, others: u64) {
        self.times.0.record(nanos(own));
        if others > 0 {
            self.times.0.record_many(nanos(each), others);
        }
    }
}

/// All counters of a plugin's name.
#[derive(Default)]
pub(crate) struct Stats {
    last_failure: Mutex<Option<LastFailure>>,
    hooks: Mutex<BTreeMap<(Hook, u32), Arc<HookCounters>>>,
    denied: Mutex<BTreeMap<(&'static str, Option<u32>), u64>>,
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
    /// How long calls took, nanoseconds: a few of the last ones are missing, see [`HookCounters::sampled`].
    #[serde(serialize_with = "times")]
    pub times: HistogramState,
}

/// As an object from the upper bound of each range to the number of calls in it.
fn times<S: Serializer>(times: &HistogramState, to: S) -> Result<S::Ok, S::Error> {
    let bounds = times.bounds.iter().map(ToString::to_string).chain(std::iter::once("more".to_owned()));
    to.collect_map(bounds.zip(&times.counts).filter(|(_, count)| **count > 0))
}

/// How a plugin fares on one domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OnDomainStats {
    pub domain: String,
    /// Bytes that the server keeps for it: session slots and counters.
    pub state_bytes: usize,
    /// CPU time of all calls so far.
    pub cpu_seconds: f64,
    /// How often a session was read no further until a share had been earned again.
    pub rested: u64,
    /// Calls into the host that were denied, by interface.
    pub denied: BTreeMap<&'static str, u64>,
}

/// The current counters of a plugin; they belong to its name and outlive its versions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PluginStats {
    pub name: String,
    /// Calls, by hook and domain.
    pub hooks: Vec<HookStats>,
    /// Calls into the host that were denied when it was about no domain, by interface.
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
    pub domains: Vec<OnDomainStats>,
    pub last_failure: Option<LastFailure>,
}

impl Stats {
    /// The counters of a hook on a domain.
    pub fn hook(&self, hook: Hook, domain: u32) -> Arc<HookCounters> {
        self.hooks.lock().entry((hook, domain)).or_default().clone()
    }

    pub fn failed(&self, failure: LastFailure) {
        *self.last_failure.lock() = Some(failure);
    }

    pub fn last_failure(&self) -> Option<LastFailure> {
        self.last_failure.lock().clone()
    }

    /// Counts a denied call into the host.
    pub fn denied(&self, interface: &'static str, domain: Option<u32>) {
        *self.denied.lock().entry((interface, domain)).or_insert(0) += 1;
    }

    /// Denied calls on a domain, or about none, by interface.
    pub fn denials(&self, on: Option<u32>) -> BTreeMap<&'static str, u64> {
        let all = self.denied.lock();
        let of_it = all.iter().filter(|((_, domain), _)| *domain == on);
        of_it.map(|((interface, _), count)| (*interface, *count)).collect()
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
            times: counters.times.0.state(),
        };
        self.hooks.lock().iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_was_measured_stands_for_those_that_were_not() {
        let (counters, us) = (HookCounters::default(), Duration::from_micros);
        let calls = |count| (0..count).for_each(|_| counters.calls.inc());
        calls(1);
        assert_eq!(counters.sampled(), 0, "the first stands for itself");
        calls(8);
        assert_eq!(counters.sampled(), 7);
        counters.record(us(3), us(3), 7);
        calls(5);
        (0..2).for_each(|_| counters.timed()); // two of them are known
        assert_eq!(counters.sampled(), 2);
        assert_eq!(counters.sampled(), 0, "they are not counted twice");
        counters.record(us(40), us(10), 2);
        let times = counters.times.0.state();
        assert_eq!((times.count(), times.sum), (11, 24_000 + 60_000));
    }
}
