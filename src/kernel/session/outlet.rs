//! The Write stage: stanzas for a session may be held back, and superseded by later ones (XEP-0352).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use xmpp::Stanza;

use crate::session::Session;
use crate::{Kernel, Resource};

/// When a stanza for a restrained session is written.
pub enum Release {
    /// Now, preceded by whatever was held back.
    Now,
    /// Together with the next stanza that is written now.
    Hold,
    /// As `Hold`, and it replaces held-back stanzas that match.
    Latest(Box<dyn Fn(&Stanza) -> bool + Send>),
}

/// A hook at the Write stage.
pub(crate) type WriteHook = Arc<dyn Fn(&Resource, &Stanza) -> Release + Send + Sync>;

impl Session {
    /// When this stanza is to be written. One load for a session that is not restrained.
    pub(crate) fn release_of(self: &Arc<Self>, stanza: &Stanza) -> Release {
        if !self.restrained.load(Ordering::Relaxed) {
            return Release::Now;
        }
        let hooks = self.host().writers();
        let resource = Resource::new(self.clone());
        let held =
            hooks.iter().map(|hook| hook(&resource, stanza)).find(|said| !matches!(said, Release::Now));
        held.unwrap_or(Release::Now)
    }
}

impl Kernel {
    /// Turns the Write stage on or off for this session; turning it off releases what was held back.
    pub fn restrain(&self, resource: &Resource, restrained: bool) {
        let session = resource.session();
        session.restrained.store(restrained, Ordering::Relaxed);
        if !restrained {
            session.mailbox.flush();
        }
    }
}
