//! How many answers wait for the client, which decides when its next requests are read and answered.

use super::{BULK_BYTES, BULK_STANZAS, Mailbox, contents};
use crate::DomainLimits;

impl Mailbox {
    /// Whether so many answers are waiting that the client must not be read from.
    pub fn is_answering(&self) -> bool {
        self.inner.lock().loads.answers.reaches(BULK_STANZAS, BULK_BYTES)
    }

    /// Whether so many answers to requests that came together wait that no more of these are to be answered.
    pub fn is_answering_in_bulk(&self, limits: &DomainLimits) -> bool {
        let inner = self.inner.lock();
        let half = |bound: usize| bound.saturating_mul(contents::ANSWERS / 2);
        inner.bulk
            && inner
                .loads
                .answers
                .reaches(half(limits.mailbox_stanzas.bound()), half(limits.mailbox_bytes.bound()))
    }

    /// Resolves when few answers wait, or the session has ended. In bulk it never waits.
    pub async fn few_answers(&self) {
        loop {
            let mut space = std::pin::pin!(self.space.notified());
            space.as_mut().enable();
            if !self.makes_requests_wait() {
                return;
            }
            space.await;
        }
    }

    fn makes_requests_wait(&self) -> bool {
        let inner = self.inner.lock();
        !inner.bulk && !inner.closed && inner.loads.answers.reaches(BULK_STANZAS, BULK_BYTES)
    }

    /// Whether the client has yet to acknowledge so many answers that its next request must wait.
    pub fn awaits_acknowledgement(&self, limits: &DomainLimits) -> bool {
        let load = self.inner.lock().loads.unacknowledged;
        let times = |bound: usize| bound.saturating_mul(contents::OWN);
        load.reaches(times(limits.mailbox_stanzas.bound()), times(limits.mailbox_bytes.bound()))
    }
}
