//! Step 3 of a stanza's path, and how hooks are called.

use std::sync::Arc;

use xmpp::{Kind, Stanza, StanzaError};

use crate::delivery::deliver::Writing;
use crate::hooks::stage::{Entry, Handler};
use crate::hooks::trail;
use crate::session::intake::Guard;
use crate::session::mailbox::Charge;
use crate::{
    Destination, Item, Kernel, Link, Origin, Packet, Recipient, Recipients, Resource, Ruling, Stage, Verdict,
};

impl Kernel {
    /// Processes a client's stanza, `from` stamped. Returns when its fate is decided, except for writes in
    /// flight and requests that are answered later.
    pub(crate) async fn process(self: &Arc<Self>, resource: &Resource, stanza: Stanza) {
        self.counters().stanzas.inc(stanza.kind());
        let session = resource.session();
        if let Some(left) = session.rest.left(|| self.runtime().clock.monotonic()) {
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = session.mailbox.closed() => {}
            }
        }
        session.intake.room().await;
        session.unheld(stanza.kind()).await;
        let host = session.host().clone();
        let mut packet = Packet::new(stanza, Origin::Client(resource.clone()), host, self.tables());
        packet.notes.received_us = self.now_us();
        packet.guard = Guard::begin(session);
        packet.begins();
        if let Some(error) = self.screen_out(resource, &packet) {
            return self.bounce(packet, error).await;
        }
        if let Some(packet) = self.stage(Stage::Send, packet).await {
            self.route(packet).await;
        }
    }

    /// Processes a stanza that came by a link from this domain. Returns as [`process`](Self::process) does. One that is not
    /// for this server, on a link that belongs to none of its domains, is counted and dropped.
    pub async fn enter(self: &Arc<Self>, link: Arc<dyn Link>, domain: xmpp::Jid, stanza: Stanza) {
        self.enter_guarded(link, domain, stanza, Guard::default()).await;
    }

    /// The same; the guard goes with the stanza.
    pub(crate) async fn enter_guarded(
        self: &Arc<Self>,
        link: Arc<dyn Link>,
        domain: xmpp::Jid,
        stanza: Stanza,
        guard: Guard,
    ) {
        let Some(mut packet) = self.entering(link, domain, stanza) else { return };
        packet.guard = guard;
        if let Some(packet) = self.stage(Stage::Send, packet).await {
            self.route(packet).await;
        }
    }

    fn entering(&self, link: Arc<dyn Link>, domain: xmpp::Jid, stanza: Stanza) -> Option<Box<Packet>> {
        self.counters().stanzas.inc(stanza.kind());
        let tables = self.tables();
        let host = match stanza.to().and_then(|to| tables.destination(to.domain())) {
            Some(Destination::Host(host)) => Some(host.clone()),
            Some(Destination::Service(service)) => Some(service.host().clone()),
            Some(Destination::Link(to)) => to.home(self).or_else(|| link.home(self)),
            None => link.home(self),
        };
        let Some(host) = host else {
            self.counters().ignored.inc(stanza.kind());
            return None;
        };
        let mut packet = Packet::new(stanza, Origin::Link(link, domain), host, tables);
        packet.notes.received_us = self.now_us();
        packet.begins();
        Some(packet)
    }

    /// Answers a stanza that came by a link with an error, before its way begins.
    pub(crate) async fn refuse_entry(
        self: &Arc<Self>,
        link: Arc<dyn Link>,
        domain: xmpp::Jid,
        stanza: Stanza,
        error: StanzaError,
    ) {
        if let Some(packet) = self.entering(link, domain, stanza) {
            self.bounce(packet, error).await;
        }
    }

    /// Calls each interested handler of this stage. `None` once one has decided the stanza's fate.
    pub(crate) async fn stage(
        self: &Arc<Self>,
        stage: Stage,
        mut packet: Box<Packet>,
    ) -> Option<Box<Packet>> {
        let table = match packet.table() {
            Some(table) if !table.stage(stage).concerns(&packet.stanza) => return Some(packet),
            Some(table) => table.clone(),
            None => return Some(packet),
        };
        let mut next = 0;
        while let Some(entry) = table.stage(stage).get(next) {
            next += 1;
            if !entry.interest.wants(&packet.stanza) {
                continue;
            }
            let verdict = match &entry.handler {
                Handler::Now(handler) => handler(self, &mut packet),
                Handler::Later(handler) => handler(self, &mut packet).await,
            };
            self.follow_writes(stage, &mut packet);
            if stage == Stage::Receive {
                count_drops(entry, &mut packet);
            }
            if let Some(word) = verdict.word() {
                trail::decided(packet.notes.number, stage.name(), &entry.by, word);
            }
            match verdict {
                Verdict::Continue => {}
                _ if stage == Stage::Delivered => {}
                Verdict::Replace(stanza) => packet.stanza = stanza,
                Verdict::Handled => return None,
                // The message is only not stored: sessions have it.
                Verdict::Drop | Verdict::Reject(_) if packet.notes.keeping.is_some() => return None,
                Verdict::Drop => {
                    entry.drops.inc(packet.stanza.kind());
                    self.answer_dropped(packet).await;
                    return None;
                }
                Verdict::Reject(error) => {
                    self.bounce(packet, error).await;
                    return None;
                }
            }
        }
        Some(packet)
    }

    /// Awaits writes in flight; the sender is notified only if one fails.
    fn follow_writes(self: &Arc<Self>, stage: Stage, packet: &mut Packet) {
        for write in std::mem::take(packet.settling.get_mut()) {
            let mut copy = packet.fork(packet.stanza.clone());
            copy.guard = packet.guard.clone();
            let stored = if stage == Stage::Undelivered { packet.recipient().cloned() } else { None };
            let (kernel, writing, in_flight) =
                (self.clone(), stored.map(Writing::begin), packet.guard.write());
            self.runtime().tasks.spawn("settle", async move {
                let written = write.await;
                drop(writing);
                if let Err(error) = written {
                    if stage == Stage::Undelivered {
                        kernel.counters().unstored.inc();
                    }
                    kernel.bounce(copy, error).await;
                }
                drop(in_flight); // its bounce has been sent
            });
        }
    }

    /// A dropped IQ request still needs an answer.
    async fn answer_dropped(self: &Arc<Self>, packet: Box<Packet>) {
        if packet.stanza.kind() == Kind::Iq {
            self.bounce(packet, StanzaError::service_unavailable()).await;
        }
    }

    /// Counts a stanza that the rules of RFC 6121 section 8 silently ignore.
    pub(crate) fn ignore(&self, packet: Box<Packet>) {
        if let Some(receipt) = &packet.notes.receipt {
            receipt.returned();
        }
        trail::ignored(packet.notes.number);
        self.counters().ignored.inc(packet.stanza.kind());
    }

    /// Answers the sender with an error, if the stanza is of a kind that is answered (RFC 6120 section 8.3):
    /// after the errors of its earlier stanzas, even while one's write is still in flight.
    pub async fn bounce(self: &Arc<Self>, packet: Box<Packet>, error: StanzaError) {
        let Some(reply) = packet.stanza.error_reply(&error) else { return };
        packet.guard.turn().await;
        trail::bounced(packet.notes.number, &error);
        self.counters().bounced.inc(reply.kind());
        self.reply(&packet, reply.clone()).await;
        if let (Some(client), Kind::Message) = (packet.client(), reply.kind()) {
            self.returned(&packet, client.clone(), reply).await;
        }
    }

    /// Shows hooks at Delivered an error that this server returned for a local client's message, as if it
    /// came from outside.
    async fn returned(self: &Arc<Self>, packet: &Packet, client: Resource, reply: Stanza) {
        let mut copy = packet.fork(reply);
        copy.host = client.host().clone();
        if copy.table().is_none_or(|table| !table.stage(Stage::Delivered).concerns(&copy.stanza)) {
            return;
        }
        copy.origin = Origin::Host(packet.host.clone());
        let mut recipient = Recipient::new(client.jid().clone(), client.account().clone());
        recipient.taken_by.push(client);
        copy.recipients = Recipients::One(recipient);
        Box::pin(self.stage(Stage::Delivered, copy)).await;
    }

    /// Sends an answer to the sender of the packet.
    pub async fn reply(self: &Arc<Self>, packet: &Packet, reply: Stanza) {
        match &packet.origin {
            Origin::Client(resource) => self.put(resource, reply, Charge::Answer, packet.notes.number),
            _ => {
                let mut answer = packet.fork(reply);
                answer.origin = Origin::Host(packet.host.clone());
                answer.notes.receipt = None;
                Box::pin(self.route(answer)).await;
            }
        }
    }

    /// Puts a push into a resource's mailbox, past all rules. It is for this session alone and ends with it.
    pub fn tell(&self, resource: &Resource, stanza: Stanza) {
        self.put(resource, stanza, Charge::Push, 0);
    }

    /// As [`tell`](Self::tell), for an answer: what the client itself requested does not count as reading too
    /// slowly.
    pub(crate) fn respond(&self, resource: &Resource, stanza: Stanza) {
        self.put(resource, stanza, Charge::Answer, 0);
    }

    /// `number`: of the stanza that it answers, in the log; 0: of none.
    fn put(&self, resource: &Resource, stanza: Stanza, charge: Charge, number: u64) {
        trail::told(number, resource.id(), &stanza);
        let item = Item::own(stanza, self.now_us(), charge);
        if let Err(refused) = resource.session().push(item) {
            tracing::debug!(session = resource.id(), ?refused, "stanza dropped: the session has ended");
        }
    }

    /// As [`tell`](Self::tell), for what belongs in order with messages from others: it stays behind stored
    /// ones that are being read back.
    pub fn show(&self, resource: &Resource, stanza: Stanza) {
        let kind = stanza.kind();
        let item = Item::own(stanza, self.now_us(), Charge::Known);
        if let Err(refused) = resource.session().place(item, || self.monotonic_us()) {
            self.counters().crowded.inc(kind);
            tracing::debug!(session = resource.id(), ?refused, "stanza dropped: the mailbox is full");
        }
    }

    /// Handles a malformed stanza of a client: it is answered with `reply` (if it is of a kind that is
    /// answered) and counts as handled.
    pub(crate) async fn refuse(&self, resource: &Resource, reply: Option<Stanza>) {
        let guard = Guard::begin(resource.session());
        if let Some(stanza) = reply {
            guard.turn().await;
            self.counters().bounced.inc(stanza.kind());
            self.respond(resource, stanza);
        }
        drop(guard);
    }
}

/// Counts the recipients that the hook has dropped, each once, since the ruling is then marked as settled.
fn count_drops(entry: &Entry, packet: &mut Packet) {
    let kind = packet.stanza.kind();
    for recipient in packet.recipients.iter_mut() {
        if matches!(recipient.ruling, Some(Ruling::Drop)) {
            entry.drops.inc(kind);
            recipient.ruling = Some(match kind {
                Kind::Iq => Ruling::Reject(StanzaError::service_unavailable()),
                _ => Ruling::Handled,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<A, B, C, F: Future>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// Each stanza allocates and copies this state.
    #[test]
    fn the_state_of_a_stanza_on_its_way_is_small() {
        let process = size(|kernel: &'static Arc<Kernel>, resource: &'static Resource, stanza| {
            kernel.process(resource, stanza)
        });
        let send = size(|kernel: &'static Arc<Kernel>, origin, stanza| kernel.send(origin, stanza));
        assert!(process.max(send) <= 1600, "{process} and {send} bytes");
    }
}
