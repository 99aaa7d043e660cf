//! Senders whose stanzas made a plugin fail. Each is answered for on its own first, so that nobody can take a plugin away
//! from the others by tripping it.

use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashMap;
use parking_lot::Mutex;
use xmpp::Jid;

/// A sender is blamed for failures of this total weight within the span.
const BLAMED_AT: u32 = 2;
/// Failures are summed over this time, milliseconds.
pub(crate) const SPAN_MS: u64 = 10_000;
/// How long a sender is blamed, milliseconds.
const BLAMED_MS: u64 = 60_000;
/// The most senders that are remembered.
const MOST: usize = 1_024;

/// The senders that one plugin has failed for on one domain. A sender is an account (its bare JID) or a remote domain.
#[derive(Default)]
pub(crate) struct Blame {
    /// Until when anything is remembered; 0: nothing is. While that is so, a call costs no lock and reads no clock.
    until_ms: AtomicU64,
    senders: Mutex<HashMap<Jid, Record>>,
}

#[derive(Clone, Copy)]
struct Record {
    since_ms: u64,
    weight: u32,
    /// 0: it is not blamed yet.
    until_ms: u64,
}

impl Record {
    fn is_over(&self, now_ms: u64) -> bool {
        now_ms >= self.until_ms && now_ms.saturating_sub(self.since_ms) >= SPAN_MS
    }
}

impl Blame {
    /// Whether the sender is blamed. `sender` and `now_ms` (monotonic, not 0) are called only if that may be.
    pub fn covers(&self, sender: impl FnOnce() -> Option<Jid>, now_ms: impl FnOnce() -> u64) -> bool {
        if self.until_ms.load(Ordering::Acquire) == 0 {
            return false;
        }
        let now = now_ms();
        let mut senders = self.senders.lock();
        if now >= self.until_ms.load(Ordering::Acquire) {
            *senders = HashMap::new();
            self.until_ms.store(0, Ordering::Release);
            return false;
        }
        sender().and_then(|sender| senders.get(&sender).copied()).is_some_and(|record| now < record.until_ms)
    }

    /// A call for that sender failed; `true` if the sender is blamed from now on. Beyond the number of senders that are
    /// remembered, none is.
    pub fn failed(&self, sender: &Jid, weight: u32, now_ms: u64) -> bool {
        let mut senders = self.senders.lock();
        if senders.len() >= MOST && !senders.contains_key(sender) {
            senders.retain(|_, record| !record.is_over(now_ms));
            if senders.len() >= MOST {
                return false;
            }
        }
        let fresh = Record { since_ms: now_ms, weight: 0, until_ms: 0 };
        let record = senders.entry(sender.clone()).or_insert(fresh);
        if record.is_over(now_ms) {
            *record = fresh;
        }
        record.weight += weight;
        let blamed = record.weight >= BLAMED_AT;
        if blamed {
            record.until_ms = now_ms + BLAMED_MS;
        }
        self.until_ms.fetch_max(record.until_ms.max(record.since_ms + SPAN_MS), Ordering::AcqRel);
        blamed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(text: &str) -> Jid {
        Jid::parse(text).unwrap()
    }

    fn covers(blame: &Blame, sender: &str, now_ms: u64) -> bool {
        blame.covers(|| Some(jid(sender)), || now_ms)
    }

    #[test]
    fn the_second_failure_within_ten_seconds_is_blamed_for_a_minute() {
        let blame = Blame::default();
        assert!(!blame.failed(&jid("a@x"), 1, 1));
        assert!(!covers(&blame, "a@x", 2));
        assert!(blame.failed(&jid("a@x"), 1, 10_000));
        assert!(covers(&blame, "a@x", 69_999));
        assert!(!covers(&blame, "b@x", 69_999));
        assert!(!covers(&blame, "a@x", 70_000));
        assert_eq!(blame.until_ms.load(Ordering::Acquire), 0, "nobody is remembered any more");
        assert!(!blame.failed(&jid("a@x"), 1, 70_001), "it starts over");
        assert!(!blame.failed(&jid("a@x"), 1, 80_001), "the first is too long ago");
        assert!(blame.failed(&jid("b@x"), 2, 80_001), "a failure that counts twice");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let blame = Blame::default();
        for n in 0..3 * MOST {
            blame.failed(&jid(&format!("u{n}@x")), 2, 1);
        }
        assert_eq!(blame.senders.lock().len(), MOST);
        assert!(!blame.failed(&jid("late@x"), 2, 60_000), "there is no room");
        assert!(blame.failed(&jid("late@x"), 2, 60_001), "the others' time is over");
        assert_eq!(blame.senders.lock().len(), 1);
    }
}
