//! The share of CPU time that the calls of one plugin may have on one domain, and that all plugins may have together.
//!
//! A share is spent evenly: whoever uses a plugin beyond it is read no further until the share has been earned again, so that a burst of
//! slow calls holds up nobody else for longer than one of them. While it is used up, each sender has the same part of it, so that one with
//! many sessions takes nothing from the others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::Mutex;
use runtime::Counter;
use xmpp::Jid;

/// What may be used at once after a quiet time: the share of so long.
const BURST: Duration = Duration::from_millis(100);
/// When a share is used up so far ahead, calls are no longer made: too many sessions use it for waiting to help.
const AHEAD: Duration = Duration::from_secs(1);
/// After a call that took so long, the others on its thread come first.
const LONG: Duration = Duration::from_millis(1);
/// How often it is logged that a share is used up, seconds.
const LOGGED: u64 = 60;

/// Time that is used at a rate.
#[derive(Debug, Default)]
pub(crate) struct Used {
    /// The moment up to which it has been used, by the monotonic clock in nanoseconds.
    up_to: AtomicU64,
    /// A reading of the clock, not always the latest: what is used up to no later than that is not used ahead.
    passed: AtomicU64,
}

/// What may be used, in percent of one processor; 0: no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cap(u64);

impl Cap {
    pub fn percent(of_one: u64) -> Self {
        Self(of_one)
    }

    /// How long it takes to earn so much time.
    fn earned_in(self, time: Duration) -> u64 {
        nanos(time).saturating_mul(100).checked_div(self.0).unwrap_or(0)
    }
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Used {
    /// Whether it may be used ahead; without a look at the clock.
    pub fn may_be_ahead(&self) -> bool {
        self.up_to.load(Ordering::Relaxed) > self.passed.load(Ordering::Relaxed)
    }

    /// How far ahead it is used.
    pub fn ahead(&self, now: Duration) -> Duration {
        self.passed.store(nanos(now), Ordering::Relaxed);
        Duration::from_nanos(self.up_to.load(Ordering::Relaxed).saturating_sub(nanos(now)))
    }

    /// Whether it is used so far ahead that no call must be made.
    pub fn is_up(&self, now: Duration) -> bool {
        self.ahead(now) > AHEAD
    }

    /// Uses time up to now; returns how far ahead it is used then.
    pub fn spend(&self, now: Duration, time: Duration, cap: Cap) -> Duration {
        let cost = cap.earned_in(time);
        let least = nanos(now.saturating_sub(BURST));
        let spend = |up_to: u64| Some(up_to.max(least).saturating_add(cost));
        self.passed.store(nanos(now), Ordering::Relaxed);
        match self.up_to.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend) {
            Ok(before) | Err(before) => {
                Duration::from_nanos(spend(before).unwrap_or_default().saturating_sub(nanos(now)))
            }
        }
    }
}

/// What the senders use while a share is used up.
#[derive(Debug, Default)]
struct Crowd {
    /// The moment up to which each has used its part of the share.
    senders: HashMap<Jid, Duration>,
    /// When those were last dropped that have been quiet.
    swept: Duration,
}

impl Crowd {
    /// How far ahead a sender has used its part.
    fn ahead(&self, sender: Option<&Jid>, now: Duration) -> Duration {
        let used = sender.and_then(|sender| self.senders.get(sender));
        used.map_or(Duration::ZERO, |used| used.saturating_sub(now))
    }

    /// A sender uses what it takes so long to earn, if nobody else uses the plugin. Returns how far ahead its part is used then.
    fn spend(&mut self, sender: Jid, now: Duration, cost: Duration) -> Duration {
        if now.saturating_sub(self.swept) >= AHEAD {
            self.senders.retain(|_, used| *used + AHEAD > now);
            self.swept = now;
        }
        self.senders.entry(sender.clone()).or_insert(now);
        let parts = u32::try_from(self.senders.len()).unwrap_or(u32::MAX);
        let Some(used) = self.senders.get_mut(&sender) else { return Duration::ZERO };
        *used = (*used).max(now).saturating_add(cost.saturating_mul(parts));
        used.saturating_sub(now)
    }
}

