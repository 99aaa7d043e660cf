//! The CPU time limit of a call.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Result, Trap, UpdateDeadline};

use crate::cpu_time::cpu_time;
use crate::service::Meter;
use crate::ticker::TICK;

/// What a quick call needs at most.
const QUICK: Duration = Duration::from_micros(100);
/// A service that computes for so long lets others have its thread.
const SLICE: Duration = Duration::from_millis(10);

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
    /// That of a call which may wait, and continue on another thread.
    meter: Option<Arc<Meter>>,
}

impl Deadline {
    /// A call begins.
    pub fn start(&mut self, budget: Duration) {
        *self = Self { budget, ..Self::default() };
    }

    /// A call begins that may wait.
    pub fn start_metered(&mut self, budget: Duration, meter: Arc<Meter>) {
        *self = Self { budget, meter: Some(meter), ..Self::default() };
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
        let (spent, poll) = match &self.meter {
            Some(meter) => meter.read(),
            None => {
                let now = cpu_time();
                (now.saturating_sub(*self.began.get_or_insert(now)), Duration::ZERO)
            }
        };
        match () {
            () if spent >= self.budget => {
                self.missed = true;
                Err(Trap::Interrupt.into())
            }
            () if poll >= SLICE => Ok(UpdateDeadline::Yield(1)),
            () => Ok(UpdateDeadline::Continue(1)),
        }
    }
}
