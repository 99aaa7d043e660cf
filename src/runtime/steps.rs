//! Steps of the wall clock: an operator has set it, time synchronisation has corrected it, or the machine was suspended.

use std::time::Duration;

use crate::{Runtime, SharedClock};

/// How often the clocks are compared.
const EVERY: Duration = Duration::from_secs(5);

/// Smaller differences between two looks are corrections by the way.
const LEAST_US: i64 = 2_000_000;

const SECOND_US: f64 = 1e6;

/// Compares the wall clock with the monotonic one.
pub struct ClockSteps {
    clock: SharedClock,
    /// The difference of the clocks at the last look, microseconds.
    ahead_us: i64,
}

impl ClockSteps {
    /// From now on.
    pub fn new(clock: SharedClock) -> Self {
        let ahead_us = ahead_us(&clock);
        Self { clock, ahead_us }
    }

    /// By how many microseconds the wall clock was set forward since the last look, or back (negative); `None` if by less
    /// than two seconds.
    pub fn next_step(&mut self) -> Option<i64> {
        let ahead_us = ahead_us(&self.clock);
        let step = ahead_us.saturating_sub(std::mem::replace(&mut self.ahead_us, ahead_us));
        (step.unsigned_abs() >= LEAST_US.unsigned_abs()).then_some(step)
    }
}

fn ahead_us(clock: &SharedClock) -> i64 {
    let monotonic = i64::try_from(clock.monotonic().as_micros()).unwrap_or(i64::MAX);
    clock.now_us().saturating_sub(monotonic)
}

/// Logs each step of the wall clock until the drain. Nothing waits by the wall clock: a step changes only the times that
/// are shown and stored.
pub async fn log_clock_steps(runtime: Runtime) {
    let mut steps = ClockSteps::new(runtime.clock.clone());
    while runtime.tasks.pause(EVERY).await {
        match steps.next_step() {
            Some(us) if us > 0 => {
                let seconds = us as f64 / SECOND_US;
                tracing::warn!(seconds, "the clock was set forward, or the machine was suspended");
            }
            Some(us) => {
                tracing::warn!(seconds = us.unsigned_abs() as f64 / SECOND_US, "the clock was set back")
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Clock, ManualClock};

    const DAY_US: i64 = 86_400_000_000;

    #[test]
    fn a_step_is_found_once_and_the_passing_of_time_is_none() {
        let clock = Arc::new(ManualClock::new(DAY_US));
        let mut steps = ClockSteps::new(clock.clone());
        clock.advance(Duration::from_secs(100_000));
        assert_eq!(steps.next_step(), None);
        clock.set(clock.now_us() + DAY_US);
        clock.advance(Duration::from_secs(5));
        assert_eq!(steps.next_step(), Some(DAY_US));
        assert_eq!(steps.next_step(), None);
        clock.set(clock.now_us() - 2 * DAY_US);
        assert_eq!(steps.next_step(), Some(-2 * DAY_US));
    }

    #[test]
    fn small_corrections_are_no_step_however_many_there_are() {
        let clock = Arc::new(ManualClock::new(DAY_US));
        let mut steps = ClockSteps::new(clock.clone());
        for _ in 0..10 {
            clock.set(clock.now_us() + LEAST_US - 1);
            assert_eq!(steps.next_step(), None);
        }
        clock.set(clock.now_us() - LEAST_US);
        assert_eq!(steps.next_step(), Some(-LEAST_US));
    }

    #[tokio::test(start_paused = true)]
    async fn the_task_ends_with_the_drain() {
        let runtime = Runtime::new(Arc::new(ManualClock::with_tokio(0)), Arc::new(crate::SystemRandom));
        let task = runtime.tasks.spawn("clock", log_clock_steps(runtime.clone()));
        tokio::time::sleep(EVERY * 3).await;
        assert!(!task.is_finished());
        runtime.tasks.start_drain();
        task.await.unwrap();
    }
}
