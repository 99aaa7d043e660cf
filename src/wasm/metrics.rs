//! Plugins' own metrics.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde::Serialize;

use crate::manifest::MetricKind;

/// The values of a plugin's metrics, by name and domain. Names come from manifests, so there are few.
#[derive(Default)]
pub(crate) struct Metrics(Mutex<BTreeMap<(Box<str>, u32), Series>>);

struct Series {
    kind: MetricKind,
    count: u64,
    value: f64,
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
    /// Changes a value.
    pub fn change(&self, name: &str, domain: u32, kind: MetricKind, change: impl FnOnce(f64) -> f64) {
        let mut all = self.0.lock();
        let series = all.entry((name.into(), domain)).or_insert(Series { kind, count: 0, value: 0.0 });
        series.kind = kind;
        series.count += 1;
        series.value = change(series.value);
    }

    /// All values, by name and domain.
    pub fn list(&self, domain_name: impl Fn(u32) -> String) -> Vec<MetricValue> {
        let all = self.0.lock();
        let value = |((name, domain), series): (&(Box<str>, u32), &Series)| MetricValue {
            name: name.to_string(),
            domain: domain_name(*domain),
            kind: series.kind,
            value: series.value,
            count: series.count,
        };
        all.iter().map(value).collect()
    }
}
