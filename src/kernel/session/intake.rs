//! Which of a session's stanzas are settled: the `h` of XEP-0198.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::session::Session;
use crate::session::lane::Lanes;

/// Stanzas of one session whose writes may be in flight at once.
const UNSETTLED: usize = 64;

/// Counts a session's inbound stanzas. `h` is the length of the prefix whose fate is settled: delivered to an
/// online mailbox, committed, bounced or refused.
#[derive(Default)]
pub(crate) struct Intake {
    inner: Mutex<Inner>,
    pub(super) settled: Notify,
}

#[derive(Default)]
struct Inner {
    /// Stanzas after that prefix: the number of guards each still has; 0 is settled.
    open: VecDeque<u32>,
    /// Number of the first entry of `open`: the count of stanzas settled since the session began.
    first: u64,
    /// `h` counts from this stanza, at which stream management was enabled.
    base: u64,
    /// Requests being answered while the session reads on.
    lanes: Lanes,
    /// Numbers of the stanzas with writes in flight, one entry per write.
    writes: Vec<u64>,
}

impl Intake {
    /// Registers a stanza that was read, with one guard; returns its number.
    pub fn begin(&self) -> u64 {
        let mut inner = self.inner.lock();
        inner.open.push_back(1);
        inner.first + inner.open.len() as u64 - 1
    }

    /// Adds a guard to the stanza with this number.
    fn hold(&self, number: u64) {
        self.inner.lock().guards(number, |guards| *guards += 1);
    }

    /// Removes a guard from the stanza with this number; without guards it is settled.
    pub fn settle(&self, number: u64) {
        let mut inner = self.inner.lock();
        inner.guards(number, |guards| *guards = guards.saturating_sub(1));
        while inner.open.front() == Some(&0) {
            inner.open.pop_front();
            inner.first += 1;
        }
        if inner.open.is_empty() {
            inner.open = VecDeque::new();
        }
        drop(inner);
        self.settled.notify_waiters();
    }

    /// Stream management is enabled: counting starts at zero (XEP-0198 section 4).
    pub fn rebase(&self) {
        let mut inner = self.inner.lock();
        inner.base = inner.first + inner.open.len() as u64;
    }

    /// `h`: stanzas settled since stream management was enabled, modulo 2^32. Earlier ones may still be open.
    pub fn handled(&self) -> u32 {
        let inner = self.inner.lock();
        inner.first.saturating_sub(inner.base) as u32
    }

    /// How many stanzas have been read since the session began.
    pub fn read(&self) -> u64 {
        let inner = self.inner.lock();
        inner.first + inner.open.len() as u64
    }

    /// Whether the first `count` stanzas are settled.
    pub fn has_settled(&self, count: u64) -> bool {
        self.inner.lock().first >= count
    }

    /// Waits until the session has fewer unsettled stanzas than its limit.
    pub async fn room(&self) {
        self.until(|inner| inner.open.len() < UNSETTLED).await;
    }

    /// Waits until every stanza read so far is settled.
    pub async fn quiet(&self) {
        self.until(|inner| inner.open.is_empty()).await;
    }

    /// Waits until the first `count` stanzas are settled.
    pub async fn settled(&self, count: u64) {
        self.until(|inner| inner.first >= count).await;
    }

    fn write_ended(&self, number: u64) {
        let mut inner = self.inner.lock();
        if let Some(at) = inner.writes.iter().position(|write| *write == number) {
            inner.writes.remove(at);
        }
        if inner.writes.is_empty() {
            inner.writes = Vec::new();
        }
        drop(inner);
        self.settled.notify_waiters();
    }

    pub(super) fn lanes<T>(&self, with: impl FnOnce(&mut Lanes) -> T) -> T {
        with(&mut self.inner.lock().lanes)
    }

    /// Waits until `free` holds for the lanes.
    pub(super) async fn until_lanes(&self, free: impl Fn(&Lanes) -> bool) {
        self.until(|inner| free(&inner.lanes)).await;
    }

    async fn until(&self, reached: impl Fn(&Inner) -> bool) {
        loop {
            if reached(&self.inner.lock()) {
                return;
            }
            let mut settled = std::pin::pin!(self.settled.notified());
            settled.as_mut().enable();
            if reached(&self.inner.lock()) {
                return;
            }
            settled.await;
        }
    }
}

impl Inner {
    fn guards(&mut self, number: u64, with: impl FnOnce(&mut u32)) {
        let at = number.checked_sub(self.first);
        if let Some(guards) = at.and_then(|at| self.open.get_mut(at as usize)) {
            with(guards);
        }
    }
}

