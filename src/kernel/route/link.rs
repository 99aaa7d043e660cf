//! Links: connections to components, other servers or other nodes.

use std::sync::Arc;

use xmpp::StanzaError;

use crate::{Host, Kernel, Packet};

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// An external component (XEP-0114).
    Component,
    /// Other servers.
    Server,
}

/// A link. What arrives by it enters with [`Kernel::enter`].
pub trait Link: Send + Sync {
    /// Its name in messages and counters.
    fn name(&self) -> &str;
    fn kind(&self) -> LinkKind;
    /// The local domain that it belongs to: its hooks run for what passes between the link and others that are not served
    /// here, and its certificate and its policy hold for that. `None` for a link that belongs to none: it brings stanzas for
    /// this server alone.
    fn home(&self, _kernel: &Kernel) -> Option<Arc<Host>> {
        None
    }
    /// Takes a stanza without waiting: the link's queue is bounded. What cannot be sent later the link bounces itself, in order
    /// ([`Kernel::bounce_parked`]).
    ///
    /// # Errors
    /// What does not fit, or cannot be sent, for the caller to bounce.
    fn send(&self, kernel: &Arc<Kernel>, packet: Box<Packet>) -> Result<(), Refused>;
}

/// A stanza that a link does not take, and why.
pub struct Refused {
    pub packet: Box<Packet>,
    pub error: StanzaError,
}
