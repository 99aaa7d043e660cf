//! A breaker: after failures in a row, a database is left alone for a while, then tried by one call at a time.

use std::time::Duration;

use parking_lot::Mutex;

use super::SourceError;

/// Failures in a row after which it opens.
const FAILURES: u32 = 3;
/// The first pause, and the longest one.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Whether calls are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// They are.
    Closed,
    /// They fail at once.
    Open,
    /// One is under way as a probe; the others fail at once.
    HalfOpen,
}

impl BreakerState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// Its name: `closed`, `open`, `half-open`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// The breaker of a source.
pub(super) struct Breaker {
    source: String,
    state: Mutex<State>,
}

struct State {
    failures: u32,
    /// `None` while it is closed.
    open: Option<Open>,
}

struct Open {
    /// When it opened first.
    since: Duration,
    until: Duration,
    pause: Duration,
    probing: bool,
}

/// Leave for one call. Dropped without a verdict, as by a caller that has gone, it changes nothing.
#[must_use]
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    pub fn new(source: &str) -> Self {
        Self { source: source.to_owned(), state: Mutex::new(State { failures: 0, open: None }) }
    }

    pub fn state(&self) -> BreakerState {
        match &self.state.lock().open {
            None => BreakerState::Closed,
            Some(open) if open.probing => BreakerState::HalfOpen,
            Some(_) => BreakerState::Open,
        }
    }

    /// # Errors
    /// [`SourceError::Open`] if a call would be refused now.
    pub fn refuses(&self, now: Duration) -> Result<(), SourceError> {
        match &self.state.lock().open {
            Some(open) if open.probing || now < open.until => Err(open.refusal(now)),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// [`SourceError::Open`].
    pub fn admit(&self, now: Duration) -> Result<Pass<'_>, SourceError> {
        let mut state = self.state.lock();
        let probe = match &mut state.open {
            None => false,
            Some(open) if open.probing || now < open.until => return Err(open.refusal(now)),
            Some(open) => {
                open.probing = true;
                true
            }
        };
        Ok(Pass { breaker: self, probe })
    }
}

impl Open {
    fn refusal(&self, now: Duration) -> SourceError {
        SourceError::Open(self.until.saturating_sub(now))
    }
}

impl Pass<'_> {
    /// The database has answered.
    pub fn answered(self, now: Duration) {
        let mut state = self.breaker.state.lock();
        state.failures = 0;
        // A call that began before the breaker opened says nothing about now.
        if self.probe
            && let Some(open) = state.open.take()
        {
            let seconds = now.saturating_sub(open.since).as_secs_f32();
            tracing::info!(source = %self.breaker.source, seconds, "the data source is back");
        }
    }

    /// It has not.
    pub fn failed(self, now: Duration, error: &SourceError) {
        let mut state = self.breaker.state.lock();
        state.failures = state.failures.saturating_add(1);
        let failures = state.failures;
        match &mut state.open {
            Some(open) if self.probe => {
                open.pause = LONGEST.min(open.pause * 2);
                open.until = now + open.pause;
            }
            Some(_) => {}
            None if failures >= FAILURES => {
                tracing::warn!(source = %self.breaker.source, %error, "the data source is away: its statements fail until it is back");
                state.open = Some(Open { since: now, until: now + PAUSE, pause: PAUSE, probing: false });
            }
            None => {}
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe
            && let Some(open) = &mut self.breaker.state.lock().open
        {
            open.probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn fail(breaker: &Breaker, now: Duration) {
        breaker
            .admit(now)
            .unwrap_or_else(|e| panic!("{e}"))
            .failed(now, &SourceError::Unavailable("gone".into()));
    }

    fn opened() -> Breaker {
        let breaker = Breaker::new("s");
        (0..FAILURES).for_each(|_| fail(&breaker, SECOND));
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_only() {
        let breaker = Breaker::new("s");
        for _ in 0..5 {
            fail(&breaker, SECOND);
            fail(&breaker, SECOND);
            breaker.admit(SECOND).unwrap_or_else(|e| panic!("{e}")).answered(SECOND);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
        let breaker = opened();
        assert_eq!(breaker.state(), BreakerState::Open);
        assert_eq!(breaker.refuses(SECOND * 3 / 2), Err(SourceError::Open(SECOND / 2)));
    }

    #[test]
    fn one_probe_at_a_time_and_a_longer_pause_after_each() {
        let breaker = opened();
        let mut now = SECOND;
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            let almost = now + SECOND * pause - Duration::from_millis(1);
            assert!(breaker.admit(almost).is_err(), "{pause}");
            now += SECOND * pause;
            let probe = breaker.admit(now).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(breaker.state(), BreakerState::HalfOpen);
            assert!(breaker.admit(now).is_err() && breaker.refuses(now).is_err(), "a second probe");
            probe.failed(now, &SourceError::Unavailable("gone".into()));
            assert_eq!(breaker.state(), BreakerState::Open);
        }
        now += LONGEST;
        breaker.admit(now).unwrap_or_else(|e| panic!("{e}")).answered(now);
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert_eq!(breaker.refuses(now), Ok(()));
    }

    #[test]
    fn a_probe_that_is_given_up_lets_the_next_one_try() {
        let breaker = opened();
        drop(breaker.admit(SECOND * 2));
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(breaker.admit(SECOND * 2).is_ok());
    }

    #[test]
    fn an_answer_to_an_earlier_call_does_not_close_it() {
        let breaker = Breaker::new("s");
        let early = breaker.admit(SECOND).unwrap_or_else(|e| panic!("{e}"));
        (0..FAILURES).for_each(|_| fail(&breaker, SECOND));
        early.answered(SECOND);
        assert_eq!(breaker.state(), BreakerState::Open);
    }
}
