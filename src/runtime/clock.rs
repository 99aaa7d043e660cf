//! The clock as a parameter.
//!
//! Monotonic time is tokio's, by which timers fire: a test that pauses tokio's clock turns both. A test that waits for
//! another thread, as for a database, cannot pause it, since tokio would take the wait for idleness and advance to the
//! next timeout; it turns a [`ManualClock`] by hand.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// A source of time. Implementations must be cheap: it is called on hot paths.
pub trait Clock: Send + Sync {
    /// The wall clock: microseconds since 1970-01-01T00:00:00Z. May step in either direction.
    fn now_us(&self) -> i64;

    /// Time since a point that is fixed for the process. Monotonic.
    fn monotonic(&self) -> Duration;
}

/// A clock shared by reference count.
pub type SharedClock = Arc<dyn Clock>;

/// The operating system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the ambient wall clock")]
    fn now_us(&self) -> i64 {
        match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => micros(since),
            Err(before) => -micros(before.duration()),
        }
    }

    fn monotonic(&self) -> Duration {
        START.elapsed()
    }
}

/// A clock that moves only when set or advanced, or with tokio's.
#[derive(Debug, Default)]
pub struct ManualClock {
    wall_us: AtomicI64,
    monotonic_us: AtomicU64,
    /// When it began to follow tokio's clock, if it does.
    follows: Option<Instant>,
}

impl ManualClock {
    /// A clock whose wall time is `now_us` (UTC microseconds) and whose monotonic time is zero.
    pub fn new(now_us: i64) -> Self {
        Self { wall_us: AtomicI64::new(now_us), ..Self::default() }
    }

    /// The same, but it also moves with tokio's clock, which the test has paused.
    pub fn with_tokio(now_us: i64) -> Self {
        Self { follows: Some(Instant::now()), ..Self::new(now_us) }
    }

    /// What tokio's clock adds.
    fn followed(&self) -> Duration {
        self.follows.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Steps the wall clock to `now_us`, in either direction; the monotonic clock stays.
    pub fn set(&self, now_us: i64) {
        self.wall_us.store(now_us - micros(self.followed()), Ordering::SeqCst);
    }

    /// Advances both clocks. Fractions of a microsecond are dropped.
    pub fn advance(&self, by: Duration) {
        let by = micros(by);
        self.wall_us.fetch_add(by, Ordering::SeqCst);
        self.monotonic_us.fetch_add(by.unsigned_abs(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_us(&self) -> i64 {
        self.wall_us.load(Ordering::SeqCst) + micros(self.followed())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.monotonic_us.load(Ordering::SeqCst)) + self.followed()
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_is_after_2025_and_its_monotonic_side_does_not_go_back() {
        assert!(SystemClock.now_us() > 1_735_689_600_000_000);
        let first = SystemClock.monotonic();
        assert!(SystemClock.monotonic() >= first);
    }

    #[test]
    fn a_manual_clock_moves_when_told() {
        let clock = ManualClock::new(1_000);
        clock.advance(Duration::from_millis(2));
        assert_eq!(clock.now_us(), 3_000);
        assert_eq!(clock.monotonic(), Duration::from_millis(2));
        clock.set(-5);
        assert_eq!(clock.now_us(), -5);
        assert_eq!(clock.monotonic(), Duration::from_millis(2), "a step of the wall clock is no time passed");
    }

    #[tokio::test(start_paused = true)]
    async fn timers_and_clocks_are_turned_together() {
        let (clock, before) = (ManualClock::with_tokio(1_000), SystemClock.monotonic());
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.monotonic(), Duration::from_secs(3600));
        assert_eq!(clock.now_us(), 3_600_001_000);
        assert_eq!(SystemClock.monotonic() - before, Duration::from_secs(3600));
    }
}
