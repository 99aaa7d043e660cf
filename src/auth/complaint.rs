//! Warnings about what fails for everybody at once: one now and then.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// One is written in so long, for each cause.
const EVERY: Duration = Duration::from_secs(10);
/// The most causes that are told apart.
const CAUSES: usize = 8;

/// When warnings were written last, and how many were not since.
#[derive(Default)]
pub(crate) struct Complaints(Mutex<Vec<Cause>>);

struct Cause {
    what: String,
    at: Instant,
    suppressed: u64,
}

impl Complaints {
    /// Whether a warning may be written; if so, how many of this cause were suppressed before it.
    pub fn take(&self, what: &str) -> Option<u64> {
        let now = Instant::now();
        let mut causes = self.0.lock();
        if let Some(known) = causes.iter_mut().find(|cause| cause.what == what) {
            if now.duration_since(known.at) < EVERY {
                known.suppressed += 1;
                return None;
            }
            known.at = now;
            return Some(std::mem::take(&mut known.suppressed));
        }
        if causes.len() >= CAUSES {
            causes.retain(|cause| now.duration_since(cause.at) < EVERY);
        }
        if causes.len() >= CAUSES {
            return None;
        }
        causes.push(Cause { what: what.to_owned(), at: now, suppressed: 0 });
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_now_and_then_says_how_many_there_were() {
        let complaints = Complaints::default();
        assert_eq!(complaints.take("away"), Some(0));
        assert!((0..5).all(|_| complaints.take("away").is_none()));
        assert_eq!(complaints.take("slow"), Some(0), "another cause");
        tokio::time::advance(EVERY).await;
        assert_eq!(complaints.take("away"), Some(5));
        assert_eq!(complaints.take("away"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn causes_are_bounded() {
        let complaints = Complaints::default();
        let written =
            |from: usize| (from..from + 100).filter(|n| complaints.take(&n.to_string()).is_some()).count();
        assert_eq!(written(0), CAUSES);
        tokio::time::advance(EVERY).await;
        assert_eq!(written(100), CAUSES);
    }
}
