//! Step 3 of a stanza's way, and how hooks are asked.

use std::sync::Arc;

use xmpp::{Kind, Stanza, StanzaError};

use crate::hooks::Handler;
use crate::intake::Settled;
use crate::{Item, Kernel, Origin, Packet, Session, Stage, Verdict};

/// The name under which the rules of RFC 6121 section 8 drop stanzas.
pub(crate) const RFC6121: &str = "rfc6121";

impl Kernel {
    /// A client's stanza, `from` stamped, enters. Ends when its fate is decided, but for writes in flight.
    pub async fn process(self: &Arc<Self>, session: &Arc<Session>, stanza: Stanza) {
        self.counters().stanzas.inc();
        session.intake.room().await;
        let number = session.intake.begin();
        let origin = Origin::Client(session.clone());
        let mut packet = Packet::new(stanza, origin, session.host().clone(), self.tables());
        packet.notes.received_us = self.now_us();
        packet.settled = Some(Settled { session: session.clone(), number });
        if let Some(packet) = self.stage(Stage::Send, packet).await {
            self.route(packet).await;
        }
    }

    /// Asks everybody who is interested at this stage. None when somebody has decided the stanza's fate.
    pub(crate) async fn stage(self: &Arc<Self>, stage: Stage, mut packet: Packet) -> Option<Packet> {
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
            match verdict {
                Verdict::Continue => {}
                Verdict::Replace(stanza) => packet.stanza = stanza,
                Verdict::Handled => {
                    self.settle(packet);
                    return None;
                }
                Verdict::Drop => {
                    self.drop_packet(packet, &entry.owner, stage.name()).await;
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

    /// Follows a write in flight to its end: the sender hears of it only when it fails.
    fn settle(self: &Arc<Self>, mut packet: Packet) {
        let Some(write) = packet.settling.get_mut().take() else { return };
        let kernel = self.clone();
        let writing = packet.recipient.clone().map(crate::deliver::Writing::begin);
        self.runtime().tasks.spawn("settle", async move {
            let written = write.await;
            drop(writing);
            if let Err(error) = written {
                kernel.bounce(packet, error).await;
            }
        });
    }

    /// A policy drops the stanza: counted under its name. An IQ request is answered all the same.
    pub(crate) async fn drop_packet(self: &Arc<Self>, packet: Packet, by: &Arc<str>, stage: &'static str) {
        self.counters().dropped(by, stage);
        if packet.stanza.kind() == Kind::Iq {
            self.bounce(packet, StanzaError::service_unavailable()).await;
        }
    }

    /// The rules of RFC 6121 section 8 say that the stanza is silently ignored.
    pub(crate) fn ignore(&self, packet: Packet) {
        if let Some(receipt) = &packet.notes.receipt {
            receipt.returned();
        }
        self.counters().dropped(&Arc::from(RFC6121), "deliver");
    }

    /// Answers the sender with an error, if the stanza is of a kind that is answered (RFC 6120 section 8.3).
    pub(crate) async fn bounce(self: &Arc<Self>, packet: Packet, error: StanzaError) {
        let Some(reply) = packet.stanza.error_reply(&error) else { return };
        self.counters().bounced.inc();
        self.reply(&packet, reply).await;
    }

    /// Takes an answer to whoever sent the packet.
    pub(crate) async fn reply(self: &Arc<Self>, packet: &Packet, reply: Stanza) {
        match &packet.origin {
            Origin::Client(session) => {
                let item = Item::new(reply, self.now_us());
                if let Err(refused) = session.push(item) {
                    tracing::debug!(session = session.id(), ?refused, "an answer found its session gone");
                }
            }
            Origin::Server => Box::pin(self.route(packet.fork(reply))).await,
        }
    }
}

impl Kernel {
    /// A client's stanza that is not well formed as a stanza: it is answered with `reply` (if it is of a kind that is
    /// answered) and counts as handled.
    pub fn refuse(&self, session: &Arc<Session>, reply: Option<Stanza>) {
        let number = session.intake.begin();
        let settled = Settled { session: session.clone(), number };
        if let Some(stanza) = reply {
            self.counters().bounced.inc();
            let item = Item::new(stanza, self.now_us());
            if let Err(refused) = session.push(item) {
                tracing::debug!(session = session.id(), ?refused, "an answer found its session gone");
            }
        }
        drop(settled);
    }
}
