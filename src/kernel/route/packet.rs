//! A stanza on its way, with the facts that travel with it.

use std::sync::Arc;

use parking_lot::Mutex;
use xmpp::{Jid, Stanza, StanzaError};

use crate::session::intake::Guard;
use crate::{Account, BoxFuture, Host, HostTable, Origin, Receipt, Recipient, Recipients, Resource, Tables};

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
    pub redelivered: bool,
}

/// A write in flight: resolves after its commit, with the error that the sender is told when it failed.
pub type Settling = BoxFuture<'static, Result<(), StanzaError>>;

/// A stanza on its way (steps 2 to 6 of ARCHITECTURE.md). It goes in a box: each async function that it is handed on to would
/// reserve room for it once more, and their states are copied when they are made.
pub struct Packet {
    /// The stanza, its envelope already stamped. Of a packet with several recipients it has no `to`.
    pub stanza: Stanza,
    /// Where it came from.
    pub origin: Origin,
    /// The host whose hooks run: the sender's up to the router, then the recipient's.
    pub host: Arc<Host>,
    /// The accounts of `host` it is being delivered to; set by the router.
    pub recipients: Recipients,
    /// Facts that travel with it.
    pub notes: Notes,
    /// The hook tables this stanza took first: one version of each plugin judges it, whatever is loaded meanwhile.
    pub tables: Arc<Tables>,
    pub(crate) settling: Mutex<Vec<Settling>>,
    /// The Receive stage has been run.
    pub(crate) received: bool,
    /// Counts the stanza as handled (XEP-0198) when the last one is dropped.
    pub(crate) guard: Guard,
}

impl Packet {
    /// A packet at the beginning of its way.
    pub(crate) fn new(stanza: Stanza, origin: Origin, host: Arc<Host>, tables: Arc<Tables>) -> Box<Self> {
        Box::new(Self {
            stanza,
            origin,
            host,
            recipients: Recipients::Unknown,
            notes: Notes::default(),
            tables,
            settling: Mutex::default(),
            received: false,
            guard: Guard::default(),
        })
    }

    /// The hook and IQ tables of the packet's present host.
    pub fn table(&self) -> Option<&Arc<HostTable>> {
        self.tables.of(&self.host)
    }

    /// Is it for an account or a domain as a whole: to a JID without a resource, or to nobody in particular?
    pub fn is_to_bare(&self) -> bool {
        self.stanza.to().is_none_or(|to| to.resource().is_none())
    }

    /// The client that sent it, if one of ours did.
    pub fn client(&self) -> Option<&Resource> {
        self.origin.client()
    }

    /// Who has sent it, if that is neither the account itself nor this server: somebody in its roster, or a stranger.
    pub fn other(&self, account: &Account) -> Option<&Jid> {
        let from = self.stanza.from().filter(|from| !from.same_bare(account.jid()))?;
        match &self.origin {
            Origin::Client(_) | Origin::Link(..) => Some(from),
            // Redelivered by the host, whoever had sent it.
            Origin::Host(_) if self.notes.redelivered && from.local().is_some() => Some(from),
            Origin::Account(_) | Origin::Host(_) | Origin::Service(_) => None,
        }
    }

    /// The one account that it is delivered to; of several, the first.
    pub fn recipient(&self) -> Option<&Arc<Account>> {
        self.recipients.first().map(|recipient| &recipient.account)
    }

    /// Hands over a write whose failure the sender is told. The sender's session reads on meanwhile, but does not
    /// count the stanza as handled (XEP-0198) before the write has committed. There may be several.
    pub fn settle(&mut self, write: Settling) {
        self.settling.get_mut().push(write);
    }

    /// While the guard lives, the stanza does not count as handled.
    pub fn guard(&self) -> Guard {
        self.guard.clone()
    }

    /// Another stanza with the same facts, at the same hook tables, at the beginning of its way.
    pub(crate) fn fork(&self, stanza: Stanza) -> Box<Self> {
        let mut fork = Self::new(stanza, self.origin.clone(), self.host.clone(), self.tables.clone());
        fork.notes = self.notes.clone();
        fork
    }

    /// The same packet for one of its recipients, by itself.
    pub(crate) fn only(&self, recipient: &Recipient) -> Box<Self> {
        let stanza = match self.recipients {
            Recipients::Many(_) => self.stanza.clone().with_to(Some(recipient.to.clone())),
            _ => self.stanza.clone(),
        };
        let mut one = self.fork(stanza);
        one.recipients = Recipients::One(recipient.clone());
        one.received = self.received;
        one.guard = self.guard.clone();
        one
    }
}
