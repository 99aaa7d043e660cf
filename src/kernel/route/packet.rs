//! A stanza in progress, with the metadata that travels with it.

use std::sync::Arc;

use parking_lot::Mutex;
use xmpp::{Jid, Stanza, StanzaError};

use crate::hooks::trail;
use crate::session::intake::Guard;
use crate::{
    Account, BoxFuture, Host, HostTable, Joint, Kept, Origin, Receipt, Recipient, Recipients, Resource,
    Tables,
};

/// Notes that hooks and modules leave for later ones.
#[derive(Default, Clone)]
pub struct Notes {
    /// The stanza's number in the log; 0 if nobody wanted to know when its way began.
    pub number: u64,
    /// When the stanza first reached this server, UTC microseconds; 0 until set. Stanzas stored or delivered
    /// late are stamped with it (XEP-0203).
    pub received_us: i64,
    /// Seconds that an offline store may keep the stanza, if a hook has set it.
    pub keep_for: Option<u32>,
    /// Set if the stanza is in a store already: whatever settles its delivery notifies the receipt.
    pub receipt: Option<Arc<dyn Receipt>>,
    /// Set if sessions which wait to be resumed have the message: whoever would store it in their absence does so, and
    /// reports here instead of to the sender.
    pub keeping: Option<Arc<Kept>>,
    /// The sender's side of the roster change that the stanza makes, not yet written.
    pub joint: Option<Arc<Joint>>,
    /// Whether the roster change that the stanza makes was made with that of the one before.
    pub follows: bool,
    /// Left over from a session that ended: a full `to` is treated as the bare JID.
    pub redelivered: bool,
}

/// A write in flight: resolves after its commit, or with the error for the sender if it failed.
pub type Settling = BoxFuture<'static, Result<(), StanzaError>>;

/// A stanza in progress (steps 2 to 6 of ARCHITECTURE.md). Boxed: each async function it is passed to would
/// otherwise reserve room for it, and their states are copied when they are created.
pub struct Packet {
    /// The stanza, its envelope already stamped. If the packet has several recipients, it has no `to`.
    pub stanza: Stanza,
    pub origin: Origin,
    /// The host whose hooks run: the sender's up to the router, then the recipient's.
    pub host: Arc<Host>,
    /// The accounts of `host` it is being delivered to; set by the router.
    pub recipients: Recipients,
    pub notes: Notes,
    /// The hook tables this stanza took first: it sees one version of each plugin, whatever is loaded
    /// meanwhile.
    pub tables: Arc<Tables>,
    pub(crate) settling: Mutex<Vec<Settling>>,
    /// Whether the Receive stage has run.
    pub(crate) received: bool,
    /// The stanza counts as handled (XEP-0198) when the last clone is dropped.
    pub(crate) guard: Guard,
}

impl Packet {
    /// A packet at the start of its path.
    pub(crate) fn new(stanza: Stanza, origin: Origin, host: Arc<Host>, tables: Arc<Tables>) -> Box<Self> {
        Box::new(Self {
            stanza,
            origin,
            host,
            recipients: Recipients::Unknown,
            notes: Notes { number: trail::number(), ..Notes::default() },
            tables,
            settling: Mutex::default(),
            received: false,
            guard: Guard::default(),
        })
    }

    /// Its way begins, says the log.
    pub(crate) fn begins(&self) {
        trail::begins(self.notes.number, self.client().map(Resource::id), &self.stanza);
    }

    /// The hook and IQ tables of the packet's current host.
    pub fn table(&self) -> Option<&Arc<HostTable>> {
        self.tables.of(&self.host)
    }

    /// Whether it is for an account or a domain as a whole: `to` has no resource or is absent.
    pub fn is_to_bare(&self) -> bool {
        self.stanza.to().is_none_or(|to| to.resource().is_none())
    }

    /// The local client that sent it, if any.
    pub fn client(&self) -> Option<&Resource> {
        self.origin.client()
    }

    /// The sender, if it is neither the account itself nor this server: a contact or a stranger.
    pub fn other(&self, account: &Account) -> Option<&Jid> {
        let from = self.stanza.from().filter(|from| !from.same_bare(account.jid()))?;
        match &self.origin {
            Origin::Client(_) | Origin::Link(..) => Some(from),
            // Redelivered: the host is the origin, whatever the sender.
            Origin::Host(_) if self.notes.redelivered && from.local().is_some() => Some(from),
            Origin::Account(_) | Origin::Host(_) | Origin::Service(_) => None,
        }
    }

    /// The account it is delivered to; of several, the first.
    pub fn recipient(&self) -> Option<&Arc<Account>> {
        self.recipients.first().map(|recipient| &recipient.account)
    }

    /// Adds a write whose failure is reported to the sender. The sender's session reads on meanwhile, but the
    /// stanza does not count as handled (XEP-0198) before the write has committed. There may be several.
    pub fn settle(&mut self, write: Settling) {
        self.settling.get_mut().push(write);
    }

    /// While the guard lives, the stanza does not count as handled.
    pub fn guard(&self) -> Guard {
        self.guard.clone()
    }

    /// Another stanza with the same metadata and hook tables, at the start of its path.
    pub(crate) fn fork(&self, stanza: Stanza) -> Box<Self> {
        let mut fork = Self::new(stanza, self.origin.clone(), self.host.clone(), self.tables.clone());
        fork.notes = self.notes.clone();
        fork
    }

    /// A packet for only this one of its recipients.
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
