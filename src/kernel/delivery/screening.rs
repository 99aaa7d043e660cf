//! Where privacy lists are applied: before Send, for each recipient of a broadcast, before Receive, and, in
//! `placing`, for each session that might take the stanza.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use xmpp::{Element, ErrorType, Jid, StanzaError, ns};

use crate::account::screen::{Matter, Way};
use crate::hooks::trail;
use crate::{Account, Kernel, Packet, Recipient, Resource, Ruling, Stage};

impl Kernel {
    /// The error for a client's stanza that its own list denies (XEP-0191 section 3.3).
    pub(crate) fn screen_out(&self, resource: &Resource, packet: &Packet) -> Option<StanzaError> {
        let to = packet.stanza.to()?;
        let passes = self.admits_at(resource, Matter::of(Way::Out, &packet.stanza), to);
        (!passes).then(|| {
            trail::decided(packet.notes.number, Stage::Send.name(), "screen", "rejected");
            StanzaError::not_acceptable()
                .kind(ErrorType::Cancel)
                .text("you have blocked this address")
                .app(Element::new("blocked", ns::BLOCKING_ERRORS))
        })
    }

    /// Rules on every recipient of which no list lets the stanza through.
    pub(crate) fn screen_in(&self, packet: &mut Packet) {
        let Some(from) = packet.stanza.from().cloned() else { return };
        let matter = Matter::of(Way::In, &packet.stanza);
        let (mut dropped, mut denied) = (0, 0);
        for recipient in packet.recipients.iter_mut() {
            if !self.lets_in(recipient, matter, &from) {
                let ruling = refusal(&packet.stanza);
                dropped += u64::from(matches!(ruling, Ruling::Handled));
                denied += 1;
                recipient.ruling = Some(ruling);
            }
        }
        if denied > 0 {
            let word = if dropped > 0 { "dropped" } else { "rejected" };
            trail::decided(packet.notes.number, Stage::Receive.name(), "screen", word);
        }
        self.counters().screened.add(packet.stanza.kind(), dropped);
    }

    /// Whether any list of the account that may decide lets the stanza in. One load for an account without
    /// lists.
    fn lets_in(&self, recipient: &Recipient, matter: Matter, from: &Jid) -> bool {
        let account = &recipient.account;
        let admitted = self.admits(account, matter, from);
        if !account.has_active_lists.load(Ordering::Relaxed) {
            return admitted;
        }
        let at = |resource: &Resource| self.admits_at(resource, matter, from);
        match recipient.to.resource().and_then(|name| account.resource(name)) {
            Some(resource) => at(&resource),
            None => admitted || account.resources().iter().any(at),
        }
    }

    /// Whether no session took the message and the default list, which is in force for an offline account,
    /// denies it.
    pub(crate) fn is_denied_in_absence(&self, packet: &Packet) -> bool {
        packet.recipient().is_some_and(|account| self.is_denied(account, &packet.stanza))
    }

    /// Whether the account's default list denies a stanza for it.
    pub(crate) fn is_denied(&self, account: &Account, stanza: &xmpp::Stanza) -> bool {
        stanza.from().is_some_and(|from| !self.admits(account, Matter::of(Way::In, stanza), from))
    }

    /// Carries out the denial of a stanza to its only recipient.
    pub(crate) async fn deny(self: &Arc<Self>, packet: Box<Packet>) {
        trail::decided(packet.notes.number, Stage::Undelivered.name(), "screen", "rejected");
        match refusal(&packet.stanza) {
            Ruling::Reject(error) => self.bounce(packet, error).await,
            _ => self.counters().screened.inc(packet.stanza.kind()),
        }
    }
}

/// XEP-0191 section 3.3, XEP-0016 section 2.14: presence is dropped, so that the recipient seems to be
/// offline; what can be answered is answered as if the recipient were offline.
fn refusal(stanza: &xmpp::Stanza) -> Ruling {
    match stanza.kind() {
        xmpp::Kind::Presence => Ruling::Handled,
        _ => Ruling::Reject(StanzaError::service_unavailable()),
    }
}
