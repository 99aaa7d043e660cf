//! What the kernel counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use runtime::Counter;

/// Why a stanza was dropped without an answer: who did it, at which stage.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DropReason {
    /// The module, the plugin, or the rule (`rfc6121`, `mailbox`, `screen`).
    pub by: Arc<str>,
    /// The stage's name.
    pub stage: &'static str,
}

/// Plain counters, read by `castling stats`.
#[derive(Default)]
pub struct Counters {
    /// Stanzas that entered step 3.
    pub stanzas: Counter,
    /// Stanzas put into mailboxes.
    pub delivered: Counter,
    /// Error stanzas returned to senders.
    pub bounced: Counter,
    /// Sessions closed because their reader was too slow.
    pub slow_readers: Counter,
    /// Sessions resumed (XEP-0198).
    pub resumed: Counter,
    /// Dropped by the rules of RFC 6121 section 8.
    pub ignored: Counter,
    /// Dropped because the recipient's mailbox had no room left for the sender.
    pub crowded: Counter,
    /// Dropped by a privacy or block list.
    pub screened: Counter,
    drops: Mutex<BTreeMap<DropReason, Arc<Counter>>>,
}

impl Counters {
    /// The counter of what somebody drops at a stage; taken once, at registration, so that a drop is one addition.
    pub(crate) fn of_drops(&self, by: &Arc<str>, stage: &'static str) -> Arc<Counter> {
        self.drops.lock().entry(DropReason { by: by.clone(), stage }).or_default().clone()
    }

    /// Everything dropped so far; what never happened is left out.
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
