//! The CPU time of the present thread.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The CPU time of this thread; a system call.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}
