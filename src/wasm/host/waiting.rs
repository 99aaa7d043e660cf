//! The functions that wait: on the fibre of a service's call. One file for each interface.

mod accounts;
mod ask;
mod http;
mod kv;
mod screening;
mod sql;

pub(crate) use sql::taken;

use std::sync::Arc;

use kernel::{Destination, Kernel, Origin};
use xmpp::Jid;

use crate::bindings::castling::plugin::types::Denied;
use crate::grantable::SERVICE;
use crate::scope::Domain;
use crate::state::StoreData;

/// As whom a plugin sends a stanza.
pub(super) struct Sender<'a> {
    pub origin: Origin,
    /// The domain that the address is of.
    pub on: &'a Domain,
}

impl StoreData {
    /// The kernel, for a function that needs a grant.
    fn granted(&self, interface: &'static str, function: &str) -> Result<Arc<Kernel>, Denied> {
        if !self.allows(interface, function) {
            return Err(Denied::NotGranted);
        }
        self.server(interface, function)
    }

    /// The kernel. While the plugin starts or reads its settings, nothing must wait.
    fn server(&self, interface: &'static str, function: &str) -> Result<Arc<Kernel>, Denied> {
        let kernel = self.about.and_then(|_| self.scope.services.kernel());
        kernel.ok_or_else(|| self.unavailable(interface, function))
    }

    /// How a plugin sends from an address: from its own, or from one of a domain where it is enabled, within the scope of its grant.
    pub(super) fn sends_as(
        &self,
        kernel: &Arc<Kernel>,
        interface: &'static str,
        function: &str,
        from: &Jid,
    ) -> Result<Sender<'_>, Denied> {
        if let Some(on) = self.scope.owner_of(from) {
            return self.sends_from_own(kernel, interface, from, on);
        }
        if !self.allows(interface, function) {
            return Err(Denied::NotGranted);
        }
        let host = self
            .scope
            .serves(from.domain())
            .and_then(|id| Some((kernel.host(from.domain())?, self.scope.domains.get(&id)?)));
        match host {
            None => {
                self.denied(interface);
                Err(Denied::OutOfScope)
            }
            Some(_) if !self.allows_for(interface, function, from.as_str()) => Err(Denied::OutOfScope),
            Some((host, on)) => Ok(Sender { origin: Origin::Host(host), on }),
        }
    }

    /// From an address that belongs to the plugin, as long as that is in force.
    fn sends_from_own<'a>(
        &self,
        kernel: &Arc<Kernel>,
        interface: &'static str,
        from: &Jid,
        on: &'a Domain,
    ) -> Result<Sender<'a>, Denied> {
        if !self.allows_for(SERVICE, "", from.domain()) {
            return Err(Denied::NotGranted);
        }
        match kernel.tables().destination(from.domain()) {
            Some(Destination::Service(at)) if **at.owner() == *self.scope.name => {
                Ok(Sender { origin: Origin::Service(at.clone()), on })
            }
            _ => {
                self.denied(interface);
                Err(Denied::Unavailable)
            }
        }
    }

    /// An account's bare JID on a domain where the plugin is enabled.
    fn within(&self, interface: &'static str, account: &str) -> Result<Jid, Denied> {
        let jid = Jid::parse(account).ok().filter(|jid| jid.local().is_some());
        let jid = jid.ok_or(Denied::BadArgument)?;
        match self.scope.serves(jid.domain()) {
            Some(_) => Ok(jid.bare()),
            None => {
                self.denied(interface);
                Err(Denied::OutOfScope)
            }
        }
    }

    /// The store failed.
    fn store_failed(&self, interface: &'static str, error: &storage::StorageError) -> Denied {
        kernel::log_failure(error, "a plugin cannot read or write what the server stores");
        self.denied(interface);
        Denied::Unavailable
    }
}
