//! The kernel's counters.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use runtime::Counter;

/// What dropped a stanza without an answer, and at which stage.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DropReason {
    /// The module, the plugin, or the rule (`rfc6121`, `mailbox`, `screen`).
    pub by: Arc<str>,
    pub stage: &'static str,
}

/// Plain counters, read by `castling stats`.
#[derive(Default)]
pub struct Counters {
    /// Stanzas that entered step 3 (`process`).
    pub stanzas: Counter,
    /// Stanzas put into mailboxes.
    pub delivered: Counter,
    /// Error stanzas returned to senders.
    pub bounced: Counter,
    /// Messages that the store did not take; their senders were told.
    pub unstored: Counter,
    /// Sessions closed because the client read too slowly.
    pub slow_readers: Counter,
    /// Sessions resumed (XEP-0198).
    pub resumed: Counter,
    /// Dropped by the rules of RFC 6121 section 8.
    pub ignored: Counter,
    /// Dropped because the sender's share of the recipient's mailbox was used up.
    pub crowded: Counter,
    /// Dropped by a privacy or block list.
    pub screened: Counter,
    drops: Mutex<BTreeMap<DropReason, Arc<Counter>>>,
}

impl Counters {
    /// The counter of what `by` drops at a stage; looked up once, at registration, so that counting a drop is
    /// one addition.
    pub(crate) fn of_drops(&self, by: &Arc<str>, stage: &'static str) -> Arc<Counter> {
        self.drops.lock().entry(DropReason { by: by.clone(), stage }).or_default().clone()
    }

    /// All non-zero drop counters.
    pub fn drops(&self) -> Vec<(DropReason, u64)> {
        let by_rule =
            |by: &str, counter: &Counter| (DropReason { by: by.into(), stage: "deliver" }, counter.get());
        let rules = [
            by_rule("rfc6121", &self.ignored),
            by_rule("mailbox", &self.crowded),
            by_rule("screen", &self.screened),
        ];
        let drops = self.drops.lock();
        let registered = drops.iter().map(|(reason, counter)| (reason.clone(), counter.get()));
        let mut all: Vec<_> = registered.chain(rules).filter(|(_, count)| *count > 0).collect();
        all.sort();
        all
    }
}
