//! What an instance may have, and what plugins may use together.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use settings::{Limit, Required, group, number};
use wasmtime::{ResourceLimiter, bail};

use crate::share::Cap;

group! {
    /// What plugins may use.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PluginLimits {
        /// Bytes of memory of one instance of a plugin; each worker has an instance of each. A component that needs more is
        /// refused.
        plugin_memory_bytes: Required = number(16_777_216, 1_048_576..=1_073_741_824).server_wide().at_start();
        /// Bytes that the server keeps for one plugin on one domain: session slots and counters.
        plugin_state_bytes: Limit = number(67_108_864, 65_536..=1 << 40).server_wide();
        /// Bytes that one plugin may store in the database for one domain.
        plugin_stored_bytes: Limit = number(67_108_864, 65_536..=1 << 40).server_wide();
        /// Percent of one processor that the calls of one plugin may use on one domain. Sessions that use more of it are read no
        /// further until that has been earned again; if a second would not do, the plugin's policy applies.
        plugin_cpu_percent: Limit = number(25, 1..=10_000).server_wide();
        /// Percent of all processors that the calls of all plugins may use. Beyond it only those are called that keep to their
        /// own share.
        plugins_cpu_percent: Limit = number(50, 1..=100).server_wide();
    }
}

/// Those limits that can change while the server runs.
#[derive(Debug)]
pub(crate) struct LiveLimits {
    state_bytes: AtomicUsize,
    stored_bytes: AtomicU64,
    share: AtomicU64,
    all: AtomicU64,
}

impl LiveLimits {
    pub fn new(limits: &PluginLimits, workers: usize) -> Self {
        let none = || AtomicU64::new(0);
        let live =
            Self { state_bytes: AtomicUsize::new(0), stored_bytes: none(), share: none(), all: none() };
        live.set(limits, workers);
        live
    }

    pub fn set(&self, limits: &PluginLimits, workers: usize) {
        let percent = |limit: Limit| limit.get().map_or(0, std::num::NonZero::get);
        self.state_bytes.store(limits.plugin_state_bytes.bound(), Ordering::Relaxed);
        self.stored_bytes.store(limits.plugin_stored_bytes.bound() as u64, Ordering::Relaxed);
        self.share.store(percent(limits.plugin_cpu_percent), Ordering::Relaxed);
        self.all.store(percent(limits.plugins_cpu_percent) * workers as u64, Ordering::Relaxed);
    }

    pub fn state_bytes(&self) -> usize {
        self.state_bytes.load(Ordering::Relaxed)
    }

    /// Bytes in the database, of one plugin on one domain.
    pub fn stored_bytes(&self) -> u64 {
        self.stored_bytes.load(Ordering::Relaxed)
    }

    /// Of one plugin on one domain.
    pub fn share(&self) -> Cap {
        Cap::percent(self.share.load(Ordering::Relaxed))
    }

    /// Of all plugins together.
    pub fn all(&self) -> Cap {
        Cap::percent(self.all.load(Ordering::Relaxed))
    }
}

/// Calls of all services that run at once.
pub(crate) const RUNNING: usize = 320;
/// Instances of one service that are kept while no call needs them.
pub(crate) const KEPT: usize = 2;
/// Elements of one table.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;
pub(crate) const INSTANCES: usize = 16;
pub(crate) const MEMORIES: usize = 2;
pub(crate) const TABLES: usize = 8;

/// Bytes that a function of WASI takes or gives at once.
pub(crate) const TEXT_BYTES: usize = 1024 * 1024;

/// Tracks an instance's memory and stops it at the limit: growing beyond traps.
#[derive(Debug)]
pub(crate) struct MemoryLimiter {
    cap: usize,
    bytes: usize,
    exceeded: bool,
}

impl MemoryLimiter {
    pub fn new(cap: usize) -> Self {
        Self { cap, bytes: 0, exceeded: false }
    }

    /// Total bytes of its memories.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it has tried to exceed a limit.
    pub fn exceeded(&self) -> bool {
        self.exceeded
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, now: usize, wanted: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let bytes = self.bytes.saturating_sub(now).saturating_add(wanted);
        if bytes > self.cap {
            self.exceeded = true;
            bail!(
                "the plugin requested {bytes} bytes of memory; limits.plugin_memory_bytes allows {}",
                self.cap
            );
        }
        self.bytes = bytes;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, wanted: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if wanted > TABLE_ELEMENTS {
            self.exceeded = true;
            bail!("the plugin requested a table of {wanted} elements; at most {TABLE_ELEMENTS} are allowed");
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}
