//! The circuit breaker of a plugin on one domain: a plugin that fails for many senders is not called for a while.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use xmpp::Jid;

use crate::blame::{Blame, SPAN_MS};
use crate::hook::Hook;

/// It opens when within the span so many senders had failures,
const SENDERS: usize = 3;
/// and of at least so many calls
const CALLS: u64 = 100;
/// more than one in so many failed.
const ONE_IN: u64 = 100;
/// The calls are counted to within so many, and to within this time: a call reads no clock.
const SAMPLED: u64 = 16;
const SAMPLE_MS: u64 = 100;
/// The most failures that are remembered.
const FAILURES: usize = 1_024;
/// How long it stays open at first.
const FIRST_MS: u64 = 1_000;
/// After this long without opening, the open time starts over.
const HEALTHY_MS: u64 = 60_000;
/// It is parked when it has opened so often within this time.
const OPENINGS: usize = 5;
const OPENINGS_MS: u64 = 600_000;
/// The time until which a parked one is open.
const PARKED: u64 = u64::MAX;

/// Closed: calls go through. Open: they do not, until a time. Then one trial call closes or reopens it. Parked: it stays
/// open for as long as the deployment lives, that is, until an operator reloads the plugin or its settings change.
#[derive(Default)]
pub(crate) struct Breaker {
    /// 0: closed; else the time until which it is open.
    until: AtomicU64,
    calls: AtomicU64,
    blame: Blame,
    state: Mutex<BreakerState>,
}

/// The breakers of one plugin on one domain.
#[derive(Default)]
pub(crate) struct Breakers {
    log_ins: Breaker,
    others: Breaker,
}

impl Breakers {
    /// The one for the calls of a hook.
    pub fn of(&self, hook: Hook) -> &Breaker {
        if hook.is_log_in() { &self.log_ins } else { &self.others }
    }

    pub fn all(&self) -> [&Breaker; 2] {
        [&self.log_ins, &self.others]
    }
}

#[derive(Default)]
struct BreakerState {
    /// Those of the last span, oldest first.
    failures: VecDeque<Failed>,
    /// Times with the number of calls until then, oldest first; only the first may be older than the span.
    samples: VecDeque<(u64, u64)>,
    /// When it opened, oldest first.
    openings: VecDeque<u64>,
    opened: u64,
    wait_ms: u64,
}

struct Failed {
    at_ms: u64,
    weight: u32,
    sender: Option<Jid>,
}

/// The breaker's decision about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The call may be made.
    Closed,
    /// The call may be made, and decides whether the breaker closes.
    Trial,
    /// The call must not be made.
    Open,
    /// The call must not be made: too many have failed for this sender.
    Blamed,
}

/// What a failure has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consequence {
    Nothing,
    /// The sender is blamed for a minute.
    Blamed,
    /// The breaker is open.
    Opened,
    /// It stays open.
    Parked,
}

impl Breaker {
    /// Whether a call for that sender may be made; counts it then. `now` (milliseconds, not 0) and `sender` are called only
    /// after failures.
    pub fn admit(&self, sender: impl FnOnce() -> Option<Jid>, now: impl Fn() -> u64) -> Admission {
        // First: whoever is blamed must not make the trial call.
        if self.blame.covers(sender, &now) {
            return Admission::Blamed;
        }
        let until = self.until.load(Ordering::Acquire);
        if until != 0 && !self.may_try(until, now()) {
            return Admission::Open;
        }
        let calls = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if calls.is_multiple_of(SAMPLED) {
            self.state.lock().sample(calls, now());
        }
        if until == 0 { Admission::Closed } else { Admission::Trial }
    }

