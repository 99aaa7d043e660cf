//! `metrics`: the plugin's own, named in its manifest.

use wasmtime::Result;

use crate::bindings::castling::plugin::metrics::Host;
use crate::manifest::MetricKind;
use crate::state::StoreData;

impl Host for StoreData {
    fn count(&mut self, name: String, domain: u32, by: u64) -> Result<()> {
        self.change(&name, domain, MetricKind::Counter, |value| value + by as f64)
    }

    fn gauge(&mut self, name: String, domain: u32, value: f64) -> Result<()> {
        self.change(&name, domain, MetricKind::Gauge, |_| value)
    }

    fn observe(&mut self, name: String, domain: u32, value: f64) -> Result<()> {
        self.change(&name, domain, MetricKind::Summary, |sum| sum + value)
    }
}

impl StoreData {
    /// A name that the manifest does not declare, or declares with another kind, is denied and counted as
    /// such.
    fn change(&self, name: &str, domain: u32, kind: MetricKind, change: impl Fn(f64) -> f64) -> Result<()> {
        match self.domain(domain)?.metrics.get(name).filter(|series| series.kind() == kind) {
            Some(series) => series.change(change),
            None => self.denied("metrics"),
        }
        Ok(())
    }
}
