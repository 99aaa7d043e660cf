//! Steps 5 and 6: an account takes a stanza in (RFC 6121 section 8.5).

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use xmpp::{Kind, Stanza, StanzaError, StanzaType};

use crate::account::State;
use crate::{Account, Item, Kernel, Packet, PushError, Session, Stage};

/// A write for an account that is under way: whoever reads its stored messages back waits for the end.
pub(crate) struct Writing(Arc<Account>);

impl Writing {
    pub fn begin(account: Arc<Account>) -> Self {
        account.state.lock().gate.write_begun();
        Self(account)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.state.lock().gate.write_ended();
    }
}

/// What became of a stanza under the account's lock.
enum Placed {
    Delivered,
    Queued,
    /// Nobody is there to take it.
    Nobody(Packet),
    /// The queue is full.
    Crowded(Packet),
    /// It came out of the queue and waits at its front for the end of a slow reader's session.
    PutBack,
}

impl Kernel {
    /// A stanza for an account, by its bare or a full JID.
    pub(crate) async fn to_account(self: &Arc<Self>, mut packet: Packet, account: Arc<Account>) {
        packet.host = account.host().clone();
        packet.recipient = Some(account.clone());
        if packet.is_to_bare() && packet.stanza.kind() == Kind::Iq {
            return self.iq_to_account(packet, account).await;
        }
        self.receive(packet, account, false).await;
    }

    /// Asks the Receive stage and places the stanza; `past` for who has shut the account's gate and takes his own past it.
    /// False when it went back into the queue.
    pub(crate) async fn receive(
        self: &Arc<Self>,
        mut packet: Packet,
        account: Arc<Account>,
        past: bool,
    ) -> bool {
        if !packet.received {
            packet.received = true;
            let Some(passed) = self.stage(Stage::Receive, packet).await else { return true };
            packet = passed;
        }
        match self.place(packet, &account, past) {
            Placed::Delivered => self.counters().delivered.inc(),
            Placed::Queued => {}
            Placed::PutBack => return false,
            Placed::Crowded(packet) if packet.stanza.kind() == Kind::Presence => self.ignore(packet),
            Placed::Crowded(packet) => self.bounce(packet, StanzaError::resource_constraint()).await,
            Placed::Nobody(packet) => self.undelivered(packet, account).await,
        }
        true
    }

    fn place(self: &Arc<Self>, packet: Packet, account: &Arc<Account>, past: bool) -> Placed {
        let mut state = account.state.lock();
        if !past && state.gate.is_shut() {
            return state.gate.queue(packet).map_or_else(Placed::Crowded, |()| Placed::Queued);
        }
        let item = Item {
            receipt: packet.notes.receipt.clone(),
            stamped: packet.notes.leftover,
            ..Item::new(packet.stanza.clone(), packet.notes.received_us)
        };
        let mut slow = Vec::new();
        let taken = push_by_rules(&state, &packet, &item, &mut slow);
        // What a slow reader had not received goes its way before this stanza does.
        let waits = !taken && !slow.is_empty() && packet.stanza.kind() == Kind::Message;
        if !slow.is_empty() {
            if waits {
                state.gate.shut();
            }
            self.end_slow(account, slow, waits);
        }
        match (taken, waits, past) {
            (true, ..) => Placed::Delivered,
            (false, true, true) => {
                state.gate.put_back(packet);
                Placed::PutBack
            }
            (false, true, false) => {
                state.gate.queue(packet).map_or_else(Placed::Crowded, |()| Placed::Queued)
            }
            (false, false, _) => {
                // Counted before the lock is let go: a session that comes online now waits for what happens next.
                state.gate.write_begun();
                Placed::Nobody(packet)
            }
        }
    }

    /// Ends sessions whose readers are too slow, also those that no connection serves; then what queued meanwhile goes on
    /// if the gate is shut for it.
    fn end_slow(self: &Arc<Self>, account: &Arc<Account>, slow: Vec<Arc<Session>>, gate: bool) {
        let (kernel, account) = (self.clone(), account.clone());
        self.runtime().tasks.spawn("slow", async move {
            for session in &slow {
                kernel.end(session).await;
            }
            if gate {
                kernel.open_gate(&account).await;
            }
        });
    }

    /// Nobody is online to take it: the store, a policy, or the one bounce.
    async fn undelivered(self: &Arc<Self>, packet: Packet, account: Arc<Account>) {
        let writing = Writing(account.clone()); // ends the write that `place` began
        let stanza = &packet.stanza;
        if let Some(receipt) = &packet.notes.receipt {
            receipt.returned(); // it lies in the store already
            return;
        }
        match (stanza.kind(), stanza.stanza_type()) {
            (Kind::Presence, _) | (Kind::Iq, StanzaType::Result | StanzaType::Error) => self.ignore(packet),
            (Kind::Message, StanzaType::Error | StanzaType::Headline) => self.ignore(packet),
            (Kind::Message, kind) if storable(&packet, kind) && !account.state.lock().deleted => {
                if let Some(packet) = self.stage(Stage::Undelivered, packet).await {
                    self.bounce(packet, StanzaError::service_unavailable()).await;
                }
            }
            _ => self.bounce(packet, StanzaError::service_unavailable()).await,
        }
        drop(writing);
    }
}

