//! A stanza on its way, with the facts that travel with it.

use std::sync::Arc;

use parking_lot::Mutex;
use xmpp::{Stanza, StanzaError};

use crate::intake::Settled;
use crate::{Account, BoxFuture, Host, HostTable, Receipt, Session, Tables};

/// Where a stanza entered this server.
#[derive(Clone)]
pub enum Origin {
    /// A session of ours; `from` is its full JID, stamped.
    Client(Arc<Session>),
    /// This server itself: replies, pushes, broadcasts, stored messages.
    Server,
}

/// Facts that hooks and modules leave for those after them.
#[derive(Default, Clone)]
pub struct Notes {
    /// When the stanza first reached this server, UTC microseconds; 0 until set. What is stored or delivered
    /// late is stamped with it (XEP-0203).
    pub received_us: i64,
    /// Seconds that an offline store may keep the stanza, when a hook has said so.
    pub keep_for: Option<u32>,
    /// The stanza lies in a store already: whoever settles its delivery tells the receipt.
    pub receipt: Option<Arc<dyn Receipt>>,
    /// Left over from a session that ended: a full `to` is read as the bare JID.
    pub leftover: bool,
}

/// A write in flight: resolves after its commit, with the error that the sender is told when it failed.
pub type Settling = BoxFuture<'static, Result<(), StanzaError>>;

/// A stanza on its way (steps 2 to 6 of ARCHITECTURE.md).
pub struct Packet {
    /// The stanza, its envelope already stamped.
    pub stanza: Stanza,
    /// Where it came from.
    pub origin: Origin,
    /// The host whose hooks run: the sender's up to the router, then the recipient's.
    pub host: Arc<Host>,
    /// The account it is being delivered to; set by the router.
    pub recipient: Option<Arc<Account>>,
    /// Facts that travel with it.
    pub notes: Notes,
    /// The hook tables this stanza took first: one version of each plugin judges it, whatever is loaded meanwhile.
    pub tables: Arc<Tables>,
    pub(crate) settling: Mutex<Option<Settling>>,
    /// The Receive stage has been run.
    pub(crate) received: bool,
    /// Counts the stanza as handled (XEP-0198) when the packet's way ends, wherever that is.
    pub(crate) settled: Option<Settled>,
}

impl Packet {
    /// A packet at the beginning of its way.
    pub fn new(stanza: Stanza, origin: Origin, host: Arc<Host>, tables: Arc<Tables>) -> Self {
        Self {
            stanza,
            origin,
            host,
            recipient: None,
            notes: Notes::default(),
            tables,
            settling: Mutex::new(None),
            received: false,
            settled: None,
        }
    }

    /// The hook and IQ tables of the packet's present host.
    pub fn table(&self) -> Option<&Arc<HostTable>> {
        self.tables.of(&self.host)
    }

    /// Is it for an account or a domain as a whole: to a JID without a resource, or to nobody in particular?
    pub fn is_to_bare(&self) -> bool {
        self.stanza.to().is_none_or(|to| to.resource().is_none())
    }

    /// The local session that sent it, if one did.
    pub fn session(&self) -> Option<&Arc<Session>> {
        match &self.origin {
            Origin::Client(session) => Some(session),
            Origin::Server => None,
        }
    }

    /// Hands over a write that decides the stanza's fate. The sender's session reads on meanwhile, but does not
    /// count the stanza as handled (XEP-0198) before the write has committed.
    pub fn settle(&mut self, write: Settling) {
        *self.settling.get_mut() = Some(write);
    }

    /// A packet for another recipient with the same facts, at the same hook tables.
    pub(crate) fn fork(&self, stanza: Stanza) -> Self {
        Self {
            stanza,
            origin: self.origin.clone(),
            host: self.host.clone(),
            recipient: None,
            notes: self.notes.clone(),
            tables: self.tables.clone(),
            settling: Mutex::new(None),
            received: false,
            settled: None,
        }
    }
}
