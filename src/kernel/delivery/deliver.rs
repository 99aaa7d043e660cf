//! Steps 5 and 6: delivery to accounts (RFC 6121 section 8.5).

use std::sync::Arc;

use xmpp::{Kind, StanzaError, StanzaType};

use crate::delivery::placing::{Placement, Placing};
use crate::session::Session;
use crate::{Account, Kernel, Packet, Recipient, Recipients, Ruling, Stage};

/// How much is done to place a stanza.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Only the plain case: a stanza that cannot be delivered at once is left for `by_itself`.
    PlainOnly,
    Full,
    /// The sender waits where there is no room.
    Patient,
    /// For the task that shut the account's gate: delivers past it.
    PastGate,
}

/// Whether the sender of a stanza can wait until there is room for it. A local client is not read from
/// meanwhile; any other sender has more than one recipient to serve. Presence does not wait: later presence
/// supersedes it.
fn waits(packet: &Packet) -> bool {
    packet.client().is_some() && packet.stanza.kind() != Kind::Presence
}

/// A write in flight for an account: reading stored messages back waits for its end.
pub(crate) struct Writing(Arc<Account>);

impl Writing {
    pub fn begin(account: Arc<Account>) -> Self {
        account.state.lock().gate.write_begun();
        Self(account)
    }

    /// The write that `place` has begun.
    pub fn begun(account: Arc<Account>) -> Self {
        Self(account)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.state.lock().gate.write_ended();
    }
}

impl Kernel {
    /// A stanza for an account, by its bare or a full JID.
    pub(crate) async fn to_account(self: &Arc<Self>, mut packet: Box<Packet>, account: Arc<Account>) {
        packet.host = account.host().clone();
        let to = packet.stanza.to().unwrap_or(account.jid()).clone();
        packet.recipients = Recipients::One(Recipient::new(to, account.clone()));
        if packet.stanza.kind() == Kind::Iq && packet.is_to_bare() {
            let Some(packet) = self.enter_receive(packet).await else { return };
            return match packet.recipients.first().and_then(|recipient| recipient.ruling.clone()) {
                None => self.iq_to_account(packet, account).await,
                Some(ruling) => self.ruled(packet, ruling).await,
            };
        }
        self.receive(packet, false).await;
    }

    /// Screens the packet and runs the Receive stage, once for all its recipients.
    pub(crate) async fn enter_receive(self: &Arc<Self>, mut packet: Box<Packet>) -> Option<Box<Packet>> {
        packet.received = true;
        self.screen_in(&mut packet);
        self.stage(Stage::Receive, packet).await
    }

    /// Runs the Receive stage and places the stanza for each recipient; `past`: the caller has shut the
    /// account's gate and delivers past it. Returns `false` when the stanza went back into the queue.
    pub(crate) async fn receive(self: &Arc<Self>, mut packet: Box<Packet>, past: bool) -> bool {
        if !packet.received {
            let Some(passed) = self.enter_receive(packet).await else { return true };
            packet = passed;
        }
        if matches!(packet.recipients, Recipients::One(_)) {
            return self.receive_one(packet, past).await;
        }
        for index in 0..packet.recipients.len() {
            let Some(recipient) = packet.recipients.get(index) else { break };
            let ruled = recipient.ruling.is_some();
            if ruled || !matches!(self.place(&mut packet, index, Effort::PlainOnly), Placement::Delivered) {
                self.by_itself(&packet, index).await;
            }
        }
        self.delivered(packet).await;
        true
    }

    /// Handles one of several recipients for which the plain case did not suffice.
    async fn by_itself(self: &Arc<Self>, packet: &Packet, index: usize) {
        let Some(recipient) = packet.recipients.get(index) else { return };
        // Boxed: rare, and large beside the calling loop.
        Box::pin(self.receive_one(packet.only(recipient), false)).await;
    }

    async fn receive_one(self: &Arc<Self>, mut packet: Box<Packet>, past: bool) -> bool {
        if let Some(ruling) = packet.recipients.first_mut().and_then(|recipient| recipient.ruling.take()) {
            self.ruled(packet, ruling).await;
            return true;
        }
        let mut effort = match past {
            true => Effort::PastGate,
            false if waits(&packet) => Effort::Patient,
            false => Effort::Full,
        };
        let placed = loop {
            match self.place(&mut packet, 0, effort) {
                Placement::NoRoom(room) if effort == Effort::Patient => {
                    // Boxed: rare, and large beside the path of a stanza that finds room.
                    Box::pin(room.wait()).await;
                    effort = Effort::Full;
                }
                placed => break placed,
            }
        };
        match placed {
            Placement::Delivered => self.delivered(packet).await,
            Placement::Queued => {}
            Placement::PutBack => return false,
            Placement::NoRoom(_) => self.crowded(packet).await,
            Placement::Crowded if packet.stanza.kind() == Kind::Presence => self.ignore(packet),
            Placement::Crowded => self.bounce(packet, StanzaError::resource_constraint()).await,
            Placement::Nobody => self.undelivered(packet).await,
        }
        true
    }

    /// No session has room for it: requests and messages are answered with an error, the rest is counted.
    async fn crowded(self: &Arc<Self>, packet: Box<Packet>) {
        let error = StanzaError::resource_constraint().text("too many stanzas are waiting for the recipient");
        match packet.stanza.kind() != Kind::Presence && packet.stanza.error_reply(&error).is_some() {
            true => self.bounce(packet, error).await,
            false => self.counters().crowded.inc(packet.stanza.kind()),
        }
    }

