//! Rate limit for plugins' log lines.

use parking_lot::Mutex;

/// Lines allowed at once.
const BURST: u64 = 50;
/// Lines a second, on average.
const PER_SECOND: u64 = 10;

/// A token bucket of lines: suppressed lines are counted and reported with the next one that is written.
pub(crate) struct LogLimit(Mutex<Bucket>);

struct Bucket {
    lines: u64,
    since_ms: u64,
    suppressed: u64,
}

impl Default for LogLimit {
    fn default() -> Self {
        Self(Mutex::new(Bucket { lines: BURST, since_ms: 0, suppressed: 0 }))
    }
}

impl LogLimit {
    /// Whether another line may be written; if so, the number of lines suppressed before it.
    pub fn take(&self, now_ms: u64) -> Option<u64> {
        let mut bucket = self.0.lock();
        let earned = now_ms.saturating_sub(bucket.since_ms) * PER_SECOND / 1000;
        if earned > 0 {
            bucket.lines = bucket.lines.saturating_add(earned).min(BURST);
            bucket.since_ms = now_ms;
        }
        match bucket.lines.checked_sub(1) {
            Some(left) => {
                bucket.lines = left;
                Some(std::mem::take(&mut bucket.suppressed))
            }
            None => {
                bucket.suppressed += 1;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_and_counted() {
        let limit = LogLimit::default();
        assert_eq!((0..1000).filter(|_| limit.take(0).is_some()).count(), BURST as usize);
        assert_eq!(limit.take(50), None, "half a line has been earned");
        assert_eq!(limit.take(100), Some(951));
        assert_eq!(limit.take(100), None);
    }
}
