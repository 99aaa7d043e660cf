//! The CPU time of calls: what is measured, what is charged for it, and who has to rest.

use std::time::Duration;

use crate::cpu_time::cpu_time;
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

/// What a quick call needs at most. The clock tells a longer one not from one whose thread was not scheduled.
const QUICK: Duration = Duration::from_micros(100);

/// The time of a call.
#[derive(Default)]
pub(crate) struct Time {
    /// Whether it has reached the plugin.
    pub reached: bool,
    begun: Option<Begun>,
    /// CPU time to make an instance, or to let it read its settings.
    pub started: Duration,
    /// CPU time of what the plugin ran; only if it took so long that it may differ from the time that has passed.
    pub spent: Option<Duration>,
    /// CPU time to carry out what it has answered.
    pub judged: Duration,
}

/// When a call began that is measured.
#[derive(Clone, Copy)]
enum Begun {
    /// By the clock, which is the cheaper one.
    Clock(Duration),
    /// By the CPU time of the thread.
    Cpu(Duration),
}

/// How long the plugin itself ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ran {
    /// It was quick, and was not measured.
    Unknown,
    /// Known of this call.
    Known(Duration),
    /// Measured; calls that were not measured took as long.
    Sample(Duration),
}

impl Time {
    /// What the server has done for the call beside.
    fn beside(&self) -> Duration {
        self.started + self.judged
    }

    /// How long the plugin itself ran in a call that ends now.
    fn ran(&self, now: impl FnOnce() -> Duration, cpu_time: impl FnOnce() -> Duration) -> Ran {
        match (self.spent, self.begun) {
            (Some(spent), _) => Ran::Known(spent),
            (None, Some(Begun::Cpu(begun))) => {
                Ran::Sample(cpu_time().saturating_sub(begun).saturating_sub(self.beside()))
            }
            (None, Some(Begun::Clock(begun))) => {
                let ran = now().saturating_sub(begun).saturating_sub(self.beside());
                // More than a tick without a tick: the thread was not scheduled.
                if ran <= QUICK { Ran::Sample(ran) } else { Ran::Known(ran.min(TICK)) }
            }
            (None, None) => Ran::Unknown,
        }
    }
}

impl Deployment {
    /// A call begins, on a seat. All are measured while a share is used up.
    pub(crate) fn begins(
        &self,
        sampling: &mut Sampling,
        on: &Domain,
        counters: &HookCounters,
        time: &mut Time,
    ) {
        if sampling.is_due() || on.memory.share.may_be_used_up() {
            time.begun = Some(match counters.is_slow() {
                true => Begun::Cpu(cpu_time()),
                false => Begun::Clock(self.scope.services.clock.monotonic()),
            });
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
        let (clock, beside) = (&self.scope.services.clock, time.beside());
        let (own, of_others) = match time.ran(|| clock.monotonic(), cpu_time) {
            _ if !time.reached => {
                counters.timed();
                (beside, Duration::ZERO)
            }
            Ran::Unknown => (beside, Duration::ZERO),
            Ran::Known(ran) => {
                counters.timed();
                counters.was_slow(ran > QUICK);
                counters.record(ran + beside, ran, 0);
                (ran + beside, Duration::ZERO)
            }
            Ran::Sample(ran) => {
                let others = counters.sampled();
                counters.was_slow(ran > QUICK);
                counters.record(ran + beside, ran, others);
                (ran + beside, ran.saturating_mul(u32::try_from(others).unwrap_or(u32::MAX)))
            }
        };
        if own + of_others == Duration::ZERO {
            return;
        }
        let now = clock.monotonic();
        let rest = self.scope.charge(on, now, own, of_others, || subject.sender());
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
    fn what_is_known_of_a_call() {
        let (ms, us) = (Duration::from_millis, Duration::from_micros);
        let ran = |time: Time| time.ran(|| ms(100), || ms(7));
        let begun = |begun| Time { begun: Some(begun), ..Time::default() };
        assert_eq!(ran(Time::default()), Ran::Unknown);
        assert_eq!(ran(Time { judged: ms(3), ..Time::default() }), Ran::Unknown, "that of the plugin is");
        assert_eq!(ran(begun(Begun::Clock(ms(100) - us(60)))), Ran::Sample(us(60)));
        assert_eq!(
            ran(begun(Begun::Clock(ms(100) - us(600)))),
            Ran::Known(us(600)),
            "or it was not scheduled"
        );
        assert_eq!(ran(begun(Begun::Clock(ms(50)))), Ran::Known(TICK));
        assert_eq!(ran(begun(Begun::Cpu(ms(6)))), Ran::Sample(ms(1)));
        assert_eq!(ran(Time { spent: Some(ms(4)), ..begun(Begun::Cpu(ms(6))) }), Ran::Known(ms(4)));
        let beside = Time { started: us(500), judged: us(300), ..begun(Begun::Cpu(ms(6))) };
        assert_eq!(ran(beside), Ran::Sample(us(200)));
    }
}
