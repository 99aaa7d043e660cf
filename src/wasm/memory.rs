//! What the host remembers for a plugin's *name*: it outlives instances, versions, and a while disabled.

use hashbrown::HashMap;
use parking_lot::Mutex;
use runtime::{Counter, Gauge};

use crate::log_limit::LogLimit;
use crate::metrics::Metrics;
use crate::rates::{Rates, Repeat};
use crate::stats::Stats;

const SHARDS: usize = 16;
/// Counters that a plugin may have for one session.
const REPEATS: usize = 16;
/// Bytes of a session slot.
pub(crate) const SLOT_BYTES: usize = 64 * 1024;

/// A plugin's memory in the host.
#[derive(Default)]
pub(crate) struct Memory {
    sessions: [Mutex<HashMap<u64, OfSession>>; SHARDS],
    pub rates: Rates,
    pub metrics: Metrics,
    pub stats: Stats,
    pub log: LogLimit,
    /// Bytes of the memories of all its instances.
    pub bytes: Gauge,
    pub instances: Gauge,
    /// Instances that were thrown away after a failure.
    pub discarded: Counter,
}

/// What is kept with one session.
#[derive(Default)]
struct OfSession {
    repeats: Vec<(u32, Repeat)>,
    slot: Vec<u8>,
}

impl Memory {
    fn shard(&self, session: u64) -> &Mutex<HashMap<u64, OfSession>> {
        // the remainder is below the length, so there always is one
        self.sessions.get(session as usize % SHARDS).unwrap_or(&self.sessions[0])
    }

    /// One more of the session's counter `name`; see `rates.repeat-session`.
    pub fn repeat(&self, session: u64, name: u32, hit: impl FnOnce(&mut Repeat) -> bool, print: u64) -> bool {
        let mut shard = self.shard(session).lock();
        let repeats = &mut shard.entry(session).or_default().repeats;
        if let Some((_, repeat)) = repeats.iter_mut().find(|(other, _)| *other == name) {
            return hit(repeat);
        }
        if repeats.len() >= REPEATS {
            return false;
        }
        let mut repeat = Repeat::new(print);
        let over = hit(&mut repeat);
        repeats.push((name, repeat));
        over
    }

    /// What the plugin keeps with a session; empty until set.
    pub fn slot(&self, session: u64) -> Vec<u8> {
        self.shard(session).lock().get(&session).map(|kept| kept.slot.clone()).unwrap_or_default()
    }

    /// Keeps it.
    pub fn set_slot(&self, session: u64, value: Vec<u8>) {
        self.shard(session).lock().entry(session).or_default().slot = value;
    }

    /// The session has ended.
    pub fn forget(&self, session: u64) {
        self.shard(session).lock().remove(&session);
    }

    /// Forgets sessions that ended while the plugin was off.
    pub fn sweep(&self, lives: impl Fn(u64) -> bool) {
        self.sessions.iter().for_each(|shard| shard.lock().retain(|session, _| lives(*session)));
    }

    /// How many sessions something is kept with.
    pub fn sessions(&self) -> usize {
        self.sessions.iter().map(|shard| shard.lock().len()).sum()
    }
}
