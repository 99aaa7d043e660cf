//! The Write stage: what a session is to be sent may be held back, and superseded by what follows (XEP-0352).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use xmpp::Stanza;

use crate::session::Session;
use crate::{Kernel, Resource};

/// When a stanza for a restrained session is written.
pub enum Release {
    /// Now, and before it whatever was held back.
    Now,
    /// With the next that goes now.
    Hold,
    /// The same, and it takes the place of what is held back and matches.
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
    /// From now on the Write stage is asked about what this session is to be sent, or no more: then what was held back
    /// follows.
    pub fn restrain(&self, resource: &Resource, restrained: bool) {
        let session = resource.session();
        session.restrained.store(restrained, Ordering::Relaxed);
        if !restrained {
            session.mailbox.flush();
        }
    }
}
