//! One stanza in a session's mailbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use xmpp::{Jid, Stanza, delay};

use crate::session::mailbox::Charge;
use crate::session::receipt::Receipt;

/// A stanza in a mailbox, to be written or acknowledged.
#[derive(Clone)]
pub struct Item {
    /// The stanza, addressed as it will be written.
    pub stanza: Stanza,
    /// When it first reached this server, UTC microseconds.
    pub received_us: i64,
    /// Set if the stanza is in a store too.
    pub receipt: Option<Arc<dyn Receipt>>,
    /// Whether it has this domain's own delay stamp (XEP-0203) already.
    pub stamped: bool,
    /// For this session alone: an answer, a push, a copy. It ends with the session.
    pub(crate) alone: bool,
    /// The mailbox share it is charged to.
    pub(crate) charge: Charge,
    /// Set if several sessions got the stanza: how many still have it, or have had it.
    pub(crate) copies: Option<Arc<AtomicUsize>>,
}

impl Item {
    /// A stanza for one session, not stored.
    pub fn new(stanza: Stanza, received_us: i64) -> Self {
        let charge = Charge::Known;
        Self { stanza, received_us, receipt: None, stamped: false, alone: false, charge, copies: None }
    }

    /// A stanza that was read back from a store, stamped; `receipt` is notified of what becomes of it.
    pub fn stored(stanza: Stanza, received_us: i64, receipt: Arc<dyn Receipt>) -> Self {
        let (receipt, charge) = (Some(receipt), Charge::Paced);
        Self { receipt, stamped: true, charge, ..Self::new(stanza, received_us) }
    }

    /// A stanza from the server itself for this session alone.
    pub(crate) fn own(stanza: Stanza, received_us: i64, charge: Charge) -> Self {
        Self { alone: true, charge, ..Self::new(stanza, received_us) }
    }

    /// Stamps a message with the time it was received, once (XEP-0203).
    pub(crate) fn stamp(&mut self, by: &Jid) {
        if !std::mem::replace(&mut self.stamped, true) {
            self.stanza = self.stanza.append(&delay::delay(by, self.received_us, None));
        }
    }

    /// Called when its session has ended without delivering it: whether another session has the stanza as
    /// well.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.copies.as_ref().is_some_and(|copies| copies.fetch_sub(1, Ordering::AcqRel) > 1)
    }

    /// Size in bytes: its text and the overhead of holding it.
    pub(crate) fn weight(&self) -> usize {
        self.stanza.size() + size_of::<Self>()
    }
}
