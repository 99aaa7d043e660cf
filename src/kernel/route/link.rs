//! A way out: to a component, another server, another node.

use std::sync::Arc;

use crate::{Kernel, Packet};

/// A way out. What comes in by it enters with [`Kernel::enter`].
pub trait Link: Send + Sync {
    /// Its name in messages and counters.
    fn name(&self) -> &str;
    /// Takes a stanza. It does not wait: its queue is bounded, and what does not fit, or cannot be sent later, it bounces
    /// itself ([`Kernel::bounce`]), in order. While it keeps the packet, the sender does not count the stanza as handled.
    fn send(&self, kernel: &Arc<Kernel>, packet: Box<Packet>);
}
