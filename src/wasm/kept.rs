//! What plugins keep with a session: part of the session's state, so that it ends with it.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::memory::Memory;
use crate::rates::Repeat;

/// Maximum counters of a plugin for one session.
const REPEATS: usize = 16;
/// Maximum bytes of a session slot.
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
    /// Increments the session's counter `name`; see `rates.repeat-session`.
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

    /// The plugin's session slot; empty until set.
    pub fn slot(&self, memory: &Arc<Memory>) -> Vec<u8> {
        let all = self.0.lock();
        let found = all.iter().find(|kept| kept.memory.as_ptr() == Arc::as_ptr(memory));
        found.map(|kept| kept.slot.clone()).unwrap_or_default()
    }

    pub fn set_slot(&self, memory: &Arc<Memory>, value: Vec<u8>) {
        self.with(memory, |kept| kept.slot = value);
    }

    fn with<T>(&self, memory: &Arc<Memory>, change: impl FnOnce(&mut OfPlugin) -> T) -> T {
        let mut all = self.0.lock();
        let at = all.iter().position(|kept| kept.memory.as_ptr() == Arc::as_ptr(memory));
        let at = at.unwrap_or_else(|| {
            // Entries of plugins removed in the meantime are dropped.
            all.retain(|kept| kept.memory.strong_count() > 0);
            all.reserve_exact(1);
            all.push(OfPlugin::new(memory));
            all.len() - 1
        });
        change(&mut all[at])
    }
}
