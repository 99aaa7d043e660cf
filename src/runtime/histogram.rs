//! How often values fell into each of a few ranges.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts values by ranges that are fixed when it is made.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One more than bounds: the last is of larger values.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// A histogram's state at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistogramState {
    /// The largest value of each range, ascending.
    pub bounds: &'static [u64],
    /// How many values fell into each range; one more than bounds, for larger values.
    pub counts: Vec<u64>,
    /// The sum of all values.
    pub sum: u64,
}

impl Histogram {
    /// No values yet. `bounds`: the largest value of each range, ascending.
    pub fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    /// Adds a value.
    pub fn record(&self, value: u64) {
        self.record_many(value, 1);
    }

    /// Adds a value so many times.
    pub fn record_many(&self, value: u64, times: u64) {
        if let Some(count) = self.counts.get(range(self.bounds, value)) {
            count.fetch_add(times, Ordering::Relaxed);
        }
        self.sum.fetch_add(value.saturating_mul(times), Ordering::Relaxed);
    }

    /// What was recorded so far.
    pub fn state(&self) -> HistogramState {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        HistogramState { bounds: self.bounds, counts, sum: self.sum.load(Ordering::Relaxed) }
    }
}

/// In which range a value falls.
fn range(bounds: &[u64], value: u64) -> usize {
    bounds.partition_point(|bound| *bound < value)
}

impl HistogramState {
    /// Adds a value so many times.
    pub fn add(&mut self, value: u64, times: u64) {
        if let Some(count) = self.counts.get_mut(range(self.bounds, value)) {
            *count += times;
            self.sum = self.sum.saturating_add(value.saturating_mul(times));
        }
    }

    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_a_bound_belongs_below_it() {
        let histogram = Histogram::new(&[10, 100]);
        [0, 10, 11, 100, 101, 5000].iter().for_each(|value| histogram.record(*value));
        let state = histogram.state();
        assert_eq!(state.counts, [2, 2, 2]);
        assert_eq!((state.count(), state.sum), (6, 5222));
        histogram.record_many(10, 3);
        let mut more = histogram.state();
        more.add(11, 2);
        assert_eq!((more.counts, more.sum), (vec![5, 4, 2], 5222 + 30 + 22));
    }
}
