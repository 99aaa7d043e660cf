//! The CPU time of calls: what is measured, what is charged for it, and who has to rest.

use std::time::Duration;

use crate::deployment::Deployment;
use crate::failure::{Failure, FailureKind};
use crate::sampling::Sampling;
use crate::scope::Domain;
use crate::share::Room;
use crate::stats::HookCounters;
use crate::subject::Subject;
use crate::ticker::TICK;

/// A session that is read no further for so long at most has only let others go first.
const MOMENT: Duration = Duration::from_millis(1);

/// The time of a call.
#[derive(Default)]
pub(crate) struct Time {
    /// When it began, if it is measured.
    begun: Option<Duration>,
    /// CPU time to make an instance, or to let it read its settings.
    pub started: Duration,
    /// CPU time of what the plugin ran; only if it took so long that it may differ from the time that has passed.
    pub spent: Option<Duration>,
    /// CPU time to carry out what it has answered.
    pub judged: Duration,
}

impl Time {
    /// The time of a call that ends now; `None`: it was quick and is not measured.
    fn until(&self, now: impl FnOnce() -> Duration) -> Option<Duration> {
        let beside = self.started + self.judged;
        let call = match (self.spent, self.begun) {
            (Some(spent), _) => spent,
            // More than a tick without a tick: the thread was not scheduled.
            (None, Some(begun)) => now().saturating_sub(begun).saturating_sub(beside).min(TICK),
            (None, None) if beside.is_zero() => return None,
            (None, None) => Duration::ZERO,
        };
        Some(beside + call)
    }

    /// Whether it tells how long other quick calls took.
    fn is_sample(&self) -> bool {
        self.begun.is_some() && self.spent.is_none() && self.started.is_zero() && self.judged.is_zero()
    }
}

impl Deployment {
    /// A call begins, on a seat. All are measured while a share is used up.
    pub(crate) fn begins(&self, sampling: &mut Sampling, on: &Domain, time: &mut Time) {
        if sampling.is_due() || on.memory.share.may_be_used_up() {
            time.begun = Some(self.scope.services.clock.monotonic());
        }
    }

    /// Whether there is CPU time left for a call. If not, a session that has used more than its part is read no further for a while: it
    /// must not send past the plugin.
    pub(crate) fn has_share(&self, on: &Domain, subject: &Subject<'_>) -> Result<(), Failure> {
        let share = &on.memory.share;
        if !share.may_be_used_up() {
            return Ok(());
        }
        let now = self.scope.services.clock.monotonic();
        let Room::Over { first, rest } =
            share.room(now, self.scope.services.used.is_up(now), || subject.sender())
        else {
            return Ok(());
        };
        if first {
            tracing::warn!(
                plugin = &*self.scope.name,
                version = self.plugin.version(),
                domain = &*on.name,
                "plugin is not called for the time being for those who use it most: its share of CPU time is used up"
            );
        }
        rests(on, subject, now, rest);
        Err(Failure::new(FailureKind::Share, "its share of CPU time is used up"))
    }

    /// Counts the time of a call that ends now, its answer judged. A session that uses more of the plugin than its share is
    /// read no further until that has been earned again.
    pub(crate) fn account(&self, on: &Domain, counters: &HookCounters, time: &Time, subject: &Subject<'_>) {
        let clock = &self.scope.services.clock;
        let Some(each) = time.until(|| clock.monotonic()) else { return counters.times.quick() };
        let calls = counters.times.record(each, time.is_sample());
        let now = clock.monotonic();
        let rest = self.scope.charge(on, now, each, calls, || subject.sender());
        rests(on, subject, now, rest.unwrap_or_default());
    }
}

fn rests(on: &Domain, subject: &Subject<'_>, now: Duration, rest: Duration) {
    let Some(resource) = subject.client.filter(|_| !rest.is_zero()) else { return };
    resource.rest_until(now + rest);
    if rest > MOMENT {
        on.memory.rested.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_measured_or_known_to_be_long() {
        let ms = Duration::from_millis;
        let until = |time: Time| time.until(|| ms(100));
        assert_eq!(until(Time::default()), None);
        assert_eq!(until(Time { begun: Some(ms(100) - ms(1) / 2), ..Time::default() }), Some(ms(1) / 2));
        assert_eq!(
            until(Time { begun: Some(ms(50)), ..Time::default() }),
            Some(TICK),
            "it was not scheduled"
        );
        assert_eq!(until(Time { spent: Some(ms(4)), ..Time::default() }), Some(ms(4)));
        let with_instance = Time { started: ms(2), begun: Some(ms(97)), ..Time::default() };
        assert_eq!(until(with_instance), Some(ms(3)));
        assert_eq!(until(Time { judged: ms(3), ..Time::default() }), Some(ms(3)));
    }
}
