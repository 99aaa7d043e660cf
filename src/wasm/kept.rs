//! What plugins keep with a session: part of the session's state, so that it ends with it.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::memory::Memory;
use crate::quota::{OverQuota, Quota};
use crate::rates::Repeat;
use crate::window::Window;

/// Maximum counters of a plugin for one session.
const REPEATS: usize = 16;
/// Bytes of an entry for a plugin without its contents.
const ENTRY_BYTES: usize = size_of::<OfPlugin>() + 32;
/// Maximum bytes of a session slot.
pub(crate) const SLOT_BYTES: usize = 64 * 1024;

/// What plugins keep with one session, by the memory of each plugin's name.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Vec<OfPlugin>>);

/// What one plugin keeps with one session.
struct OfPlugin {
    memory: Weak<Memory>,
    quota: Arc<Quota>,
    /// What the quota was charged with.
    bytes: usize,
    repeats: Vec<Counted>,
    slot: Vec<u8>,
}

/// Whose entry it is, and how much may be kept.
pub(crate) struct Keeping<'a> {
    pub memory: &'a Arc<Memory>,
    pub quota: &'a Arc<Quota>,
    pub cap: usize,
}

/// A counter of repetitions.
#[derive(Clone, Copy)]
pub(crate) struct Counter {
    pub name: u32,
    pub fingerprint: u64,
    pub limit: u32,
}

/// A counter of a session.
struct Counted {
    name: u32,
    repeat: Repeat,
    /// What its window was charged with.
    bytes: usize,
}

impl OfPlugin {
    fn new(keeping: &Keeping<'_>) -> Result<Self, OverQuota> {
        keeping.quota.take(ENTRY_BYTES, keeping.cap)?;
        keeping.memory.sessions.inc();
        Ok(Self {
            memory: Arc::downgrade(keeping.memory),
            quota: keeping.quota.clone(),
            bytes: ENTRY_BYTES,
            repeats: Vec::new(),
            slot: Vec::new(),
        })
    }

    fn take(&mut self, bytes: usize, cap: usize) -> Result<(), OverQuota> {
        self.quota.take(bytes, cap)?;
        self.bytes += bytes;
        Ok(())
    }

    fn give(&mut self, bytes: usize) {
        self.quota.give(bytes);
        self.bytes -= bytes;
    }
}

impl Drop for OfPlugin {
    fn drop(&mut self) {
        self.quota.give(self.bytes);
        if let Some(memory) = self.memory.upgrade() {
            memory.sessions.dec();
        }
    }
}

impl Kept {
    /// Increments one of the session's counters; see `rates.repeat-session`.
    pub fn repeat(
        &self,
        keeping: &Keeping<'_>,
        counter: Counter,
        hit: impl FnOnce(&mut Repeat) -> bool,
    ) -> Result<bool, OverQuota> {
        self.with(keeping, |kept| {
            let bytes = Window::bytes(counter.limit);
            let at = kept.repeats.iter().position(|one| one.name == counter.name);
            let has = at.and_then(|at| kept.repeats.get(at)).map(|one| one.bytes);
            match has {
                None if kept.repeats.len() >= REPEATS => return Err(OverQuota),
                None => kept.take(size_of::<Counted>() + bytes, keeping.cap)?,
                Some(has) if bytes > has => kept.take(bytes - has, keeping.cap)?,
                Some(_) => {}
            }
            let at = at.unwrap_or_else(|| {
                kept.repeats.reserve_exact(1);
                let repeat = Repeat::new(counter.fingerprint);
                kept.repeats.push(Counted { name: counter.name, repeat, bytes });
                kept.repeats.len() - 1
            });
            let Some(one) = kept.repeats.get_mut(at) else { return Err(OverQuota) };
            one.bytes = one.bytes.max(bytes);
            Ok(hit(&mut one.repeat))
        })
    }

    /// The plugin's session slot; empty until set.
    pub fn slot(&self, memory: &Arc<Memory>) -> Vec<u8> {
        let all = self.0.lock();
        let found = all.iter().find(|kept| kept.memory.as_ptr() == Arc::as_ptr(memory));
        found.map(|kept| kept.slot.clone()).unwrap_or_default()
    }

    /// Sets it; unchanged if there is no room.
    pub fn set_slot(&self, keeping: &Keeping<'_>, value: &[u8]) -> Result<(), OverQuota> {
        self.with(keeping, |kept| {
            if value.len() > kept.slot.len() {
                kept.take(value.len() - kept.slot.len(), keeping.cap)?;
            } else {
                kept.give(kept.slot.len() - value.len());
            }
            kept.slot = value.to_vec();
            Ok(())
        })
    }

    fn with<T>(
        &self,
        keeping: &Keeping<'_>,
        change: impl FnOnce(&mut OfPlugin) -> Result<T, OverQuota>,
    ) -> Result<T, OverQuota> {
        let mut all = self.0.lock();
        let at = all.iter().position(|kept| kept.memory.as_ptr() == Arc::as_ptr(keeping.memory));
        let at = match at {
            Some(at) => at,
            None => {
                // Entries of plugins removed in the meantime are dropped.
                all.retain(|kept| kept.memory.strong_count() > 0);
                all.reserve_exact(1);
                all.push(OfPlugin::new(keeping)?);
                all.len() - 1
            }
        };
        change(&mut all[at])
    }
}
