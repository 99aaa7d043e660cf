//! Which of a session's stanzas have met their fate: the `h` of XEP-0198.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Stanzas of one session whose writes may be in flight at once.
const UNSETTLED: usize = 64;

/// Counts a session's inbound stanzas. `h` is the length of the prefix whose fate is settled: delivered to an
/// online mailbox, committed, bounced or refused.
#[derive(Default)]
pub(crate) struct Intake {
    inner: Mutex<Inner>,
    settled: Notify,
}

#[derive(Default)]
struct Inner {
    /// Fates after the prefix: true where settled.
    open: VecDeque<bool>,
    /// Number of the first entry of `open`: so many stanzas have been settled since the session began.
    first: u64,
    /// `h` counts from where stream management was enabled.
    base: u64,
}

impl Intake {
    /// A stanza was read; returns its number.
    pub fn begin(&self) -> u64 {
        let mut inner = self.inner.lock();
        inner.open.push_back(false);
        inner.first + inner.open.len() as u64 - 1
    }

    /// The stanza with this number has met its fate.
    pub fn settle(&self, number: u64) {
        let mut inner = self.inner.lock();
        let first = inner.first;
        if let Some(slot) = number.checked_sub(first).and_then(|at| inner.open.get_mut(at as usize)) {
            *slot = true;
        }
        while inner.open.front() == Some(&true) {
            inner.open.pop_front();
            inner.first += 1;
        }
        if inner.open.is_empty() {
            inner.open = VecDeque::new();
        }
        drop(inner);
        self.settled.notify_waiters();
    }

    /// Stream management begins: counting starts at zero (XEP-0198 section 4).
    pub fn rebase(&self) {
        let mut inner = self.inner.lock();
        inner.base = inner.first + inner.open.len() as u64;
    }

    /// `h`: stanzas settled since stream management was enabled, modulo 2^32. Those from before may still be open.
    pub fn handled(&self) -> u32 {
        let inner = self.inner.lock();
        inner.first.saturating_sub(inner.base) as u32
    }

    /// Waits until fewer stanzas are unsettled than a session may have.
    pub async fn room(&self) {
        self.wait(UNSETTLED - 1).await;
    }

    /// Waits until every stanza read so far has met its fate.
    pub async fn quiet(&self) {
        self.wait(0).await;
    }

    async fn wait(&self, at_most: usize) {
        loop {
            let mut settled = std::pin::pin!(self.settled.notified());
            settled.as_mut().enable();
            if self.inner.lock().open.len() <= at_most {
                return;
            }
            settled.await;
        }
    }
}

/// Settles one stanza when dropped, whatever way its processing ends.
pub(crate) struct Settled {
    pub session: Arc<crate::Session>,
    pub number: u64,
}

impl Drop for Settled {
    fn drop(&mut self) {
        self.session.intake.settle(self.number);
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
        intake.settle(numbers[1]); // once more is nothing
        assert_eq!(intake.handled(), 3);
        intake.settle(numbers[3]);
        assert_eq!(intake.handled(), 4);
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