    /// Carries out a hook's or a list's ruling on the only recipient.
    async fn ruled(self: &Arc<Self>, packet: Box<Packet>, ruling: Ruling) {
        match ruling {
            Ruling::Handled | Ruling::Drop => {} // a drop was counted, a dropped IQ made an error
            Ruling::Reject(error) => self.bounce(packet, error).await,
            Ruling::Delivered => self.delivered(packet).await,
        }
    }

    /// Delivers the stanza to its only recipient from within a hook at Receive, so that what the hook sends
    /// next follows it. If no session takes it at once, it is processed as usual once the hook has returned.
    pub fn deliver_now(self: &Arc<Self>, packet: &mut Packet) {
        if matches!(self.place(packet, 0, Effort::PlainOnly), Placement::Delivered)
            && let Some(recipient) = packet.recipients.first_mut()
        {
            recipient.ruling = Some(Ruling::Delivered);
        }
    }

    fn place(self: &Arc<Self>, packet: &mut Packet, index: usize, effort: Effort) -> Placement {
        let Some(recipient) = packet.recipients.get(index) else { return Placement::Nobody };
        let (fully, past) = (effort != Effort::PlainOnly, effort == Effort::PastGate);
        let account = recipient.account.clone();
        let mut placing = Placing::new(self, packet, recipient, effort == Effort::Patient);
        let mut state = account.state.lock();
        if !past && state.gate.is_shut() && !packet.stanza.stanza_type().manages_subscription() {
            return match fully {
                true => queued(state.gate.queue(packet.only(recipient))),
                false => Placement::Nobody,
            };
        }
        placing.keep_if_wanted(&state);
        if placing.push_by_rules(&state) {
            if let Some(kept) = placing.take_kept() {
                self.keep(&account, &mut state, packet.only(recipient), kept);
            }
            let taken_by = placing.taken();
            drop(state);
            self.counters().delivered.inc(packet.stanza.kind());
            if let Some(recipient) = packet.recipients.get_mut(index) {
                recipient.taken_by = taken_by;
            }
            return Placement::Delivered;
        }
        if !fully {
            return Placement::Nobody;
        }
        let (slow, no_room) = placing.into_refused();
        if let (true, Some(no_room)) = (slow.is_empty(), no_room) {
            // There will be none before it is resumed: its sender must not wait for that.
            if no_room.is_waiting() {
                return Placement::Crowded;
            }
            return Placement::NoRoom(no_room);
        }
        if !slow.is_empty() {
            // What a client that read too slowly had not received is delivered before this stanza.
            let waits = packet.stanza.kind() == Kind::Message;
            if waits {
                state.gate.shut();
            }
            self.end_slow(&account, slow, waits);
            if waits && past {
                state.gate.put_back(packet.only(recipient));
                return Placement::PutBack;
            }
            if waits {
                return queued(state.gate.queue(packet.only(recipient)));
            }
        }
        if packet.stanza.kind() != Kind::Presence {
            // Counted before the lock is released: a session that comes online now waits for this write.
            state.gate.write_begun();
        }
        Placement::Nobody
    }

    /// Ends sessions whose clients read too slowly, detached ones included; then continues with what queued
    /// meanwhile if the gate is shut for it.
    fn end_slow(self: &Arc<Self>, account: &Arc<Account>, slow: Vec<Arc<Session>>, gate: bool) {
        let (kernel, account) = (self.clone(), account.clone());
        self.runtime().tasks.spawn("slow", async move {
            for session in slow {
                kernel.end(&crate::Resource::new(session)).await;
            }
            if gate {
                kernel.open_gate(&account).await;
            }
        });
    }

    /// Runs the hooks at Delivered with the resources that took the stanza.
    async fn delivered(self: &Arc<Self>, packet: Box<Packet>) {
        if packet.recipients.iter().any(|recipient| !recipient.taken_by.is_empty()) {
            self.stage(Stage::Delivered, packet).await;
        }
    }

    /// No online session took it: the hooks at Undelivered (such as offline storage) decide, else it bounces
    /// once.
    async fn undelivered(self: &Arc<Self>, packet: Box<Packet>) {
        let Some(account) = packet.recipient().cloned() else { return };
        let presence = packet.stanza.kind() == Kind::Presence;
        let writing = (!presence).then(|| Writing::begun(account.clone()));
        if let Some(receipt) = &packet.notes.receipt {
            receipt.returned(); // it is in the store already
            return;
        }
        match (packet.stanza.kind(), packet.stanza.stanza_type()) {
            (Kind::Presence, _) | (Kind::Iq, StanzaType::Result | StanzaType::Error) => self.ignore(packet),
            (Kind::Message, StanzaType::Error | StanzaType::Headline) => self.ignore(packet),
            (Kind::Message, _) if self.is_denied_in_absence(&packet) => self.deny(packet).await,
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

fn queued(taken: bool) -> Placement {
    if taken { Placement::Queued } else { Placement::Crowded }
}

/// RFC 6121 section 8.5.4: to the bare JID, normal and chat are stored; to a full JID that is gone, chat
/// only.
fn storable(packet: &Packet, kind: StanzaType) -> bool {
    let bare = packet.notes.redelivered || packet.is_to_bare();
    match kind {
        StanzaType::Chat => true,
        StanzaType::Groupchat => false,
        _ => bare,
    }
}
