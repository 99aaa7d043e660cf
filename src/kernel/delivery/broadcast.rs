//! One stanza for many recipients: a resource's presence, a roster's probes, a room's messages.

use std::sync::Arc;

use xmpp::{Jid, Kind, Stanza, StanzaType};

use crate::account::screen::{Matter, Way};
use crate::{Destination, Host, Kernel, Origin, Packet, Recipient, Recipients, Stage};

/// Recipients on one host.
struct Part {
    host: Arc<Host>,
    recipients: Vec<Recipient>,
}

impl Kernel {
    /// Sends one stanza to many bare or full JIDs, as one packet per local host. Presence and probes go only
    /// to accounts that are available: for any other, this costs one look-up in memory. Recipients that the
    /// sender's own list denies are skipped. `host` is the sender's.
    pub async fn broadcast<'a>(
        self: &Arc<Self>,
        host: &Arc<Host>,
        origin: Origin,
        stanza: Stanza,
        recipients: impl IntoIterator<Item = &'a Jid>,
    ) {
        let stanza = stanza.with_to(None).shared(); // its serialization is the same for all recipients
        let mut packet = Packet::new(stanza, origin, host.clone(), self.tables());
        packet.notes.received_us = self.now_us();
        packet.begins();
        let matter = Matter::of(Way::Out, &packet.stanza);
        let screened = packet.origin.resource().is_some_and(|resource| self.has_list(resource));
        let (mut parts, mut others, mut absent) = (Vec::new(), Vec::new(), 0);
        for to in recipients {
            if screened && packet.origin.resource().is_some_and(|one| !self.admits_at(one, matter, to)) {
                continue;
            }
            match packet.tables.destination(to.domain()) {
                Some(Destination::Host(host)) if is_for_the_present(&packet.stanza) => {
                    match self.present(host, to) {
                        Some(recipient) => join(&mut parts, host, recipient),
                        None => absent += 1,
                    }
                }
                _ => others.push(to.clone()),
            }
        }
        self.counters().ignored.add(packet.stanza.kind(), absent);
        for part in parts {
            self.to_part(&packet, part).await;
        }
        for to in others {
            self.route(packet.fork(packet.stanza.clone().with_to(Some(to)))).await;
        }
    }

    /// The recipient, if the resource is bound or, for a bare JID, any is available.
    fn present(&self, host: &Host, to: &Jid) -> Option<Recipient> {
        let account = host.accounts.get(to.local()?)?;
        let present = match to.resource() {
            Some(resource) => account.state.lock().session(resource).is_some(),
            None => account.is_available(),
        };
        present.then(|| Recipient::new(to.clone(), account))
    }

    async fn to_part(self: &Arc<Self>, packet: &Packet, part: Part) {
        let mut copy = packet.fork(packet.stanza.clone());
        copy.host = part.host;
        copy.recipients = Recipients::Many(part.recipients);
        if let Some(copy) = self.stage(Stage::Route, copy).await {
            self.receive(copy, false).await;
        }
    }
}

/// Presence that only online recipients can take.
fn is_for_the_present(stanza: &Stanza) -> bool {
    stanza.kind() == Kind::Presence
        && matches!(stanza.stanza_type(), StanzaType::None | StanzaType::Unavailable | StanzaType::Probe)
}

fn join(parts: &mut Vec<Part>, host: &Arc<Host>, recipient: Recipient) {
    match parts.iter_mut().find(|part| Arc::ptr_eq(&part.host, host)) {
        Some(part) => part.recipients.push(recipient),
        None => parts.push(Part { host: host.clone(), recipients: vec![recipient] }),
    }
}
