//! What plugins keep with a session: state of the session, so that it goes with it.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::memory::Memory;
use crate::rates::Repeat;

/// Counters that a plugin may have for one session.
const REPEATS: usize = 16;
/// Bytes of a session slot.
pub(crate) const SLOT_BYTES: usize = 64 * 1024;

/// What plugins keep with one session, by the memory of each plugin's name.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Vec<OfPlugin>>);

/// What one plugin keeps with one session.
struct OfPlugin {
    memory: Weak<Memory>,
    repeats: Vec<(u32, Repeat)>,
    slot: Vec<u8>,
}

impl OfPlugin {
    fn new(memory: &Arc<Memory>) -> Self {
        memory.sessions.inc();
        Self { memory: Arc::downgrade(memory), repeats: Vec::new(), slot: Vec::new() }
    }
}

impl Drop for OfPlugin {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.upgrade() {
            memory.sessions.dec();
        }
    }
}

impl Kept {
    /// One more of the session's counter `name`; see `rates.repeat-session`.
    pub fn repeat(
        &self,
        memory: &Arc<Memory>,
        name: u32,
        hit: impl FnOnce(&mut Repeat) -> bool,
        print: u64,
    ) -> bool {
        self.with(memory, |kept| {
            if let Some((_, repeat)) = kept.repeats.iter_mut().find(|(other, _)| *other == name) {
                return hit(repeat);
            }
            if kept.repeats.len() >= REPEATS {
                return false;
            }
            let mut repeat = Repeat::new(print);
            let over = hit(&mut repeat);
            kept.repeats.push((name, repeat));
            over
        })
    }

    /// What the plugin keeps with the session; empty until set.
    pub fn slot(&self, memory: &Arc<Memory>) -> Vec<u8> {
        let all = self.0.lock();
        let found = all.iter().find(|kept| kept.memory.as_ptr() == Arc::as_ptr(memory));
        found.map(|kept| kept.slot.clone()).unwrap_or_default()
    }

    /// Keeps it.
    pub fn set_slot(&self, memory: &Arc<Memory>, value: Vec<u8>) {
        self.with(memory, |kept| kept.slot = value);
    }

    fn with<T>(&self, memory: &Arc<Memory>, change: impl FnOnce(&mut OfPlugin) -> T) -> T {
        let mut all = self.0.lock();
        let at = all.iter().position(|kept| kept.memory.as_ptr() == Arc::as_ptr(memory));
        let at = at.unwrap_or_else(|| {
            // Plugins that were removed in the meantime leave.
            all.retain(|kept| kept.memory.strong_count() > 0);
            all.reserve_exact(1);
            all.push(OfPlugin::new(memory));
            all.len() - 1
        });
        change(&mut all[at])
    }
}
