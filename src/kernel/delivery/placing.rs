//! Which sessions of an account take a stanza (RFC 6121 section 8.5).

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use smallvec::SmallVec;
use tokio::time::timeout;
use xmpp::{Jid, Kind, StanzaType};

use crate::account::AccountState;
use crate::account::screen::{Matter, Way};
use crate::hooks::trail;
use crate::session::Session;
use crate::session::mailbox::Charge;
use crate::{Account, Cause, Item, Kept, Kernel, Origin, Packet, PushError, Recipient, Resource, Stage};

/// How long a stanza waits for room: slightly longer than a client may go without progress.
const PATIENCE: Duration = Duration::from_secs(11);

/// The outcome of placing a stanza, decided under the account's lock.
pub(crate) enum Placement {
    Delivered,
    Queued,
    /// No session takes it.
    Nobody,
    /// The queue is full.
    Crowded,
    /// It came from the queue and waits at its front until the slow client's session has ended.
    PutBack,
    /// A session has no room left for its sender.
    NoRoom(Box<NoRoom>),
}

/// A stanza for which a session has no room.
pub(crate) struct NoRoom {
    session: Arc<Session>,
    item: Item,
}

impl NoRoom {
    /// Whether the session only waits to be resumed.
    pub fn is_waiting(&self) -> bool {
        self.session.is_waiting()
    }

    /// Waits until there is room or the session has ended; long enough that a client making no progress is
    /// detected.
    pub async fn wait(&self) {
        let limits = &self.session.host().options().limits;
        // Returns early when the session ends; the caller tries again in any case.
        let _ = timeout(PATIENCE, self.session.mailbox.room_for(&self.item, limits)).await;
    }
}

/// One stanza being matched to sessions.
pub(crate) struct Placing<'a> {
    kernel: &'a Kernel,
    from: Option<Jid>,
    to: Jid,
    item: Item,
    /// The stanza's number in the log.
    number: u64,
    redelivered: bool,
    matter: Matter,
    /// Whether the account's default list admits it; a session's active list may say otherwise.
    admitted: bool,
    /// For broadcast presence: its resource, if a list is in force for it, since that may deny single
    /// sessions of the recipient.
    sender: Option<Resource>,
    slow: Vec<Arc<Session>>,
    /// The first session without room for this sender.
    crowded: Option<Arc<Session>>,
    /// Whether its sender can wait until there is room.
    patient: bool,
    /// The resources that took it; `None` if no hook at Delivered is interested.
    taken: Option<SmallVec<[Resource; 1]>>,
    /// Its place in the store, should none but sessions that wait take it.
    kept: Option<Arc<Kept>>,
}

impl<'a> Placing<'a> {
    pub fn new(kernel: &'a Kernel, packet: &Packet, recipient: &Recipient, patient: bool) -> Self {
        let stanza = match packet.stanza.to() {
            None => packet.stanza.clone().with_to(Some(recipient.to.clone())),
            Some(_) => packet.stanza.clone(),
        };
        let matter = Matter::of(Way::In, &stanza);
        let from = stanza.from().cloned();
        let admitted = from.as_ref().is_none_or(|from| kernel.admits(&recipient.account, matter, from));
        let broadcast = packet.origin.cause() == Some(Cause::Broadcast);
        let sender =
            packet.origin.resource().filter(|resource| broadcast && kernel.has_list(resource)).cloned();
        let told = packet.table().is_some_and(|table| table.stage(Stage::Delivered).concerns(&stanza));
        let item = Item {
            receipt: packet.notes.receipt.clone(),
            stamped: packet.notes.redelivered,
            charge: charge(kernel, packet, recipient),
            ..Item::new(stanza, packet.notes.received_us)
        };
        let (to, redelivered) = (recipient.to.clone(), packet.notes.redelivered);
        let taken = told.then(SmallVec::new);
        Self {
            kernel,
            from,
            to,
            item,
            number: packet.notes.number,
            redelivered,
            matter,
            admitted,
            sender,
            slow: Vec::new(),
            crowded: None,
            patient,
            taken,
            kept: None,
        }
    }

    /// Called before [`push_by_rules`](Self::push_by_rules): some of the sessions may only wait.
    pub fn keep_if_wanted(&mut self, state: &AccountState) {
        self.kept = self.item.keep_if_wanted(state);
    }

    /// Its place in the store, if none but sessions that wait have taken it.
    pub fn take_kept(&mut self) -> Option<Arc<Kept>> {
        self.kept.take()
    }

    /// The resources that took it, if any hook at Delivered is interested.
    pub fn taken(self) -> SmallVec<[Resource; 1]> {
        self.taken.unwrap_or_default()
    }

    /// The sessions whose clients read too slowly for it, and the one it may wait for.
    pub fn into_refused(self) -> (Vec<Arc<Session>>, Option<Box<NoRoom>>) {
        let item = self.item;
        (self.slow, self.crowded.map(|session| Box::new(NoRoom { session, item })))
    }

    /// Whether the list in force for this session lets the stanza through.
    fn admits(&self, session: &Arc<Session>) -> bool {
        if let Some(sender) = &self.sender {
            let matter = Matter::of(Way::Out, &self.item.stanza);
            if !self.kernel.admits_at(sender, matter, session.jid()) {
                return false;
            }
        }
        match (&self.from, session.screen.load().is_some()) {
            (Some(from), true) => self.kernel.admits_at(&Resource::new(session.clone()), self.matter, from),
            _ => self.admitted,
        }
    }

