//! The process's only wasmtime engine: code generation, the instance pool, the ticker for deadlines.

use std::time::Duration;

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy};

use crate::error::LoadError;
use crate::limits;

/// An epoch: how often a running guest is checked.
pub(crate) const TICK: Duration = Duration::from_millis(1);
/// Plugins, counting old and new versions, of which each worker may hold an instance.
const PLUGINS: usize = 40;
/// Core instances of one component: its module, the shims between component and module, and some spare ones.
const CORE_INSTANCES: u32 = 8;
/// Bytes of a memory or table that stay resident between two instances in a slot.
const KEEP_RESIDENT: usize = 64 * 1024;

/// Where instances get their memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocator {
    /// A pool reserved at start: a new instance takes about 50 µs.
    Pooling,
    /// The operating system, for each instance: the address space for a pool was refused.
    OnDemand,
}

/// Builds the engine; falls back to on-demand memory, with a warning, if the pool's address space is refused.
pub(crate) fn build(workers: usize) -> Result<(Engine, Allocator), LoadError> {
    let pooled = Engine::new(config().allocation_strategy(pool(workers)));
    let (engine, allocator) = match pooled {
        Ok(engine) => (engine, Allocator::Pooling),
        Err(error) => {
            tracing::warn!(
                %error,
                "not enough address space for a pool of plugin instances: each instance allocates its own \
                 memory, which slows down restarts of plugins (is `ulimit -v` set?)"
            );
            (plain()?, Allocator::OnDemand)
        }
    };
    Ok((engine, allocator))
}

/// An engine without a pool.
pub(crate) fn plain() -> Result<Engine, LoadError> {
    Engine::new(&config()).map_err(|error| LoadError::engine(&error))
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .concurrency_support(false)
        .epoch_interruption(true)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .max_wasm_stack(512 * 1024);
    config
}

fn pool(workers: usize) -> InstanceAllocationStrategy {
    let instances = u32::try_from(workers.saturating_mul(PLUGINS)).unwrap_or(u32::MAX).clamp(64, 1000);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * CORE_INSTANCES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(limits::MEMORIES as u32)
        .max_tables_per_component(limits::TABLES as u32)
        .total_memories(instances)
        .total_tables(instances * 2)
        .total_stacks(0)
        .max_memory_size(limits::MEMORY_BYTES)
        .table_elements(limits::TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(u32::try_from(workers).unwrap_or(u32::MAX).saturating_mul(4));
    InstanceAllocationStrategy::Pooling(pool)
}

/// Starts the ticker: a thread of its own, since a guest in a busy loop would block the runtime's timers. It
/// ends with the engine.
pub(crate) fn tick(engine: &Engine) -> Result<(), LoadError> {
    let engine = engine.weak();
    let ticker = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    let started = std::thread::Builder::new().name("plugin-ticker".into()).spawn(ticker);
    started.map(drop).map_err(|error| LoadError::engine(&error.into()))
}