    /// Whether it is time for a trial call, and nobody else makes it. Other calls stay blocked meanwhile.
    fn may_try(&self, until: u64, now: u64) -> bool {
        now >= until
            && self.until.compare_exchange(until, now + FIRST_MS, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The trial call succeeded.
    pub fn recovered(&self) {
        let mut state = self.state.lock();
        state.failures.clear();
        if !self.is_parked() {
            self.until.store(0, Ordering::Release);
        }
    }

    /// A call failed that a sender is answerable for; `blamed`: whom it is not made for any more. A weight of 0: the plugin is not to
    /// blame; if that was the trial call, another is made a second later.
    pub fn failed(
        &self,
        sender: Option<Jid>,
        blamed: Option<&Jid>,
        weight: u32,
        trial: bool,
        now: u64,
    ) -> Consequence {
        if weight == 0 {
            return Consequence::Nothing;
        }
        let blamed = blamed.is_some_and(|blamed| self.blame.failed(blamed, weight, now));
        let mut state = self.state.lock();
        if !trial && self.is_open() {
            return if blamed { Consequence::Blamed } else { Consequence::Nothing }; // begun before it opened
        }
        state.note(Failed { at_ms: now, weight, sender });
        match trial || state.is_too_much(self.calls.load(Ordering::Relaxed), now) {
            true => self.open(&mut state, now),
            false if blamed => Consequence::Blamed,
            false => Consequence::Nothing,
        }
    }

    fn open(&self, state: &mut BreakerState, now: u64) -> Consequence {
        let last = state.openings.back().copied();
        let healthy = last.is_none_or(|last| now.saturating_sub(last) > HEALTHY_MS + state.wait_ms);
        state.wait_ms = if healthy { FIRST_MS } else { state.wait_ms * 2 };
        state.failures.clear();
        state.opened += 1;
        state.openings.retain(|at| now.saturating_sub(*at) < OPENINGS_MS);
        state.openings.push_back(now);
        let parked = state.openings.len() >= OPENINGS;
        self.until.store(if parked { PARKED } else { now + state.wait_ms }, Ordering::Release);
        if parked { Consequence::Parked } else { Consequence::Opened }
    }

    pub fn is_open(&self) -> bool {
        self.until.load(Ordering::Acquire) != 0
    }

    pub fn is_parked(&self) -> bool {
        self.until.load(Ordering::Acquire) == PARKED
    }

    /// How often it has opened.
    pub fn opened(&self) -> u64 {
        self.state.lock().opened
    }
}

impl BreakerState {
    fn note(&mut self, failed: Failed) {
        while self.failures.front().is_some_and(|old| failed.at_ms.saturating_sub(old.at_ms) >= SPAN_MS)
            || self.failures.len() >= FAILURES
        {
            self.failures.pop_front();
        }
        self.failures.push_back(failed);
    }

    fn sample(&mut self, calls: u64, now: u64) {
        match self.samples.back_mut() {
            Some(last) if now.saturating_sub(last.0) < SAMPLE_MS => last.1 = calls,
            _ => self.samples.push_back((now, calls)),
        }
        while self.samples.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= SPAN_MS) {
            self.samples.pop_front();
        }
    }

    /// Whether the plugin itself is to blame: several senders had failures, and of more than a few calls within the span
    /// more than a few failed. `calls`: all so far.
    fn is_too_much(&self, calls: u64, now: u64) -> bool {
        let before = self.samples.iter().rev().find(|(at, _)| now.saturating_sub(*at) >= SPAN_MS);
        let calls = calls.saturating_sub(before.map_or(0, |(_, calls)| *calls));
        let weight: u64 = self.failures.iter().map(|failed| u64::from(failed.weight)).sum();
        calls >= CALLS && weight * ONE_IN > calls && self.senders_at_least(SENDERS)
    }

    fn senders_at_least(&self, count: usize) -> bool {
        let mut known: Vec<Option<&Jid>> = Vec::with_capacity(count);
        for failed in &self.failures {
            let sender = failed.sender.as_ref();
            if !known.contains(&sender) {
                known.push(sender);
            }
            if known.len() >= count {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(number: u64) -> Option<Jid> {
        Some(Jid::parse(&format!("u{number}@x")).unwrap())
    }

    /// So many calls that go well.
    fn calls(breaker: &Breaker, count: u64, now: u64) {
        assert!((0..count).all(|_| breaker.admit(|| jid(1_000), || now) == Admission::Closed));
    }

    /// A call for that sender that fails.
    fn fails(breaker: &Breaker, sender: u64, now: u64) -> Consequence {
        let trial = match breaker.admit(|| jid(sender), || now) {
            Admission::Closed => false,
            Admission::Trial => true,
            other => panic!("{other:?}"),
        };
        breaker.failed(jid(sender), jid(sender).as_ref(), 1, trial, now)
    }

    /// Opens a closed one.
    fn trip(breaker: &Breaker, now: u64) -> Consequence {
        calls(breaker, 98, now);
        assert_eq!(fails(breaker, now * 3, now), Consequence::Nothing);
        assert_eq!(fails(breaker, now * 3 + 1, now), Consequence::Nothing);
        fails(breaker, now * 3 + 2, now)
    }

    #[test]
    fn it_opens_for_three_senders_and_tries_again_after_a_second() {
        let breaker = Breaker::default();
        assert_eq!(trip(&breaker, 1), Consequence::Opened);
        assert_eq!(breaker.admit(|| jid(9), || 1_000), Admission::Open);
        assert_eq!(breaker.admit(|| jid(9), || 1_001), Admission::Trial);
        assert_eq!(breaker.admit(|| jid(9), || 1_002), Admission::Open, "one call tries, not two");
        breaker.recovered();
        assert_eq!(breaker.admit(|| jid(9), || 1_003), Admission::Closed);
        assert_eq!(breaker.opened(), 1);
    }

    #[test]
    fn one_sender_is_blamed_and_the_others_are_judged() {
        let breaker = Breaker::default();
        calls(&breaker, 10, 1);
        assert_eq!(fails(&breaker, 1, 1), Consequence::Nothing);
        assert_eq!(fails(&breaker, 1, 2), Consequence::Blamed);
        for now in [3, 60_001] {
            assert_eq!(breaker.admit(|| jid(1), || now), Admission::Blamed);
            assert_eq!(breaker.admit(|| jid(2), || now), Admission::Closed);
        }
        assert_eq!(breaker.admit(|| jid(1), || 60_002), Admission::Closed);
    }

    #[test]
    fn few_failures_of_many_calls_do_not_open_it_nor_few_calls() {
        let breaker = Breaker::default();
        // Many senders, but the calls are too few.
        assert!((1..=9).all(|sender| fails(&breaker, sender, 1) == Consequence::Nothing));
        // Too many calls for the failures.
        calls(&breaker, 2_000, 2);
        assert!((10..=20).all(|sender| fails(&breaker, sender, 3) == Consequence::Nothing));
        // Both are over, and the calls are too few again.
        calls(&breaker, 60, 20_000);
        assert!((21..=30).all(|sender| fails(&breaker, sender, 20_000) == Consequence::Nothing));
        calls(&breaker, 30, 20_001);
        assert_eq!(fails(&breaker, 31, 20_002), Consequence::Opened);
        assert!(breaker.state.lock().samples.len() <= 4);
    }

    #[test]
    fn calls_that_were_under_way_when_it_opened_do_not_open_it_again() {
        let breaker = Breaker::default();
        let under_way: Vec<_> =
            (100..120).map(|sender| (sender, breaker.admit(|| jid(sender), || 1))).collect();
        assert_eq!(trip(&breaker, 1), Consequence::Opened);
        for (sender, admission) in under_way {
            assert_eq!(admission, Admission::Closed);
            assert_eq!(breaker.failed(jid(sender), jid(sender).as_ref(), 1, false, 2), Consequence::Nothing);
        }
        assert_eq!(breaker.opened(), 1);
    }

    #[test]
    fn what_the_plugin_is_not_to_blame_for_does_not_count() {
        let breaker = Breaker::default();
        for sender in 0..200 {
            assert_eq!(breaker.admit(|| jid(sender), || 1), Admission::Closed);
            assert_eq!(breaker.failed(jid(sender), jid(sender).as_ref(), 0, false, 1), Consequence::Nothing);
        }
    }

    #[test]
    fn it_waits_longer_each_time_and_is_parked_at_the_fifth() {
        let breaker = Breaker::default();
        let mut now = 1;
        assert_eq!(trip(&breaker, now), Consequence::Opened);
        for (wait, consequence) in [
            (1_000, Consequence::Opened),
            (2_000, Consequence::Opened),
            (4_000, Consequence::Opened),
            (8_000, Consequence::Parked),
        ] {
            assert_eq!(breaker.admit(|| jid(now), || now + wait - 1), Admission::Open, "{wait}");
            now += wait;
            assert_eq!(fails(&breaker, now, now), consequence, "{wait}");
        }
        assert!(breaker.is_parked());
        assert_eq!(breaker.admit(|| jid(1), || u64::MAX - 1), Admission::Open);
        assert_eq!(breaker.opened(), 5);
    }

    #[test]
    fn one_that_recovers_for_long_enough_starts_over() {
        let breaker = Breaker::default();
        let mut now = 1;
        for _ in 0..8 {
            assert_eq!(trip(&breaker, now), Consequence::Opened);
            assert_eq!(breaker.admit(|| jid(9), || now + 1_000), Admission::Trial);
            breaker.recovered();
            now += 200_000;
        }
    }
}
