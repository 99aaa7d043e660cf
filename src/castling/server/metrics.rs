//! All metrics, collected when they are asked for. `docs/operators/metrics.md` describes each; a test compares both.

mod datasources;
mod links;
mod memory;
mod plugins;
mod process;
mod sessions;
mod stanzas;
mod storage;

use std::sync::{Arc, Weak};

use admin::metrics::{Description, Family, Kind, Page, Sample, Source, Unit, Value};
use net::http::Networks;
use runtime::HistogramState;

use super::Server;
use crate::config::Config;
pub use memory::Baseline;

/// What `/metrics` shows of a server.
pub struct Metrics(Weak<Server>);

/// Who may read metrics, by a checked configuration.
pub fn allowed(config: &Config) -> Networks {
    Networks::parse(&config.metrics.allow).unwrap_or_default()
}

impl Server {
    /// The route of `/metrics`, made once.
    pub(super) fn metrics_page(self: &Arc<Self>, allowed: Networks) -> Arc<Page> {
        self.metrics.get_or_init(|| Page::new(Arc::new(Metrics(Arc::downgrade(self))), allowed)).clone()
    }
}

impl Source for Metrics {
    fn collect(&self) -> Vec<Family> {
        let Some(server) = self.0.upgrade() else { return Vec::new() };
        let server = &*server;
        let sessions = server.kernel.session_figures();
        let mut all = process::families(server);
        all.extend(memory::families(server, &sessions));
        all.extend(sessions::families(server, &sessions));
        all.extend(stanzas::families(server.kernel.counters()));
        all.extend(storage::families(server.kernel.store()));
        all.extend(datasources::families(&server.sources.stats()));
        all.extend(links::families(&server.s2s.shown(), &server.components.figures()));
        let deployed = server.deployed.lock();
        all.extend(plugins::families(
            &server.platform.stats(),
            &server.platform.loaded(),
            &deployed.in_force(),
        ));
        all
    }
}

const fn counter(name: &'static str, help: &'static str) -> Description {
    Description { name, kind: Kind::Counter, unit: None, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Description {
    Description { name, kind: Kind::Gauge, unit: None, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Description {
    Description { name, kind: Kind::Histogram, unit: None, help }
}

const fn bytes(description: Description) -> Description {
    Description { unit: Some(Unit::Bytes), ..description }
}

const fn seconds(description: Description) -> Description {
    Description { unit: Some(Unit::Seconds), ..description }
}

/// A histogram whose values are counted in the `part`th part of the metric's unit.
fn distribution(state: &HistogramState, part: f64) -> Value {
    let bounds = state.bounds.iter().map(|bound| *bound as f64 / part).chain([f64::INFINITY]);
    Value::Distribution {
        buckets: bounds.zip(state.counts.iter().copied()).collect(),
        sum: state.sum as f64 / part,
    }
}

/// One value for each label.
fn by<T: Into<Value>>(
    description: Description,
    label: &'static str,
    values: impl IntoIterator<Item = (&'static str, T)>,
) -> Family {
    description.with(values.into_iter().map(|(name, value)| Sample::of(value).label(label, name)))
}
