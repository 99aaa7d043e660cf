//! A stanza that waits for a link: nothing else waits for it, and it holds on to no tables.

use std::sync::Arc;

use xmpp::{Stanza, StanzaError};

use crate::{Host, Kernel, Notes, Origin, Packet};

/// A stanza that a link has taken and not sent yet.
pub struct Parked {
    pub stanza: Stanza,
    origin: Origin,
    host: Arc<Host>,
    notes: Notes,
}

impl Packet {
    /// The stanza as it waits for a link. It counts as handled from now on (XEP-0198), as does one in a mailbox; and whoever waits
    /// until nothing uses the tables of its time any more does not wait for the link.
    pub fn park(self: Box<Self>) -> Parked {
        let Packet { stanza, origin, host, notes, .. } = *self;
        Parked { stanza, origin, host, notes }
    }
}

impl Parked {
    /// About how many bytes it is.
    pub fn size(&self) -> usize {
        self.stanza.size()
    }
}

impl Kernel {
    /// Answers the senders of stanzas that a link could not send, in this order, as the router does for one that a link does not
    /// take.
    pub async fn bounce_parked(self: &Arc<Self>, parked: Vec<Parked>, error: &StanzaError) {
        for Parked { stanza, origin, host, notes } in parked {
            let mut packet = Packet::new(stanza, origin, host, self.tables());
            packet.notes = notes;
            self.undeliverable(packet, error.clone()).await;
        }
    }
}
