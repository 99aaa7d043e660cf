//! How full mailboxes are, for metrics.

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
