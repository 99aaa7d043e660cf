//! The CPU time limit of a call.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wasmtime::{Result, Trap, UpdateDeadline};

use crate::ticker::TICK;

/// What a quick call needs at most.
const QUICK: Duration = Duration::from_micros(100);

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

    /// The CPU time of the call so far, to within a tick; `None` if no tick came while it ran. A quick call may see one, since its
    /// thread was not scheduled for a while: what it needed before that is not known.
    pub fn spent(&self) -> Option<Duration> {
        let began = self.began?; // first: a call that no tick has seen makes no system call
        let since = cpu_time().saturating_sub(began);
        Some(since + if since > TICK / 2 { TICK } else { QUICK })
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

/// The CPU time of this thread; a system call.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}
