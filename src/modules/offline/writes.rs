//! Whether an account in memory is known to have no stored messages: a client that comes back soon costs no query then.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

/// How long that is relied on: another server may be ending on the same database, and an expiry that was over may not be
/// over any more when the wall clock has been set back.
const HOLDS: Duration = Duration::from_secs(60);

/// What is written for one account. Times are monotonic.
#[derive(Default)]
pub(super) struct Writes(Mutex<State>);

#[derive(Clone, Copy, Default)]
struct State {
    begun: u64,
    /// Those under way, and those that the database failed under: they may yet be committed.
    open: u32,
    /// Until when the store counts as empty.
    empty_until: Duration,
}

/// The state when a read began; from [`Writes::must_read`].
#[derive(Clone, Copy)]
pub(super) struct Mark {
    /// The writes that had begun; `None` if some were open.
    begun: Option<u64>,
    at: Duration,
}

/// A message is being stored. If this is dropped before it is settled, the message may yet be stored.
pub(super) struct Storing<T>(Arc<T>);

impl<T: AsRef<Writes>> Storing<T> {
    /// To be called before the write is queued.
    pub fn begin(of: Arc<T>) -> Self {
        {
            let mut state = of.as_ref().as_ref().0.lock();
            state.begun += 1;
            state.open += 1;
            state.empty_until = Duration::ZERO;
        }
        Self(of)
    }

    /// The message is stored, or certainly is not.
    pub fn settled(self) {
        self.0.as_ref().as_ref().0.lock().open -= 1;
    }
}

impl AsRef<Self> for Writes {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Writes {
    /// To be called before the store is read; `None` if it is known to be empty.
    pub fn must_read(&self, now: Duration) -> Option<Mark> {
        let State { begun, open, empty_until } = *self.0.lock();
        (empty_until <= now).then_some(Mark { begun: (open == 0).then_some(begun), at: now })
    }

    /// Nothing was found when the store was read from its beginning. That says nothing if a write was open or has begun since.
    pub fn found_none(&self, mark: Mark) {
        let mut state = self.0.lock();
        if mark.begun == Some(state.begun) {
            state.empty_until = mark.at + HOLDS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(5);

    #[test]
    fn empty_for_a_minute_or_until_a_write_begins() {
        let writes = Arc::new(Writes::default());
        writes.found_none(writes.must_read(NOW).unwrap());
        assert!(writes.must_read(NOW).is_none());
        let later = writes.must_read(NOW + HOLDS).unwrap();
        writes.found_none(later);
        assert!(writes.must_read(NOW + HOLDS).is_none());
        Storing::begin(writes.clone()).settled();
        writes.found_none(writes.must_read(NOW).unwrap());
        assert!(writes.must_read(NOW).is_none());
    }

    #[test]
    fn not_while_something_is_written_or_may_yet_be() {
        let writes = Arc::new(Writes::default());
        let before = writes.must_read(NOW).unwrap();
        let storing = Storing::begin(writes.clone());
        let during = writes.must_read(NOW).unwrap();
        storing.settled();
        for mark in [before, during] {
            writes.found_none(mark);
            assert!(writes.must_read(NOW).is_some());
        }
        drop(Storing::begin(writes.clone()));
        writes.found_none(writes.must_read(NOW).unwrap());
        assert!(writes.must_read(NOW).is_some(), "its outcome is not known");
    }
}
