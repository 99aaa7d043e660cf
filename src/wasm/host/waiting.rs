//! The functions that wait: on the fibre of a service's call. One file for each interface.

mod accounts;
mod ask;
mod http;
mod kv;
mod screening;
mod sql;

pub(crate) use sql::taken;

use std::sync::Arc;

use kernel::{Host, Kernel};
use xmpp::Jid;

use crate::bindings::castling::plugin::types::Denied;
use crate::state::StoreData;

impl StoreData {
    /// The kernel, for a function that needs a grant.
    fn granted(&self, interface: &'static str, function: &str) -> Result<Arc<Kernel>, Denied> {
        if !self.allows(interface, function) {
            return Err(Denied::NotGranted);
        }
        // While it starts or reads its settings, nothing must wait.
        let kernel = self.about.and_then(|_| self.scope.services.kernel());
        kernel.ok_or_else(|| self.unavailable(interface, function))
    }

    /// The host of an address that a plugin sends from: on a domain where it is enabled, within the scope of its grant.
    pub(super) fn sends_as(
        &self,
        kernel: &Arc<Kernel>,
        interface: &'static str,
        function: &str,
        from: &Jid,
    ) -> Result<Arc<Host>, Denied> {
        let host = self.scope.serves(from.domain()).and_then(|_| kernel.host(from.domain()));
        match host {
            None => {
                self.denied(interface);
                Err(Denied::OutOfScope)
            }
            Some(_) if !self.allows_for(interface, function, from.as_str()) => Err(Denied::OutOfScope),
            Some(host) => Ok(host),
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
