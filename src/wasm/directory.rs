//! The sessions that plugins can query, taken from the kernel.

use std::sync::{Arc, Weak};

use kernel::{Kernel, Resource};
use xmpp::{Element, Jid, Stanza, StanzaType, StreamError};

use crate::bindings::castling::plugin::types::{Contact, Subscription};

/// What a plugin can learn of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionFacts {
    pub id: u64,
    pub jid: String,
    /// The served domain's name.
    pub host: String,
    /// `None` while it is not available.
    pub priority: Option<i8>,
    pub transport: &'static str,
    pub ip: String,
    pub since_ms: u64,
}

/// Finds and closes sessions.
pub(crate) trait Directory: Send + Sync {
    /// A session by its id.
    fn session(&self, id: u64) -> Option<SessionFacts>;
    /// All sessions of a local account.
    fn of_account(&self, jid: &Jid) -> Vec<SessionFacts>;
    /// Closes a session's stream; `false` if there is no such session, or it is being closed.
    fn close(&self, id: u64, error: StreamError) -> bool;
    /// Sends a session a request of its account: a push. `false` if there is no such session, or it is being closed.
    fn push(&self, id: u64, payload: &Element) -> bool;
    /// An account's roster item, if there is one; `None` if the roster is not in memory.
    fn roster_item(&self, account: &Jid, contact: &Jid) -> Option<Option<Contact>>;
}

/// The kernel's sessions. Plugins are referenced by the kernel's tables, so this must not keep the kernel
/// alive.
pub(crate) struct KernelDirectory(Weak<Kernel>);

impl KernelDirectory {
    /// The sessions of a kernel.
    pub fn of(kernel: &Arc<Kernel>) -> Arc<dyn Directory> {
        Arc::new(Self(Arc::downgrade(kernel)))
    }
}

impl Directory for KernelDirectory {
    fn session(&self, id: u64) -> Option<SessionFacts> {
        self.0.upgrade()?.resource(id).as_ref().map(facts)
    }

    fn of_account(&self, jid: &Jid) -> Vec<SessionFacts> {
        let account = self.0.upgrade().and_then(|kernel| kernel.account_in_use(jid));
        account.map(|account| account.resources().iter().map(facts).collect()).unwrap_or_default()
    }

    fn close(&self, id: u64, error: StreamError) -> bool {
        let resource = self.0.upgrade().and_then(|kernel| kernel.resource(id));
        let open = resource.filter(|resource| resource.closing().is_none());
        open.map(|resource| resource.close(error)).is_some()
    }

    fn push(&self, id: u64, payload: &Element) -> bool {
        let Some(kernel) = self.0.upgrade() else { return false };
        let Some(resource) = kernel.resource(id).filter(|resource| resource.closing().is_none()) else {
            return false;
        };
        let number = kernel.runtime().random.token(64);
        let push = Stanza::iq(StanzaType::Set, &number, None, Some(resource.jid()), Some(payload));
        kernel.tell(&resource, push);
        true
    }

    fn roster_item(&self, account: &Jid, contact: &Jid) -> Option<Option<Contact>> {
        let kernel = self.0.upgrade()?;
        let account = kernel.account_in_use(account)?;
        let roster = kernel.cached_roster(&account)?; // a filter must not wait for the store
        Some(roster.get(&contact.bare()).map(|item| Contact {
            subscription: subscription(item.subscription),
            groups: item.groups.iter().map(ToString::to_string).collect(),
        }))
    }
}

fn facts(session: &Resource) -> SessionFacts {
    let about = session.about();
    SessionFacts {
        id: session.id(),
        jid: session.jid().to_string(),
        host: session.host().name().to_owned(),
        priority: session.priority(),
        transport: about.transport.name(),
        ip: about.address.ip().to_string(),
        since_ms: u64::try_from(session.since_us() / 1000).unwrap_or_default(),
    }
}

/// A subscription as plugins see it.
pub(crate) fn subscription(of: storage::Subscription) -> Subscription {
    match of {
        storage::Subscription::None => Subscription::None,
        storage::Subscription::To => Subscription::To,
        storage::Subscription::From => Subscription::From,
        storage::Subscription::Both => Subscription::Both,
    }
}
