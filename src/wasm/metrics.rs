//! Plugins' own metrics.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use runtime::Counter;
use serde::Serialize;

use crate::manifest::MetricKind;

/// The values of a plugin's metrics, by name and domain. Names come from manifests, so there are few.
#[derive(Default)]
pub(crate) struct Metrics(Mutex<BTreeMap<Name, Arc<Series>>>);

/// The name of a metric, and the number of a domain.
type Name = (Box<str>, u32);

/// One value; a change takes no lock.
pub(crate) struct Series {
    kind: MetricKind,
    count: Counter,
    /// The bits of an `f64`.
    value: AtomicU64,
}

impl Series {
    pub fn kind(&self) -> MetricKind {
        self.kind
    }

    pub fn change(&self, change: impl Fn(f64) -> f64) {
        self.count.inc();
        let changed = |bits| Some(change(f64::from_bits(bits)).to_bits());
        let _ = self.value.fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed);
    }
}

/// The current state of a plugin's metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricValue {
    /// Its name in the manifest.
    pub name: String,
    pub domain: String,
    pub kind: MetricKind,
    /// The value of a counter or gauge, or the sum of the observations.
    pub value: f64,
    /// The number of observations; for other metrics, the number of changes.
    pub count: u64,
}

impl Metrics {
    /// The value of this name on this domain, which a version with another kind begins anew.
    pub fn series(&self, name: &str, domain: u32, kind: MetricKind) -> Arc<Series> {
        let mut all = self.0.lock();
        let new = || Arc::new(Series { kind, count: Counter::new(), value: AtomicU64::new(0) });
        let series = all.entry((name.into(), domain)).or_insert_with(new);
        if series.kind != kind {
            *series = new();
        }
        series.clone()
    }

    /// All values, by name and domain.
    pub fn list(&self, domain_name: impl Fn(u32) -> String) -> Vec<MetricValue> {
        let all = self.0.lock();
        let value = |((name, domain), series): (&Name, &Arc<Series>)| MetricValue {
            name: name.to_string(),
            domain: domain_name(*domain),
            kind: series.kind,
            value: f64::from_bits(series.value.load(Ordering::Relaxed)),
            count: series.count.get(),
        };
        all.iter().map(value).collect()
    }
}