    /// Gives the stanza to one session, which is noted as slow if it has no room.
    fn push(&mut self, session: &Arc<Session>, item: Item) -> bool {
        let kernel = self.kernel;
        match session.place(item, || kernel.monotonic_us()) {
            Ok(()) => {
                trail::placed(self.number, session.id());
                if !session.is_waiting() {
                    self.kept = None;
                }
                if let Some(taken) = &mut self.taken {
                    taken.push(Resource::new(session.clone()));
                }
                true
            }
            Err(PushError::Full) => {
                self.slow.push(session.clone());
                false
            }
            Err(PushError::Crowded { .. }) => {
                self.crowded.get_or_insert_with(|| session.clone());
                false
            }
            Err(PushError::Closed) => false,
        }
    }

    /// Whether no session took it because one has no room.
    fn is_held_up(&self) -> bool {
        !self.slow.is_empty() || self.crowded.is_some()
    }

    /// Gives the stanza to each of these sessions. Returns `true` if at least one took it.
    fn push_all(&mut self, state: &AccountState, wanted: impl Fn(&Arc<Session>) -> bool) -> bool {
        let several = self.item.stanza.kind() == Kind::Message;
        let sessions = || state.sessions.iter().filter(|session| wanted(session));
        let mut item = self.item.clone();
        if several {
            let count = sessions().filter(|session| self.admits(session)).count();
            item.copies = (count > 1).then(|| Arc::new(AtomicUsize::new(count)));
            // All of them must get it: a sender that can wait waits for the one without room.
            let full = |session: &&Arc<Session>| self.admits(session) && !session.has_room(&item);
            if count > 1
                && self.patient
                && let Some(session) = sessions().find(full)
            {
                self.crowded = Some(session.clone());
                return false;
            }
        }
        let mut any = false;
        for session in sessions() {
            if !self.admits(session) {
                continue;
            }
            match self.push(session, item.clone()) {
                true => any = true,
                false => _ = item.is_elsewhere(),
            }
        }
        any
    }

    /// The table of RFC 6121 section 8.5.4. Returns `true` if at least one session took the stanza.
    pub fn push_by_rules(&mut self, state: &AccountState) -> bool {
        if let Some(session) = self.to.resource().and_then(|resource| state.session(resource))
            && self.admits(session)
        {
            if self.push(session, self.item.clone()) {
                return true;
            }
            if self.is_held_up() {
                return false;
            }
        }
        let full = self.to.resource().is_some() && !self.redelivered;
        match self.item.stanza.kind() {
            Kind::Iq => false,
            Kind::Message => self.push_message(state, full),
            Kind::Presence if full => false,
            Kind::Presence => self.push_presence(state),
        }
    }

    fn push_message(&mut self, state: &AccountState, full: bool) -> bool {
        match self.item.stanza.stanza_type() {
            StanzaType::Error | StanzaType::Groupchat => false,
            StanzaType::Headline if full => false,
            StanzaType::Headline => self.push_all(state, |session| session.is_ready()),
            StanzaType::Chat => self.push_top(state),
            _ if full => false,
            _ => self.push_top(state),
        }
    }

    /// Tries the sessions of the highest rank that admit it, then those of the next.
    fn push_top(&mut self, state: &AccountState) -> bool {
        let mut below = None;
        loop {
            let next = state
                .sessions
                .iter()
                .filter(|session| self.admits(session))
                .filter_map(|session| session.rank())
                .filter(|rank| below.is_none_or(|below| *rank < below))
                .max();
            let Some(top) = next else { return false };
            if self.push_all(state, |session| session.rank() == Some(top)) {
                return true;
            }
            if self.is_held_up() {
                return false;
            }
            below = Some(top);
        }
    }

    fn push_presence(&mut self, state: &AccountState) -> bool {
        match self.item.stanza.stanza_type() {
            // The successor of a replaced session has the same full JID and need not see its end.
            StanzaType::Unavailable => {
                let from = self.from.clone();
                self.push_all(state, |session| session.is_available() && from.as_ref() != Some(session.jid()))
            }
            StanzaType::None | StanzaType::Error | StanzaType::Subscribe => {
                self.push_all(state, |session| session.is_available())
            }
            // RFC 6121 section 3: subscription answers go to interested resources
            _ => self.push_all(state, |session| session.is_interested()),
        }
    }
}

/// The mailbox share a packet is charged to.
fn charge(kernel: &Kernel, packet: &Packet, recipient: &Recipient) -> Charge {
    if packet.notes.redelivered {
        return Charge::Paced;
    }
    match &packet.origin {
        Origin::Account(behalf) if behalf.cause == Cause::ProbeAnswer => Charge::Presence,
        _ => match packet.other(&recipient.account) {
            Some(from) if !is_contact(kernel, &recipient.account, from) => Charge::Stranger,
            _ => Charge::Known,
        },
    }
}

/// Whether the sender is in the account's roster.
fn is_contact(kernel: &Kernel, account: &Account, from: &Jid) -> bool {
    let roster = kernel.cached_roster(account);
    roster.is_some_and(|roster| roster.of(from).is_some_and(|item| item.in_roster))
}
