//! A way out: where stanzas for an address go that is not an account here.

use crate::Packet;

/// A way out for stanzas: a component, another node, a remote server, or a local service such as rooms.
pub trait Link: Send + Sync {
    /// Takes a stanza over. What comes of it is the link's matter: it bounces what it cannot pass on.
    fn send(&self, packet: Packet);
}
