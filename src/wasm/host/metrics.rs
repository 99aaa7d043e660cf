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
    fn change(
        &mut self,
        name: &str,
        domain: u32,
        kind: MetricKind,
        change: impl FnOnce(f64) -> f64,
    ) -> Result<()> {
        self.domain(domain)?;
        let memory = &self.scope.memory;
        match self.scope.metrics.get(name) == Some(&kind) {
            true => memory.metrics.change(name, domain, kind, change),
            false => memory.stats.denied("metrics"),
        }
        Ok(())
    }
}
