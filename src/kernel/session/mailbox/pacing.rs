//! Waiting for a mailbox: until there is room, a connection, or an end. Stored messages follow as fast as the client reads, and
//! only while a connection is there.

use super::{BULK_BYTES, BULK_STANZAS, Mailbox};
use crate::DomainLimits;

impl Mailbox {
    /// Resolves when few enough stanzas wait that a stored message may follow, or the mailbox is closed; with `false` as soon
    /// as no connection takes stanzas out.
    pub async fn room(&self, limits: &DomainLimits) -> bool {
        let largest = limits.stream.stanza_bytes.bound().saturating_mul(2); // with its stamp and overhead
        let bytes = BULK_BYTES.min(limits.mailbox_bytes.bound().saturating_sub(largest));
        let stanzas = BULK_STANZAS.min(limits.mailbox_stanzas.bound().saturating_sub(1));
        self.when(|| {
            let inner = self.inner.lock();
            let idle = inner.closed || (inner.items.len() <= stanzas && inner.bytes <= bytes);
            let unserved = inner.unserved && !inner.closed;
            (idle || unserved).then_some(!unserved)
        })
        .await
    }

    /// Resolves when a connection takes stanzas out, or the mailbox is closed.
    pub async fn attended(&self) {
        self.when(|| {
            let inner = self.inner.lock();
            (inner.closed || !inner.unserved).then_some(())
        })
        .await;
    }

    /// Waits until `ready` has an answer: it is asked now, and whenever stanzas have left or the session's state has changed.
    pub(super) async fn when<R>(&self, ready: impl Fn() -> Option<R>) -> R {
        loop {
            // Enabled first, so that no change between the question and the wait is missed.
            let mut space = std::pin::pin!(self.space.notified());
            space.as_mut().enable();
            if let Some(answer) = ready() {
                return answer;
            }
            space.await;
        }
    }
}
