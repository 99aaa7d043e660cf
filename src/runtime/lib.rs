//! What every crate takes as parameters: clock, randomness, named tasks with a drain signal, counters.
//!
//! Nothing else in the workspace reads the time, draws random bytes or starts a task by itself, so that tests
//! control all three. [`Runtime`] combines them and is cheap to clone.

mod clock;
mod count;
mod histogram;
mod random;
mod steps;
mod tasks;

use std::sync::Arc;

pub use clock::{Clock, ManualClock, SharedClock, SystemClock};
pub use count::{Counter, Gauge};
pub use histogram::{Histogram, HistogramState};
pub use random::{Random, SeededRandom, SharedRandom, SystemRandom};
pub use steps::{ClockSteps, log_clock_steps};
pub use tasks::Tasks;

/// Clock, randomness and tasks together. A clone shares all three.
#[derive(Clone)]
pub struct Runtime {
    /// Wall clock and monotonic clock.
    pub clock: SharedClock,
    /// Source of random bytes.
    pub random: SharedRandom,
    pub tasks: Tasks,
}

impl Runtime {
    /// The operating system's clock and randomness, and a fresh set of tasks.
    pub fn system() -> Self {
        Self::new(Arc::new(SystemClock), Arc::new(SystemRandom))
    }

    /// The given clock and randomness, and a fresh set of tasks.
    pub fn new(clock: SharedClock, random: SharedRandom) -> Self {
        Self { clock, random, tasks: Tasks::new() }
    }
}
