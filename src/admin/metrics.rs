//! Metrics for Prometheus and whatever else reads OpenMetrics.
//!
//! Nothing is counted here: each request collects what the parts of the server have counted, as [`Family`] values, and
//! writes them.

mod page;
mod text;

pub use page::{Page, Source};
pub use text::text;

/// What a metric is, for the one who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name without the suffixes of its unit and its kind.
    pub name: &'static str,
    pub kind: Kind,
    /// Part of the name, behind it.
    pub unit: Option<Unit>,
    /// One sentence without a full stop, as OpenMetrics has it.
    pub help: &'static str,
}

/// What may be done with a metric's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows until the server is started again.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How many values there were up to each of several bounds.
    Histogram,
}

/// What a metric is counted in, by Prometheus' conventions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Bytes,
    Seconds,
}

/// A metric with its values, one for each combination of labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    pub description: Description,
    pub samples: Vec<Sample>,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub labels: Vec<(&'static str, String)>,
    pub value: Value,
}

/// A value, in the metric's unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Whole(u64),
    Real(f64),
    Distribution {
        /// Up to each bound, the number of values above the one before.
        buckets: Vec<(f64, u64)>,
        /// The sum of all values.
        sum: f64,
    },
}

impl Description {
    /// The name as queries write it, without a histogram's `_bucket`, `_count` and `_sum`.
    pub fn full_name(&self) -> String {
        let unit = match self.unit {
            Some(Unit::Bytes) => "_bytes",
            Some(Unit::Seconds) => "_seconds",
            None => "",
        };
        let kind = if self.kind == Kind::Counter { "_total" } else { "" };
        format!("{}{unit}{kind}", self.name)
    }

    /// The metric with a value that has no labels.
    pub fn alone(self, value: impl Into<Value>) -> Family {
        self.with([Sample::of(value)])
    }

    /// The metric with these values.
    pub fn with(self, samples: impl IntoIterator<Item = Sample>) -> Family {
        Family { description: self, samples: samples.into_iter().collect() }
    }
}

impl Sample {
    /// A value without labels.
    pub fn of(value: impl Into<Value>) -> Self {
        Self { labels: Vec::new(), value: value.into() }
    }

    /// The same with one more label.
    #[must_use]
    pub fn label(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((name, value.into()));
        self
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Whole(value as u64)
    }
}
