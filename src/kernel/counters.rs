//! The kernel's counters.

mod by_kind;
mod log_ins;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use runtime::Counter;

pub use by_kind::{ByKind, KINDS};
pub use log_ins::{LogInCount, LogIns};

/// What dropped a stanza without an answer, and at which stage.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DropReason {
    /// The module, the plugin, or the rule (`rfc6121`, `mailbox`, `screen`).
    pub by: Arc<str>,
    pub stage: &'static str,
}

/// Plain counters, read by `castling stats` and as metrics.
#[derive(Default)]
pub struct Counters {
    /// Stanzas that entered step 3 (`process`).
    pub stanzas: ByKind,
    /// Stanzas put into mailboxes.
    pub delivered: ByKind,
    /// Error stanzas returned to senders, by the kind of both.
    pub bounced: ByKind,
    /// Messages that the store has taken for somebody away.
    pub stored: Counter,
    /// Messages that the store did not take; their senders were told.
    pub unstored: Counter,
    /// Sessions closed because the client read too slowly.
    pub slow_readers: Counter,
    /// Sessions resumed (XEP-0198).
    pub resumed: Counter,
    /// Sessions that a feature has refused before they were bound.
    pub refused_binds: Counter,
    /// Dropped by the rules of RFC 6121 section 8.
    pub ignored: ByKind,
    /// Dropped because the sender's share of the recipient's mailbox was used up.
    pub crowded: ByKind,
    /// Dropped by a privacy or block list.
    pub screened: ByKind,
    /// Attempts to log in.
    pub log_ins: LogIns,
    drops: Mutex<BTreeMap<DropReason, Arc<ByKind>>>,
}

impl Counters {
    /// The counter of what `by` drops at a stage; looked up once, at registration, so that counting a drop is
    /// one addition.
    pub(crate) fn of_drops(&self, by: &Arc<str>, stage: &'static str) -> Arc<ByKind> {
        self.drops.lock().entry(DropReason { by: by.clone(), stage }).or_default().clone()
    }

    /// How many stanzas `by` has dropped, of all kinds and at all stages.
    pub fn dropped_by(&self, by: &str) -> u64 {
        let drops = self.drops();
        drops.iter().filter(|(reason, _)| &*reason.by == by).flat_map(|(_, counts)| counts).sum()
    }

    /// All drops that have occurred: by reason, in the order of [`KINDS`].
    pub fn drops(&self) -> Vec<(DropReason, [u64; KINDS.len()])> {
        let by_rule =
            |by: &str, counter: &ByKind| (DropReason { by: by.into(), stage: "deliver" }, counter.get());
        let rules = [
            by_rule("rfc6121", &self.ignored),
            by_rule("mailbox", &self.crowded),
            by_rule("screen", &self.screened),
        ];
        let drops = self.drops.lock();
        let registered = drops.iter().map(|(reason, counter)| (reason.clone(), counter.get()));
        let mut all: Vec<_> =
            registered.chain(rules).filter(|(_, counts)| counts.iter().sum::<u64>() > 0).collect();
        all.sort();
        all
    }
}