/// While any guard of a stanza lives, the stanza does not count as handled (XEP-0198). Whatever decides its
/// fate later keeps one: a write, a handler that answers later. For a stanza of the server's own it does nothing.
#[derive(Default)]
pub struct Guard(Option<(Reader, u64)>);

/// Whoever has read the stanza.
#[derive(Clone)]
enum Reader {
    Session(Arc<Session>),
    Link(Arc<Intake>),
}

impl Deref for Reader {
    type Target = Intake;

    fn deref(&self) -> &Intake {
        match self {
            Self::Session(session) => &session.intake,
            Self::Link(intake) => intake,
        }
    }
}

impl Guard {
    /// The first guard of a stanza that a session has read.
    pub(crate) fn begin(session: &Arc<Session>) -> Self {
        Self(Some((Reader::Session(session.clone()), session.intake.begin())))
    }

    /// The first guard of a stanza that a link has brought.
    pub(crate) fn brought(intake: &Arc<Intake>) -> Self {
        Self(Some((Reader::Link(intake.clone()), intake.begin())))
    }

    /// A write that decides the stanza's fate is in flight until this is dropped.
    pub(crate) fn write(&self) -> Option<InFlight> {
        let (reader, number) = self.0.clone()?;
        reader.inner.lock().writes.push(number);
        Some(InFlight(reader, number))
    }

    /// Waits until each earlier stanza's write is known to have succeeded or failed: a client gets errors in
    /// the order of its stanzas.
    pub(crate) async fn turn(&self) {
        if let Some((reader, number)) = &self.0 {
            reader.until(|inner| inner.writes.iter().all(|write| write >= number)).await;
        }
    }
}

/// A write that decides a stanza's fate.
pub(crate) struct InFlight(Reader, u64);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.write_ended(self.1);
    }
}

impl Clone for Guard {
    fn clone(&self) -> Self {
        if let Some((reader, number)) = &self.0 {
            reader.hold(*number);
        }
        Self(self.0.clone())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some((reader, number)) = &self.0 {
            reader.settle(*number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_is_the_settled_prefix() {
        let intake = Intake::default();
        let numbers: Vec<u64> = (0..4).map(|_| intake.begin()).collect();
        intake.settle(numbers[2]);
        assert_eq!(intake.handled(), 0);
        intake.settle(numbers[0]);
        assert_eq!(intake.handled(), 1);
        intake.settle(numbers[1]);
        assert_eq!(intake.handled(), 3);
        intake.settle(numbers[1]); // settling twice has no effect
        assert_eq!(intake.handled(), 3);
        intake.settle(numbers[3]);
        assert_eq!(intake.handled(), 4);
    }

    #[test]
    fn a_stanza_is_settled_with_its_last_guard() {
        let intake = Intake::default();
        let number = intake.begin();
        intake.hold(number);
        intake.settle(number);
        assert_eq!((intake.handled(), intake.read(), intake.has_settled(1)), (0, 1, false));
        intake.settle(number);
        assert_eq!((intake.handled(), intake.has_settled(1)), (1, true));
    }

    #[test]
    fn counting_begins_with_stream_management() {
        let intake = Intake::default();
        intake.settle(intake.begin());
        let open = intake.begin();
        intake.rebase();
        assert_eq!(intake.handled(), 0);
        let after = intake.begin();
        intake.settle(after);
        assert_eq!(intake.handled(), 0, "a stanza from before is still open");
        intake.settle(open);
        assert_eq!(intake.handled(), 1);
    }

    #[test]
    fn h_wraps_around() {
        let intake = Intake::default();
        intake.inner.lock().first = u64::from(u32::MAX) - 1;
        for h in [u32::MAX, 0, 1] {
            intake.settle(intake.begin());
            assert_eq!(intake.handled(), h);
        }
    }

    #[tokio::test]
    async fn at_most_so_many_are_unsettled() {
        let intake = Arc::new(Intake::default());
        let numbers: Vec<u64> = (0..UNSETTLED).map(|_| intake.begin()).collect();
        let mut room = tokio_test_task(intake.clone());
        assert!(!room.is_finished());
        tokio::task::yield_now().await;
        assert!(!room.is_finished());
        intake.settle(numbers[5]);
        assert!(!room.is_finished(), "only the prefix makes room");
        intake.settle(numbers[0]);
        (&mut room).await.unwrap();
        numbers.iter().for_each(|number| intake.settle(*number));
        intake.quiet().await;
    }

    fn tokio_test_task(intake: Arc<Intake>) -> tokio::task::JoinHandle<()> {
        runtime::Tasks::new().spawn("room", async move { intake.room().await })
    }
}
