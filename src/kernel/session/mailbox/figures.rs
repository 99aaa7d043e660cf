//! How full mailboxes are, for metrics.

use super::Mailbox;

/// What waits in mailboxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailboxFigures {
    /// Stanzas that have not been written, or not been acknowledged (XEP-0198).
    pub stanzas: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of the stanzas have been written and wait for an acknowledgement.
    pub unacknowledged: u64,
    /// The bytes of the fullest mailbox.
    pub largest_bytes: u64,
}

impl MailboxFigures {
    /// Adds those of one more.
    pub fn add(&mut self, one: Self) {
        self.stanzas += one.stanzas;
        self.bytes += one.bytes;
        self.unacknowledged += one.unacknowledged;
        self.largest_bytes = self.largest_bytes.max(one.bytes);
    }
}

impl Mailbox {
    /// What waits.
    pub fn figures(&self) -> MailboxFigures {
        let inner = self.inner.lock();
        let deferred = inner.deferred.iter().flat_map(|deferred| &deferred.items);
        let (stanzas, bytes) =
            deferred.fold((0, 0), |(stanzas, bytes), item| (stanzas + 1, bytes + item.weight()));
        let bytes = (inner.bytes + bytes) as u64;
        MailboxFigures {
            stanzas: (inner.items.len() + stanzas) as u64,
            bytes,
            unacknowledged: inner.written as u64,
            largest_bytes: bytes,
        }
    }
}
