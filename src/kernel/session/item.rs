//! One stanza that waits for a session.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use xmpp::{Jid, Stanza, delay};

use crate::session::mailbox::Charge;

/// Told what became of a stanza that lies in a store as well.
pub trait Receipt: Send + Sync {
    /// It has been written to the client, or acknowledged by it where stream management is on.
    fn delivered(&self);
    /// It was not delivered; the store still holds it.
    fn returned(&self);
}

/// A stanza that waits for a session, or for its client's acknowledgement.
#[derive(Clone)]
pub struct Item {
    /// The stanza, addressed as it will be written.
    pub stanza: Stanza,
    /// When it first reached this server, UTC microseconds.
    pub received_us: i64,
    /// Set when the stanza lies in a store too.
    pub receipt: Option<Arc<dyn Receipt>>,
    /// It carries this domain's own delay stamp already (XEP-0203).
    pub stamped: bool,
    /// For this session alone: an answer, a push, a copy. It ends with the session.
    pub(crate) alone: bool,
    /// Whose share of the mailbox it takes up.
    pub(crate) charge: Charge,
    /// Several sessions got the stanza: how many still have it, or have had it.
    pub(crate) copies: Option<Arc<AtomicUsize>>,
}

impl Item {
    /// A stanza for one session, not stored.
    pub fn new(stanza: Stanza, received_us: i64) -> Self {
        let charge = Charge::Known;
        Self { stanza, received_us, receipt: None, stamped: false, alone: false, charge, copies: None }
    }

    /// A stanza that was read back from a store, stamped; `receipt` is told what becomes of it.
    pub fn stored(stanza: Stanza, received_us: i64, receipt: Arc<dyn Receipt>) -> Self {
        let (receipt, charge) = (Some(receipt), Charge::Paced);
        Self { receipt, stamped: true, charge, ..Self::new(stanza, received_us) }
    }

    /// A stanza that the server itself has for this session alone.
    pub(crate) fn own(stanza: Stanza, received_us: i64, charge: Charge) -> Self {
        Self { alone: true, charge, ..Self::new(stanza, received_us) }
    }

    /// Stamps a message with the time of its coming, once (XEP-0203).
    pub(crate) fn stamp(&mut self, by: &Jid) {
        if !std::mem::replace(&mut self.stamped, true) {
            self.stanza = self.stanza.append(&delay::delay(by, self.received_us, None));
        }
    }

    /// Its session has ended without it. Has another session the stanza as well?
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.copies.as_ref().is_some_and(|copies| copies.fetch_sub(1, Ordering::AcqRel) > 1)
    }

    /// Bytes: its text and what holding it costs.
    pub(crate) fn weight(&self) -> usize {
        self.stanza.size() + size_of::<Self>()
    }
}
