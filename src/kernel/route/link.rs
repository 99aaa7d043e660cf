//! Links: connections to components, other servers or other nodes.

use std::sync::Arc;

use crate::{Kernel, Packet};

/// A link. What arrives by it enters with [`Kernel::enter`].
pub trait Link: Send + Sync {
    /// Its name in messages and counters.
    fn name(&self) -> &str;
    /// Takes a stanza without waiting: the link's queue is bounded, and what does not fit, or cannot be sent
    /// later, the link bounces itself ([`Kernel::bounce`]), in order. While it keeps the packet, the stanza
    /// does not count as handled.
    fn send(&self, kernel: &Arc<Kernel>, packet: Box<Packet>);
}
