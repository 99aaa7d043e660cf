//! The address map: each domain's destination.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::route::service::ServiceAddress;
use crate::route::taken::Taken;
use crate::{Host, Kernel, Link};

/// The destination of a domain.
#[derive(Clone)]
pub enum Destination {
    /// A domain that is served here.
    Host(Arc<Host>),
    /// A local service with an address of its own.
    Service(Arc<ServiceAddress>),
    /// A link to another server, component or node.
    Link(Arc<dyn Link>),
}

impl Destination {
    /// Its owner's name, for messages about conflicts.
    fn owner(&self) -> Arc<str> {
        match self {
            Self::Host(_) => "a domain".into(),
            Self::Service(service) => service.owner().clone(),
            Self::Link(link) => link.name().into(),
        }
    }
}

/// Destinations by domain (U-labels), and the link for all other domains. Immutable, replaced as a whole.
#[derive(Clone, Default)]
pub(crate) struct Addresses {
    by_domain: HashMap<Box<str>, Destination>,
    default: Option<Arc<dyn Link>>,
}

impl Addresses {
    /// The destination of a domain; else the default link.
    pub fn destination(&self, domain: &str) -> Option<&Destination> {
        self.by_domain.get(domain)
    }

    pub fn default_link(&self) -> Option<&Arc<dyn Link>> {
        self.default.as_ref()
    }

    pub fn hosts(&self) -> impl Iterator<Item = &Arc<Host>> {
        self.by_domain.values().filter_map(|destination| match destination {
            Destination::Host(host) => Some(host),
            _ => None,
        })
    }

    /// Claims a domain for a destination.
    ///
    /// # Errors
    /// The domain has another destination already.
    pub fn take(&mut self, domain: &str, destination: Destination) -> Result<(), Taken> {
        let owner = destination.owner();
        match self.by_domain.get(domain) {
            Some(earlier) => {
                let what = format!("the address {domain}");
                Err(Taken { what, owners: [earlier.owner(), owner] })
            }
            None => {
                self.by_domain.insert(domain.into(), destination);
                Ok(())
            }
        }
    }

    pub fn remove(&mut self, domain: &str) {
        self.by_domain.remove(domain);
    }

    /// Removes the services of hosts, by their indices; those of their next tables are claimed anew.
    pub fn remove_services_of(&mut self, hosts: &HashSet<usize>) {
        self.by_domain.retain(
            |_, destination| !matches!(destination, Destination::Service(one) if hosts.contains(&one.host().index())),
        );
    }

    /// Removes all links with domains of their own.
    pub fn remove_links(&mut self) {
        self.by_domain.retain(|_, destination| !matches!(destination, Destination::Link(_)));
    }
}

impl Kernel {
    /// Routes a domain to a link.
    ///
    /// # Errors
    /// The domain has another destination already.
    pub async fn add_link(&self, domain: &str, link: Arc<dyn Link>) -> Result<(), Taken> {
        let guard = self.publishing.lock().await;
        let mut addresses = self.tables.load().addresses.clone();
        addresses.take(domain, Destination::Link(link))?;
        self.publish(Vec::new(), addresses, guard).gone().await;
        Ok(())
    }

    /// Removes a link's domain; `false` if it was not routed to a link.
    pub async fn remove_link(&self, domain: &str) -> bool {
        let guard = self.publishing.lock().await;
        let mut addresses = self.tables.load().addresses.clone();
        let is_link = matches!(addresses.destination(domain), Some(Destination::Link(_)));
        if is_link {
            addresses.remove(domain);
            self.publish(Vec::new(), addresses, guard).gone().await;
        }
        is_link
    }

    /// The link for all domains without another destination; `None`: they are unreachable.
    pub async fn set_default_link(&self, link: Option<Arc<dyn Link>>) {
        let guard = self.publishing.lock().await;
        let mut addresses = self.tables.load().addresses.clone();
        addresses.default = link;
        self.publish(Vec::new(), addresses, guard).gone().await;
    }
}