/// RFC 6121 section 8.5.4: to the bare JID, normal and chat are kept; to a full JID that is gone, chat only.
fn storable(packet: &Packet, kind: StanzaType) -> bool {
    let bare = packet.notes.leftover || packet.is_to_bare();
    match kind {
        StanzaType::Chat => true,
        StanzaType::Groupchat => false,
        _ => bare,
    }
}

/// Gives the stanza to one session; one that has no room for it is noted in `slow`.
fn push(session: &Arc<Session>, item: &Item, slow: &mut Vec<Arc<Session>>) -> bool {
    match session.place(item.clone()) {
        Ok(()) => true,
        Err(PushError::Full) => {
            slow.push(session.clone());
            false
        }
        Err(PushError::Closed) => false,
    }
}

/// Gives the stanza to every one of these sessions. True when at least one took it.
fn push_all<'a>(
    sessions: impl Iterator<Item = &'a Arc<Session>> + Clone,
    item: &Item,
    slow: &mut Vec<Arc<Session>>,
) -> bool {
    let several = item.stanza.kind() == Kind::Message && sessions.clone().nth(1).is_some();
    let copies = several.then(|| Arc::new(AtomicUsize::new(sessions.clone().count())));
    let item = Item { copies, ..item.clone() };
    let mut any = false;
    for session in sessions {
        match push(session, &item, slow) {
            true => any = true,
            false => _ = item.is_elsewhere(),
        }
    }
    any
}

/// The table of RFC 6121 section 8.5.4. True when at least one session took the stanza.
fn push_by_rules(state: &State, packet: &Packet, item: &Item, slow: &mut Vec<Arc<Session>>) -> bool {
    let stanza = &packet.stanza;
    if let Some(resource) = stanza.to().and_then(|to| to.resource())
        && let Some(session) = state.session(resource)
    {
        if push(session, item, slow) {
            return true;
        }
        if !slow.is_empty() {
            return false;
        }
    }
    let full = !packet.is_to_bare() && !packet.notes.leftover;
    match stanza.kind() {
        Kind::Iq => false,
        Kind::Message => push_message(state, stanza, full, item, slow),
        Kind::Presence if full => false,
        Kind::Presence => push_presence(state, stanza, item, slow),
    }
}

fn push_message(
    state: &State,
    stanza: &Stanza,
    full: bool,
    item: &Item,
    slow: &mut Vec<Arc<Session>>,
) -> bool {
    let ready = |session: &&Arc<Session>| session.is_ready();
    match stanza.stanza_type() {
        StanzaType::Error | StanzaType::Groupchat => false,
        StanzaType::Headline if full => false,
        StanzaType::Headline => push_all(state.sessions.iter().filter(ready), item, slow),
        StanzaType::Chat => push_top(state, item, slow),
        _ if full => false,
        _ => push_top(state, item, slow),
    }
}

/// To the sessions of the highest priority that is not negative; to the next when those cannot take it.
fn push_top(state: &State, item: &Item, slow: &mut Vec<Arc<Session>>) -> bool {
    let mut below = i16::MAX;
    loop {
        let next = state
            .sessions
            .iter()
            .filter_map(|session| session.priority().map(i16::from))
            .filter(|priority| (0..below).contains(priority))
            .max();
        let Some(top) = next else { return false };
        let best = state.sessions.iter().filter(|s| s.priority().map(i16::from) == Some(top));
        if push_all(best, item, slow) {
            return true;
        }
        if !slow.is_empty() {
            return false;
        }
        below = top;
    }
}

fn push_presence(state: &State, stanza: &Stanza, item: &Item, slow: &mut Vec<Arc<Session>>) -> bool {
    let available = |session: &&Arc<Session>| session.is_available();
    match stanza.stanza_type() {
        // The end of a session that was replaced is no news to its successor, which has the same full JID.
        StanzaType::Unavailable => {
            let others = state.sessions.iter().filter(available).filter(|s| stanza.from() != Some(s.jid()));
            push_all(others, item, slow)
        }
        StanzaType::None | StanzaType::Error | StanzaType::Subscribe => {
            push_all(state.sessions.iter().filter(available), item, slow)
        }
        // RFC 6121 section 3: answers about subscriptions go to those who watch the roster
        _ => push_all(state.sessions.iter().filter(|s| s.is_interested()), item, slow),
    }
}
