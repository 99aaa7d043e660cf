//! Stages, orders, verdicts, and the immutable table of handlers of one stage.

use std::sync::Arc;

use xmpp::{Kind, Stanza, StanzaError, StanzaType};

use crate::{BoxFuture, ByKind, Kernel, Packet};

/// A point in a stanza's path where handlers are called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Step 3: on the sender's host, after `from` is stamped.
    Send,
    /// Step 4: before the destination is looked up.
    Route,
    /// Step 5: on the recipient's host, once for all recipients there; a hook may rule on each. Stanzas for
    /// the host itself, which have no recipients, pass it too.
    Receive,
    /// Step 6: sessions have taken it. The verdict has no effect.
    Delivered,
    /// Step 6: no online session took it.
    Undelivered,
}

impl Stage {
    pub(crate) const COUNT: usize = 5;

    /// The stage's name in counters and logs.
    pub fn name(self) -> &'static str {
        ["send", "route", "receive", "delivered", "undelivered"][self as usize]
    }
}

/// When a handler runs among those of its stage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Order {
    /// Protection: privacy, blocking, guarding plugins.
    Guard,
    Early,
    Normal,
    /// Fallbacks, such as the offline store.
    Late,
    /// Recording of the final form, such as archives.
    Record,
}

/// A handler's decision about a stanza.
#[derive(Debug)]
pub enum Verdict {
    Continue,
    /// The handler has taken care of it.
    Handled,
    /// Drop it, counted under the handler's name. An IQ request is still answered.
    Drop,
    /// Answer the sender with this error.
    Reject(StanzaError),
    /// Go on with this stanza instead.
    Replace(Stanza),
}

impl Verdict {
    /// The decision, for the log; `None` if nothing was decided.
    pub(crate) fn word(&self) -> Option<&'static str> {
        match self {
            Self::Continue => None,
            Self::Handled => Some("handled"),
            Self::Drop => Some("dropped"),
            Self::Reject(_) => Some("rejected"),
            Self::Replace(_) => Some("replaced"),
        }
    }
}

/// Which stanzas a handler is called for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interest {
    mask: u64,
    namespaces: Vec<Box<str>>,
}

const TYPES: u32 = StanzaType::Other as u32 + 1;

fn bit(kind: Kind, stanza_type: StanzaType) -> u64 {
    1 << (kind as u32 * TYPES + stanza_type as u32)
}

impl Interest {
    pub fn all() -> Self {
        Self { mask: u64::MAX, namespaces: Vec::new() }
    }

    /// All stanza types of these kinds.
    pub fn kinds(kinds: &[Kind]) -> Self {
        let row = (1u64 << TYPES) - 1;
        let mask = kinds.iter().fold(0, |mask, kind| mask | row << (*kind as u32 * TYPES));
        Self { mask, namespaces: Vec::new() }
    }

    /// These types of one kind.
    pub fn types(kind: Kind, types: &[StanzaType]) -> Self {
        Self { mask: types.iter().fold(0, |mask, t| mask | bit(kind, *t)), namespaces: Vec::new() }
    }

    /// The union of two interests; a namespace restriction is kept only if both have one.
    pub fn and(mut self, other: Self) -> Self {
        self.mask |= other.mask;
        match self.namespaces.is_empty() || other.namespaces.is_empty() {
            true => self.namespaces.clear(),
            false => self.namespaces.extend(other.namespaces),
        }
        self
    }

    /// Only stanzas with a child element in one of these namespaces.
    pub fn payload_ns(mut self, namespaces: &[&str]) -> Self {
        self.namespaces = namespaces.iter().map(|ns| (*ns).into()).collect();
        self
    }

    /// Whether the handler is interested in this stanza.
    pub fn wants(&self, stanza: &Stanza) -> bool {
        self.mask & bit(stanza.kind(), stanza.stanza_type()) != 0
            && (self.namespaces.is_empty()
                || stanza.children().any(|child| self.namespaces.iter().any(|ns| **ns == *child.ns())))
    }
}

pub(crate) type NowFn = dyn Fn(&Arc<Kernel>, &mut Packet) -> Verdict + Send + Sync;
pub(crate) type LaterFn =
    dyn for<'a> Fn(&'a Arc<Kernel>, &'a mut Packet) -> BoxFuture<'a, Verdict> + Send + Sync;

/// A handler: synchronous, or one that may wait (for the store, never for a peer).
pub(crate) enum Handler {
    Now(Box<NowFn>),
    Later(Box<LaterFn>),
}

pub(crate) struct Entry {
    pub order: Order,
    /// The module or plugin that it belongs to.
    pub by: Arc<str>,
    /// Counts what it drops.
    pub drops: Arc<ByKind>,
    pub interest: Interest,
    pub handler: Handler,
}

/// The handlers of one stage on one host, in order. Immutable once published.
#[derive(Default)]
pub struct StageTable {
    mask: u64,
    entries: Box<[Arc<Entry>]>,
}

impl StageTable {
    pub(crate) fn new(mut entries: Vec<Arc<Entry>>) -> Self {
        entries.sort_by_key(|entry| entry.order); // stable: registration order breaks ties
        let mask = entries.iter().fold(0, |mask, entry| mask | entry.interest.mask);
        Self { mask, entries: entries.into() }
    }

    /// Whether any handler is interested in stanzas of this kind and type. One load and a test.
    pub fn concerns(&self, stanza: &Stanza) -> bool {
        self.mask & bit(stanza.kind(), stanza.stanza_type()) != 0
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index).map(|entry| &**entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stanza(xml: &str) -> Stanza {
        Stanza::parse_str(xml).unwrap()
    }

    #[test]
    fn interests() {
        let chat = stanza("<message type='chat'><body>x</body><m xmlns='urn:example:move'/></message>");
        let headline = stanza("<message type='headline'><body>x</body></message>");
        let presence = stanza("<presence/>");
        let all = Interest::all();
        assert!([&chat, &headline, &presence].iter().all(|s| all.wants(s)));
        let chats = Interest::types(Kind::Message, &[StanzaType::Chat, StanzaType::Normal]);
        assert!(chats.wants(&chat) && !chats.wants(&headline) && !chats.wants(&presence));
        let moves = Interest::kinds(&[Kind::Message]).payload_ns(&["urn:example:move"]);
        assert!(moves.wants(&chat) && !moves.wants(&headline));
        let both = chats.and(Interest::kinds(&[Kind::Presence]));
        assert!(both.wants(&chat) && both.wants(&presence) && !both.wants(&headline));
    }

    #[test]
    fn every_kind_and_type_has_a_bit_of_its_own() {
        let kinds = [Kind::Message, Kind::Presence, Kind::Iq];
        let types = [StanzaType::None, StanzaType::Error, StanzaType::Probe, StanzaType::Other];
        let mut seen = std::collections::HashSet::new();
        assert!(kinds.iter().all(|k| types.iter().all(|t| seen.insert(bit(*k, *t)))));
    }
}
