//! What the kernel knows of presence: a session's own, and broadcasts.

use std::sync::Arc;

use xmpp::{Jid, Stanza};

use crate::{Host, Kernel, Notes, Origin, Packet, Session};

impl Kernel {
    /// Takes a session's presence in; none is unavailable. What is told to whom is the presence module's matter.
    pub fn set_presence(&self, session: &Arc<Session>, presence: Option<Stanza>) {
        let state = session.account().state.lock(); // deliveries see it before or after, never in between
        session.set_presence(presence);
        drop(state);
    }

    /// Sends one stanza to many bare or full JIDs; the stanza is parsed and held once.
    pub async fn broadcast(self: &Arc<Self>, host: &Arc<Host>, stanza: &Stanza, recipients: Vec<Jid>) {
        let now = self.now_us();
        let template = Packet::new(stanza.clone(), Origin::Server, host.clone(), self.tables());
        for to in recipients {
            let mut packet = template.fork(stanza.clone().with_to(Some(to)));
            packet.notes = Notes { received_us: now, ..Notes::default() };
            self.route(packet).await;
        }
    }
}
