//! The process's only wasmtime engine: code generation, the instance pool, the ticker for deadlines.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy};

use crate::error::LoadError;
use crate::limits::{self, KEPT, RUNNING};

/// Plugins for which there is room however few are configured at start.
const PLUGINS: usize = 40;
/// The most instances: each memory reserves 4 GiB of address space.
const INSTANCES: usize = 4_000;
/// Core instances of one component: its module, the shims between component and module, and some spare ones.
const CORE_INSTANCES: u32 = 8;
/// Bytes of a fibre's stack: a guest's own, and what the server needs for the functions that it calls.
const STACK: usize = 1024 * 1024;
/// Bytes of a memory or table that stay resident between two instances in a slot.
const KEEP_RESIDENT: usize = 64 * 1024;

/// Where instances get their memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocator {
    /// A pool reserved at start: a new instance takes about 50 µs.
    Pooling {
        /// For how many plugins there is room; for twice as many while new versions stand beside those that they replace.
        plugins: usize,
    },
    /// The operating system, for each instance: the address space for a pool was refused.
    OnDemand,
}

impl Allocator {
    /// A pool with room for some more plugins than there are.
    fn pooling(workers: usize, plugins: usize) -> Self {
        let wanted = PLUGINS.max(plugins + plugins / 4);
        Self::Pooling { plugins: wanted.min(INSTANCES / 2 / workers.max(1)).max(1) }
    }

    /// Whether there is room for one more deployment beside so many, among which are those that are being replaced.
    pub(crate) fn has_room(self, alive: usize) -> bool {
        self.plugins().is_none_or(|plugins| alive < plugins * 2)
    }

    /// For how many plugins there is room; `None`: as many as memory allows.
    pub fn plugins(self) -> Option<usize> {
        match self {
            Self::OnDemand => None,
            Self::Pooling { plugins } => Some(plugins),
        }
    }
}

/// Builds the engine; falls back to on-demand memory, with a warning, if the pool's address space is refused.
pub(crate) fn build(
    workers: usize,
    plugins: usize,
    memory_bytes: usize,
) -> Result<(Engine, Allocator), LoadError> {
    let pooling = Allocator::pooling(workers, plugins);
    let deployments = pooling.plugins().unwrap_or_default() * 2;
    let pooled = Engine::new(config().allocation_strategy(pool(workers, deployments, memory_bytes)));
    let (engine, allocator) = match pooled {
        Ok(engine) => (engine, pooling),
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
        // A backtrace names functions, no places in them: these tables are a sixth of a compiled plugin.
        .generate_address_map(false)
        .native_unwind_info(false)
        .concurrency_support(false)
        .epoch_interruption(true)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .max_wasm_stack(512 * 1024)
        .async_stack_size(STACK);
    config
}

/// Enough of everything for what each deployment may have, so that none finds the pool empty.
fn pool(workers: usize, deployments: usize, memory_bytes: usize) -> InstanceAllocationStrategy {
    // One more of each: it is made before it takes the seat of one that has failed.
    let filters = (workers + 1) * deployments;
    let services = RUNNING + KEPT * deployments;
    let instances = u32::try_from(filters + services).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * CORE_INSTANCES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(limits::MEMORIES as u32)
        .max_tables_per_component(limits::TABLES as u32)
        .total_memories(instances * limits::MEMORIES as u32)
        .total_tables(instances * limits::TABLES as u32)
        .total_stacks(u32::try_from(services).unwrap_or(u32::MAX))
        .max_memory_size(memory_bytes)
        .table_elements(limits::TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(u32::try_from(workers).unwrap_or(u32::MAX).saturating_mul(4));
    InstanceAllocationStrategy::Pooling(pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_there_is_room_for_can_be_replaced_at_once() {
        for (workers, plugins, room) in [(2, 0, 40), (2, 90, 112), (48, 0, 40), (64, 0, 31), (10_000, 5, 1)] {
            let allocator = Allocator::pooling(workers, plugins);
            assert_eq!(allocator.plugins(), Some(room), "{workers} {plugins}");
            assert!(allocator.has_room(room * 2 - 1));
            assert!(!allocator.has_room(room * 2));
        }
        assert!(Allocator::OnDemand.has_room(100_000));
    }
}
