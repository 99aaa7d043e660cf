//! A session that is read no further for a while, since its stanzas cost too much.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Until when, by the monotonic clock in microseconds; 0: it is read from.
#[derive(Default)]
pub(crate) struct Rest(AtomicU64);

impl Rest {
    /// Nothing is read until then.
    pub fn until(&self, until: Duration) {
        self.0.fetch_max(u64::try_from(until.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long it still rests; `now` is only called if it may.
    pub fn left(&self, now: impl FnOnce() -> Duration) -> Option<Duration> {
        let until = self.0.load(Ordering::Relaxed);
        if until == 0 {
            return None;
        }
        let left = Duration::from_micros(until).saturating_sub(now());
        if left.is_zero() {
            let _ = self.0.compare_exchange(until, 0, Ordering::Relaxed, Ordering::Relaxed);
            return None;
        }
        Some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rest_counts() {
        let rest = Rest::default();
        let at = Duration::from_secs;
        assert_eq!(rest.left(|| panic!("no clock is read")), None);
        rest.until(at(5));
        rest.until(at(4));
        assert_eq!([rest.left(|| at(3)), rest.left(|| at(5))], [Some(at(2)), None]);
        assert_eq!(rest.left(|| panic!("it is over")), None);
    }
}
