//! What the kernel counts.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;
use runtime::Counter;

/// Why a stanza was dropped without an answer: who did it, at which stage.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DropReason {
    /// The module, the plugin, or the rule (`rfc6121`).
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
    drops: Mutex<HashMap<DropReason, u64>>,
}

impl Counters {
    /// Counts a stanza that a policy dropped.
    pub fn dropped(&self, by: &Arc<str>, stage: &'static str) {
        let reason = DropReason { by: by.clone(), stage };
        *self.drops.lock().entry(reason).or_insert(0) += 1;
    }

    /// Everything dropped so far.
    pub fn drops(&self) -> Vec<(DropReason, u64)> {
        let mut drops: Vec<_> = self.drops.lock().iter().map(|(k, v)| (k.clone(), *v)).collect();
        drops.sort_by(|a, b| (&a.0.by, a.0.stage).cmp(&(&b.0.by, b.0.stage)));
        drops
    }
}
