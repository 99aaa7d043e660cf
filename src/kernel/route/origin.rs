//! Where a stanza comes from, kept to its end.

use std::sync::Arc;

use xmpp::Jid;

use crate::route::service::ServiceAddress;
use crate::{Account, Host, Link, Resource};

/// Where a stanza entered this server, or who in it made the stanza.
#[derive(Clone)]
pub enum Origin {
    /// A client of ours sent it; `from` is its full JID, stamped.
    Client(Resource),
    /// The server sends it for an account.
    Account(Behalf),
    /// The domain itself.
    Host(Arc<Host>),
    /// A service of ours: a room, a plugin's address.
    Service(Arc<ServiceAddress>),
    /// It came in by a link, from this domain: another server, a component, another node.
    Link(Arc<dyn Link>, Jid),
}

/// For which account the server sends something, and why.
#[derive(Clone)]
pub struct Behalf {
    pub account: Arc<Account>,
    /// The resource that it is about: whose presence this is.
    pub resource: Option<Resource>,
    /// Why it is sent.
    pub cause: Cause,
}

/// Why the server sends something for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A resource's presence, for those who watch the account.
    Broadcast,
    /// The account asks for a contact's presence.
    Probe,
    /// A contact asked for the account's presence.
    ProbeAnswer,
    /// The account's state has changed: its resources are told.
    Push,
    /// A subscription comes, changes or ends, or the account lets a contact see more or less of it.
    Subscription,
    /// The account is being deleted.
    Deletion,
    /// What one resource sent or received is shown to another.
    Copy,
}

impl Origin {
    /// For an account as a whole.
    pub fn account(account: &Arc<Account>, cause: Cause) -> Self {
        Self::Account(Behalf { account: account.clone(), resource: None, cause })
    }

    /// For one resource of an account.
    pub fn resource_of(resource: &Resource, cause: Cause) -> Self {
        let account = resource.account().clone();
        Self::Account(Behalf { account, resource: Some(resource.clone()), cause })
    }

    /// The client that sent it; `None` for whatever the server made itself or a link brought.
    pub fn client(&self) -> Option<&Resource> {
        match self {
            Self::Client(resource) => Some(resource),
            _ => None,
        }
    }

    /// The local resource that sent it, or whose presence it is.
    pub fn resource(&self) -> Option<&Resource> {
        match self {
            Self::Client(resource) => Some(resource),
            Self::Account(behalf) => behalf.resource.as_ref(),
            _ => None,
        }
    }

    /// The local account that it comes from.
    pub fn sender(&self) -> Option<&Arc<Account>> {
        match self {
            Self::Client(resource) => Some(resource.account()),
            Self::Account(behalf) => Some(&behalf.account),
            _ => None,
        }
    }

    /// Why the server sends it for an account.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Account(behalf) => Some(behalf.cause),
            _ => None,
        }
    }

    /// The domain of ours that it comes from; `None` for what a link brought.
    pub fn host(&self) -> Option<&Arc<Host>> {
        match self {
            Self::Host(host) => Some(host),
            Self::Service(service) => Some(service.host()),
            _ => self.sender().map(|account| account.host()),
        }
    }
}
