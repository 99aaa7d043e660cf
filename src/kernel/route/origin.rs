//! The origin of a stanza, kept to its end.

use std::sync::Arc;

use xmpp::Jid;

use crate::route::service::ServiceAddress;
use crate::{Account, Host, Link, Resource};

/// Where a stanza entered this server, or which part of the server created it.
#[derive(Clone)]
pub enum Origin {
    /// A local client; `from` is its full JID, stamped.
    Client(Resource),
    /// The server, on behalf of an account.
    Account(Behalf),
    Host(Arc<Host>),
    /// A local service: a room, a plugin's address.
    Service(Arc<ServiceAddress>),
    /// A link, with the remote domain: another server, a component, another node.
    Link(Arc<dyn Link>, Jid),
}

/// The account the server acts for, and why.
#[derive(Clone)]
pub struct Behalf {
    pub account: Arc<Account>,
    /// The resource whose presence this is.
    pub resource: Option<Resource>,
    pub cause: Cause,
}

/// Why the server sends a stanza on behalf of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A resource's presence, for the account's subscribers.
    Broadcast,
    /// The account requests a contact's presence.
    Probe,
    /// A contact requested the account's presence.
    ProbeAnswer,
    /// The account's state has changed: its resources are notified.
    Push,
    /// A subscription is requested, changes or ends, or the account changes what a contact may see.
    Subscription,
    /// The account is being deleted.
    Deletion,
    /// A copy, for another resource, of what one resource sent or received.
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

    /// The client that sent it; `None` for stanzas made by the server or brought by a link.
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

    /// Why the server sends it on behalf of an account.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Account(behalf) => Some(behalf.cause),
            _ => None,
        }
    }

    /// The local domain it comes from; `None` for what a link brought.
    pub fn host(&self) -> Option<&Arc<Host>> {
        match self {
            Self::Host(host) => Some(host),
            Self::Service(service) => Some(service.host()),
            _ => self.sender().map(|account| account.host()),
        }
    }
}
