//! The CPU time limit of a call.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wasmtime::{Result, Trap, UpdateDeadline};

/// The budget of the call in progress.
///
/// An epoch is wall time, and on a busy machine a call whose thread is not scheduled is not slow: at each
/// epoch the thread's CPU time is compared. It is first read at the first epoch, at most a tick after the
/// call began, so that a shorter call costs no system call.
#[derive(Debug, Default)]
pub(crate) struct Deadline {
    budget: Duration,
    began: Option<Duration>,
    missed: bool,
}

impl Deadline {
    /// A call begins.
    pub fn start(&mut self, budget: Duration) {
        *self = Self { budget, began: None, missed: false };
    }

    /// Whether the call was stopped because its time was up.
    pub fn missed(&self) -> bool {
        self.missed
    }

    /// An epoch has passed while the guest ran.
    pub fn tick(&mut self) -> Result<UpdateDeadline> {
        let now = cpu_time();
        let began = *self.began.get_or_insert(now);
        if now.saturating_sub(began) < self.budget {
            return Ok(UpdateDeadline::Continue(1));
        }
        self.missed = true;
        Err(Trap::Interrupt.into())
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}