/// The share of one plugin on one domain.
#[derive(Debug, Default)]
pub(crate) struct Share {
    used: Used,
    crowd: Mutex<Crowd>,
    /// All of it, nanoseconds.
    total: Counter,
    /// The second, plus one, in which it was last logged that it is used up.
    logged: AtomicU64,
}

/// Whether a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Free,
    /// No call is made, and the session is not read from for so long. `first`: for the first time for a minute.
    Over {
        first: bool,
        rest: Duration,
    },
}

impl Share {
    /// Whether a call may be made now. `is_all_up`: all plugins together have used up theirs; then those are not called that are ahead of
    /// their own share. `sender`, who is answerable for the stanza, is asked for only if it matters.
    pub fn room(&self, now: Duration, is_all_up: bool, sender: impl FnOnce() -> Option<Jid>) -> Room {
        let ahead = self.used.ahead(now);
        if ahead <= AHEAD / 2 && (ahead.is_zero() || !is_all_up) {
            return Room::Free;
        }
        let own = self.crowd.lock().ahead(sender().as_ref(), now);
        // The second half of the second is for those who have not used their part.
        if ahead <= AHEAD && own.is_zero() && !is_all_up {
            return Room::Free;
        }
        let (this, last) = (now.as_secs() + 1, self.logged.load(Ordering::Relaxed));
        let due = last == 0 || this.saturating_sub(last) >= LOGGED;
        let first =
            due && self.logged.compare_exchange(last, this, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        Room::Over { first, rest: own.min(AHEAD) }
    }

    /// Whether it may be used up. If not, there is room.
    pub fn may_be_used_up(&self) -> bool {
        self.used.may_be_ahead()
    }

    /// Charges the CPU time of a call that ends now, and that of others' calls for which it stands. Returns for how long its session
    /// must not be read from: while the share is used up, until the sender's part of it has been earned again, where all who use the
    /// plugin have the same part.
    pub fn spent(
        &self,
        now: Duration,
        own: Duration,
        of_others: Duration,
        cap: Cap,
        sender: impl FnOnce() -> Option<Jid>,
    ) -> Option<Duration> {
        let time = own + of_others;
        self.total.add(nanos(time));
        let ahead = self.used.spend(now, time, cap);
        let used = match ahead.is_zero() {
            true => Duration::ZERO,
            false => sender().map_or(ahead, |sender| {
                self.crowd.lock().spend(sender, now, Duration::from_nanos(cap.earned_in(own)))
            }),
        };
        let rest = if own >= LONG { used.max(LONG) } else { used };
        (!rest.is_zero()).then_some(rest.min(AHEAD))
    }

    /// The CPU time of all calls so far.
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.total.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAP: Cap = Cap(25);
    const CALL: Duration = Duration::from_millis(4);

    fn at(ms: u64) -> Duration {
        Duration::from_secs(100) + Duration::from_millis(ms)
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn jid(number: u64) -> Option<Jid> {
        Jid::parse(&format!("u{number}@x")).ok()
    }

    #[test]
    fn a_burst_is_let_through_then_each_call_is_waited_for() {
        let share = Share::default();
        let rests: Vec<_> =
            (0..9).map(|_| share.spent(at(0), CALL, Duration::ZERO, CAP, || jid(1)).unwrap()).collect();
        assert_eq!(rests[..6], [LONG; 6], "24 ms of the 25 that are earned in 100");
        assert_eq!(rests[6..], [ms(16), ms(32), ms(48)]);
        assert_eq!(
            share.spent(at(48), CALL, Duration::ZERO, CAP, || jid(1)),
            Some(ms(16)),
            "it has been earned meanwhile"
        );
        assert_eq!(
            share.spent(at(1_000), Duration::from_micros(300), Duration::ZERO, CAP, || jid(1)),
            None,
            "a quick call after a quiet time"
        );
        assert_eq!(share.total(), ms(40) + Duration::from_micros(300));
    }

    #[test]
    fn calls_that_were_not_measured_are_charged_to_nobody_in_particular() {
        let share = Share::default();
        let each = Duration::from_micros(500);
        assert!(!share.may_be_used_up());
        assert_eq!(
            share.spent(at(0), each, each * 99, CAP, || jid(1)),
            Some(each * 4),
            "what it has used itself"
        );
        assert_eq!(share.total(), each * 100);
        assert!(share.may_be_used_up());
        assert_eq!(share.room(at(0), false, || jid(2)), Room::Free);
        assert_eq!(share.spent(at(99), each, Duration::ZERO, CAP, || jid(2)), Some(each * 8));
        assert_eq!(share.room(at(200), false, || jid(2)), Room::Free);
        assert!(!share.may_be_used_up(), "it has been earned, and the clock was looked at");
    }

    #[test]
    fn one_with_many_sessions_does_not_keep_others_from_being_judged() {
        let share = Share::default();
        let mut calls = 0;
        while share.room(at(0), false, || jid(1)) == Room::Free {
            share.spent(at(0), CALL, Duration::ZERO, CAP, || jid(1));
            calls += 1;
        }
        assert_eq!(calls, 38, "0.6 seconds of a quarter of a processor");
        let quick = Duration::from_micros(10);
        for other in 2..12 {
            assert_eq!(share.room(at(1), false, || jid(other)), Room::Free);
            let parts = u32::try_from(other).unwrap();
            assert_eq!(
                share.spent(at(1), quick, Duration::ZERO, CAP, || jid(other)),
                Some(quick * 4 * parts)
            );
        }
        let Room::Over { rest, .. } = share.room(at(1), false, || jid(1)) else { panic!("it is called") };
        assert_eq!(rest, ms(511), "what it has used alone");
        assert_eq!(share.room(at(5), false, || jid(2)), Room::Free, "it has been earned meanwhile");
    }

    #[test]
    fn when_it_is_used_up_for_a_second_no_call_is_made() {
        let share = Share::default();
        (0..69).for_each(|number| _ = share.spent(at(0), CALL, Duration::ZERO, CAP, || jid(number)));
        let over = |first| Room::Over { first, rest: Duration::ZERO };
        assert_eq!(share.room(at(1), false, || jid(100)), over(true));
        assert_eq!(share.room(at(1), false, || jid(100)), over(false));
        assert_eq!(share.room(at(10), false, || jid(100)), Room::Free);
        let Room::Over { rest, .. } = share.room(at(10), false, || jid(68)) else { panic!("it is called") };
        assert_eq!(rest, ms(998), "its part of many");
        assert_eq!(share.room(at(505), false, || jid(68)), Room::Free);
        assert_eq!(
            share.spent(at(0), CALL, Duration::ZERO, Cap(0), || jid(68)),
            Some(AHEAD),
            "without a limit nothing is added"
        );
    }

    #[test]
    fn who_is_remembered_is_forgotten_after_a_quiet_second() {
        let share = Share::default();
        (0..100).for_each(|number| _ = share.spent(at(0), ms(1), Duration::ZERO, CAP, || jid(number)));
        assert_eq!(share.crowd.lock().senders.len(), 75, "the burst is nobody's");
        (0..40).for_each(|_| _ = share.spent(at(90_000), CALL, Duration::ZERO, CAP, || jid(1)));
        assert_eq!(share.crowd.lock().senders.len(), 1);
    }

    #[test]
    fn while_all_together_use_too_much_only_those_within_their_share_are_called() {
        let (share, other, all) = (Share::default(), Share::default(), Used::default());
        for _ in 0..60 {
            all.spend(at(0), CALL, Cap(20));
            share.spent(at(0), CALL, Duration::ZERO, Cap(25), || jid(1));
        }
        assert!(all.is_up(at(0)));
        assert!(matches!(share.room(at(0), true, || jid(1)), Room::Over { first: true, .. }));
        assert_eq!(other.room(at(0), true, || jid(1)), Room::Free);
        assert!(!all.is_up(at(200)));
    }
}
