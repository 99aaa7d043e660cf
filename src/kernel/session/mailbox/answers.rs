//! How many answers wait for the client, which decides when its next requests are read and answered.

use super::{BULK_BYTES, BULK_STANZAS, Mailbox, contents};
use crate::DomainLimits;

impl Mailbox {
    /// Whether so many answers are waiting that the client must not be read from.
    pub fn is_answering(&self) -> bool {
        self.inner.lock().loads.answers.reaches(BULK_STANZAS, BULK_BYTES)
    }

    /// Whether so many answers wait that further requests must be refused: those that came in bulk, or while
    /// nothing reads.
    pub fn has_too_many_answers(&self, limits: &DomainLimits) -> bool {
        let half = |bound: usize| bound.saturating_mul(contents::ANSWERS / 2);
        let (stanzas, bytes) = (limits.mailbox_stanzas.bound(), limits.mailbox_bytes.bound());
        self.inner.lock().loads.answers.reaches(half(stanzas), half(bytes))
    }

    pub fn is_in_bulk(&self) -> bool {
        self.inner.lock().bulk
    }

    /// Sets whether a connection takes the answers: without one, requests wait for no reader.
    pub fn served(&self, served: bool) {
        self.inner.lock().unserved = !served;
        self.space.notify_waiters();
    }

    /// Resolves when few answers wait, or no connection takes them. In bulk it never waits.
    pub async fn few_answers(&self) {
        self.when(|| (!self.makes_requests_wait()).then_some(())).await;
    }

    fn makes_requests_wait(&self) -> bool {
        let inner = self.inner.lock();
        let waits = !(inner.bulk || inner.closed || inner.unserved);
        waits && inner.loads.answers.reaches(BULK_STANZAS, BULK_BYTES)
    }

    /// Whether the client has yet to acknowledge so many answers that its next request must wait.
    pub fn awaits_acknowledgement(&self, limits: &DomainLimits) -> bool {
        let load = self.inner.lock().loads.unacknowledged;
        let times = |bound: usize| bound.saturating_mul(contents::OWN);
        load.reaches(times(limits.mailbox_stanzas.bound()), times(limits.mailbox_bytes.bound()))
    }
}
