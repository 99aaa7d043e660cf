//! What the host remembers for a plugin's *name*: it outlives instances, versions, and periods of being
//! disabled.

use runtime::{Counter, Gauge};

use crate::log_limit::LogLimit;
use crate::metrics::Metrics;
use crate::rates::Rates;
use crate::stats::Stats;

/// A plugin's memory in the host.
#[derive(Default)]
pub(crate) struct Memory {
    /// How many sessions something is kept with.
    pub sessions: Gauge,
    pub rates: Rates,
    pub metrics: Metrics,
    pub stats: Stats,
    pub log: LogLimit,
    /// Total bytes of the memories of all its instances.
    pub bytes: Gauge,
    pub instances: Gauge,
    /// Instances discarded after a failure.
    pub discarded: Counter,
}
