//! Memory limits of an instance.

use wasmtime::{ResourceLimiter, bail};

/// Total bytes of an instance's memories.
pub(crate) const MEMORY_BYTES: usize = 16 * 1024 * 1024;
/// Elements of one table.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;
pub(crate) const INSTANCES: usize = 16;
pub(crate) const MEMORIES: usize = 4;
pub(crate) const TABLES: usize = 8;
/// Bytes of a string or list passed from a guest to the host.
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
            bail!("the plugin requested {bytes} bytes of memory; at most {} are allowed", self.cap);
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
