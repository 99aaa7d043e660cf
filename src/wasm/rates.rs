//! Counters for plugins: kept by the host, so that they outlive traps, reloads and instances.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

use crate::quota::{OverQuota, Quota};
use crate::window::Window;

/// Bytes of a counter without its hits.
const KEY_BYTES: usize = 96;

/// A plugin's counters on one domain, by key.
#[derive(Default)]
pub(crate) struct Rates {
    hasher: DefaultHashBuilder,
    keys: Mutex<Keys>,
}

struct Key {
    window: Window,
    expires: u64,
    /// What it was charged with.
    bytes: usize,
}

/// Counts the same thing in a row.
pub(crate) struct Repeat {
    fingerprint: u64,
    window: Window,
}

impl Rates {
    /// Adds a hit to a key; `true` once more than `limit` occurred within `span`. Times in milliseconds.
    ///
    /// # Errors
    /// There is no room for another counter.
    pub fn hit(
        &self,
        (name, key): (&str, &str),
        limit: u32,
        span: u32,
        now: u64,
        (quota, cap): (&Quota, usize),
    ) -> Result<bool, OverQuota> {
        let hash = self.hasher.hash_one((name, key));
        let mut keys = self.keys.lock();
        let (has, needs) = (keys.all.get(&hash).map_or(0, |key| key.bytes), KEY_BYTES + Window::bytes(limit));
        if needs > has && quota.take(needs - has, cap).is_err() {
            keys.purge(now, quota);
            quota.take(needs - has, cap)?;
        }
        let key = keys.all.entry(hash).or_insert_with(|| Key { window: Window::new(), expires: 0, bytes: 0 });
        key.bytes = key.bytes.max(needs);
        key.expires = now + 2 * u64::from(span);
        Ok(key.window.hit(now, limit, span.into()))
    }

    /// Drops counters that have expired.
    pub fn purge(&self, now: u64, quota: &Quota) {
        self.keys.lock().purge(now, quota);
    }
}

/// How often counters are looked through for those that have expired, milliseconds: there may be hundreds of thousands.
const PURGE_MS: u64 = 1_000;

#[derive(Default)]
struct Keys {
    all: HashMap<u64, Key>,
    purged: u64,
}

impl Keys {
    fn purge(&mut self, now: u64, quota: &Quota) {
        if self.purged != 0 && now.saturating_sub(self.purged) < PURGE_MS {
            return;
        }
        self.purged = now.max(1);
        self.all.retain(|_, key| {
            let stays = key.expires > now;
            if !stays {
                quota.give(key.bytes);
            }
            stays
        });
    }
}

impl Repeat {
    /// A counter without hits.
    pub fn new(fingerprint: u64) -> Self {
        Self { fingerprint, window: Window::new() }
    }

    /// Adds a hit; a different fingerprint restarts counting. `true` once more than `limit` of the same
    /// occurred within `span`.
    pub fn hit(&mut self, fingerprint: u64, limit: u32, span: u32, now: u64) -> bool {
        if fingerprint != self.fingerprint {
            *self = Self::new(fingerprint);
        }
        self.window.hit(now, limit, span.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_fingerprint_begins_anew() {
        let mut repeat = Repeat::new(1);
        let told: Vec<_> = [1, 1, 1, 2, 1, 1, 1].map(|print| repeat.hit(print, 2, 60_000, 5)).into();
        assert_eq!(told, [false, false, true, false, false, false, true]);
    }

    #[test]
    fn keys_are_counted_apart_and_bounded() {
        let (rates, quota) = (Rates::default(), Quota::default());
        let hit = |name: &str, key: &str, now| rates.hit((name, key), 1, 1000, now, (&quota, 100_000));
        assert_eq!(hit("a", "bc", 0), Ok(false));
        assert_eq!(hit("ab", "c", 0), Ok(false));
        assert_eq!(hit("a", "bc", 0), Ok(true));
        let room = 100_000 / (KEY_BYTES + Window::bytes(1));
        for number in 2..room {
            assert!(hit("n", &number.to_string(), 0).is_ok());
        }
        assert_eq!(hit("one", "more", 0), Err(OverQuota));
        assert_eq!(hit("a", "bc", 0), Ok(true), "those there are go on");
        assert_eq!(hit("one", "more", 2000), Ok(false), "the old ones have expired");
        assert_eq!(quota.used(), KEY_BYTES + Window::bytes(1));
        assert_eq!(rates.hit(("one", "more"), 64, 1000, 2001, (&quota, 100_000)), Ok(false));
        assert_eq!(quota.used(), KEY_BYTES + Window::bytes(64), "a larger window is charged");
    }
}
