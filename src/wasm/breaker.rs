//! The circuit breaker: a plugin that fails repeatedly is not called for a while.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// Failures are summed over this time.
const SPAN_MS: u64 = 10_000;
/// It opens when failures of this total weight occur within the span.
const OPENS_AT: u32 = 3;
/// How long it stays open at first, and at most.
const FIRST_MS: u64 = 1_000;
const LONGEST_MS: u64 = 60_000;
/// After this long without opening, the open time starts over.
const HEALTHY_MS: u64 = 60_000;

/// Closed: calls go through. Open: they do not, until a time. Then one trial call closes or reopens it.
#[derive(Default)]
pub(crate) struct Breaker {
    /// 0: closed; else the time until which it is open.
    until: AtomicU64,
    state: Mutex<BreakerState>,
}

#[derive(Default)]
struct BreakerState {
    failures: Vec<(u64, u32)>,
    opened: u64,
    last_ms: u64,
    wait_ms: u64,
}

/// The breaker's decision about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The call may be made.
    Closed,
    /// The call may be made, and decides whether the breaker closes.
    Trial,
    /// The call must not be made.
    Open,
}

impl Breaker {
    /// Whether a call may be made. `now` (milliseconds, not 0) is called only while the breaker is not
    /// closed.
    pub fn admit(&self, now: impl FnOnce() -> u64) -> Admission {
        let until = self.until.load(Ordering::Acquire);
        if until == 0 {
            return Admission::Closed;
        }
        let now = now();
        // Other calls stay blocked during the trial.
        let next = now + FIRST_MS;
        let won = now >= until
            && self.until.compare_exchange(until, next, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if won { Admission::Trial } else { Admission::Open }
    }

    /// The trial call succeeded.
    pub fn recovered(&self) {
        self.state.lock().failures.clear();
        self.until.store(0, Ordering::Release);
    }

    /// A call failed; returns `true` if the breaker opened.
    pub fn failed(&self, weight: u32, trial: bool, now: u64) -> bool {
        let mut state = self.state.lock();
        state.failures.retain(|(when, _)| now.saturating_sub(*when) < SPAN_MS);
        state.failures.push((now, weight));
        let sum: u32 = state.failures.iter().map(|(_, weight)| weight).sum();
        if sum < OPENS_AT && !trial {
            return false;
        }
        let healthy = now.saturating_sub(state.last_ms) > HEALTHY_MS + state.wait_ms;
        state.wait_ms = match state.wait_ms {
            0 => FIRST_MS,
            _ if healthy => FIRST_MS,
            wait => (wait * 2).min(LONGEST_MS),
        };
        state.failures.clear();
        state.opened += 1;
        state.last_ms = now;
        self.until.store(now + state.wait_ms, Ordering::Release);
        true
    }

    pub fn is_open(&self) -> bool {
        self.until.load(Ordering::Acquire) != 0
    }

    /// How often it has opened.
    pub fn opened(&self) -> u64 {
        self.state.lock().opened
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_at_the_third_failure_and_tries_again_after_a_second() {
        let breaker = Breaker::default();
        assert!(!breaker.failed(1, false, 1));
        assert!(!breaker.failed(1, false, 2));
        assert_eq!(breaker.admit(|| 3), Admission::Closed);
        assert!(breaker.failed(1, false, 3));
        assert_eq!(breaker.admit(|| 1002), Admission::Open);
        assert_eq!(breaker.admit(|| 1003), Admission::Trial);
        assert_eq!(breaker.admit(|| 1004), Admission::Open, "one call tries, not two");
        breaker.recovered();
        assert_eq!(breaker.admit(|| 1005), Admission::Closed);
        assert_eq!(breaker.opened(), 1);
    }

    #[test]
    fn it_waits_longer_each_time() {
        let breaker = Breaker::default();
        let mut now = 1;
        breaker.failed(3, false, now);
        for wait in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            assert_eq!(breaker.admit(|| now + wait - 1), Admission::Open, "{wait}");
            now += wait;
            assert_eq!(breaker.admit(|| now), Admission::Trial, "{wait}");
            assert!(breaker.failed(1, true, now));
        }
        breaker.recovered();
        now += 200_000;
        assert!(breaker.failed(3, false, now));
        assert_eq!(breaker.admit(|| now + 1_000), Admission::Trial, "it has been healthy for long enough");
    }

    #[test]
    fn rare_failures_do_not_open_it() {
        let breaker = Breaker::default();
        assert!((0..100).all(|number| !breaker.failed(1, false, number * 6_000)));
        assert!(breaker.failed(2, false, 594_001), "a deadline counts twice");
    }
}
