//! Counters for plugins: kept by the host, so that they outlive traps, reloads and instances.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

use crate::window::Window;

/// Maximum keys with counters per plugin.
const KEYS: usize = 100_000;

/// A plugin's counters by key.
#[derive(Default)]
pub(crate) struct Rates {
    hasher: DefaultHashBuilder,
    keys: Mutex<HashMap<u64, Key>>,
}

struct Key {
    window: Window,
    expires: u64,
}

/// Counts the same thing in a row.
pub(crate) struct Repeat {
    fingerprint: u64,
    window: Window,
}

impl Rates {
    /// Adds a hit to a key; `true` once more than `limit` occurred within `span`. `None` if there are too
    /// many keys for another counter. Times in milliseconds.
    pub fn hit(&self, name: &str, key: &str, limit: u32, span: u32, now: u64) -> Option<bool> {
        let hash = self.hasher.hash_one((name, key));
        let mut keys = self.keys.lock();
        if keys.len() >= KEYS && !keys.contains_key(&hash) {
            keys.retain(|_, key| key.expires > now);
            if keys.len() >= KEYS {
                return None;
            }
        }
        let key = keys.entry(hash).or_insert_with(|| Key { window: Window::new(), expires: 0 });
        key.expires = now + 2 * u64::from(span);
        Some(key.window.hit(now, limit, span.into()))
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
        let rates = Rates::default();
        assert_eq!(rates.hit("a", "bc", 1, 1000, 0), Some(false));
        assert_eq!(rates.hit("ab", "c", 1, 1000, 0), Some(false));
        assert_eq!(rates.hit("a", "bc", 1, 1000, 0), Some(true));
        for number in 2..KEYS {
            assert!(rates.hit("n", &number.to_string(), 9, 1000, 0).is_some());
        }
        assert_eq!(rates.hit("one", "more", 1, 1000, 0), None);
        assert_eq!(rates.hit("a", "bc", 1, 1000, 0), Some(true), "those there are go on");
        assert_eq!(rates.hit("one", "more", 1, 1000, 2000), Some(false), "the old ones have expired");
    }
}
