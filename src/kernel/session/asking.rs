//! Clients that were asked for an acknowledgement (XEP-0198) and are silent: they have vanished, although something on the
//! way still takes what is sent to them.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

const NOT_ASKED: u32 = 0;
const VANISHED: u32 = u32::MAX;

/// Since when a session's client owes an answer.
#[derive(Default)]
pub(crate) struct Asking {
    /// By the monotonic clock, in seconds; never 0.
    since: AtomicU32,
    /// Whether anything has come from it since then.
    heard: AtomicBool,
}

impl Asking {
    /// The client was asked for an acknowledgement; `now` is in [`seconds`].
    pub fn ask(&self, now: u32) {
        self.heard.store(false, Ordering::Relaxed);
        self.since.store(now, Ordering::Relaxed);
    }

    /// The connection is gone, or the client has answered.
    pub fn end(&self) {
        self.since.store(NOT_ASKED, Ordering::Relaxed);
    }

    /// Something else has come from the client.
    pub fn hear(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    /// Whether it was found to have vanished.
    pub fn has_vanished(&self) -> bool {
        self.since.load(Ordering::Relaxed) == VANISHED
    }

    /// Whether it has vanished just now: silent for longer than `limit` seconds.
    pub fn judge(&self, now: u32, limit: u32) -> bool {
        let since = self.since.load(Ordering::Relaxed);
        if matches!(since, NOT_ASKED | VANISHED) {
            return false;
        }
        if self.heard.swap(false, Ordering::Relaxed) {
            self.since.store(now, Ordering::Relaxed);
            return false;
        }
        let vanished = now.saturating_sub(since) > limit;
        // Unless it answers at this moment.
        vanished && self.since.compare_exchange(since, VANISHED, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// A time of the monotonic clock in seconds; never 0.
pub(crate) fn seconds(now: Duration) -> u32 {
    u32::try_from(now.as_secs()).unwrap_or(u32::MAX).clamp(1, VANISHED - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_vanished_when_it_is_silent_for_longer_than_the_limit() {
        let asking = Asking::default();
        assert!(!asking.judge(1000, 90), "it was not asked");
        asking.ask(10);
        assert!(!asking.judge(100, 90));
        asking.hear();
        assert!(!asking.judge(101, 90), "something has come");
        assert!(!asking.judge(191, 90));
        asking.end();
        assert!(!asking.judge(500, 90), "it has answered");
        asking.ask(500);
        assert!(asking.judge(591, 90));
        assert!(!asking.judge(592, 90), "once");
    }
}
