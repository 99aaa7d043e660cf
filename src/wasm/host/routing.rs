//! `routing`: sending stanzas. A filter decides about stanzas and sends none of its own.

use kernel::Origin;
use wasmtime::Result;
use xmpp::Stanza;

use crate::bindings::castling::plugin::routing::Host;
use crate::bindings::castling::plugin::types::Denied;
use crate::service::OutboxFull;
use crate::state::StoreData;
use crate::verdict;

impl Host for StoreData {
    fn send(&mut self, xml: String) -> Result<Result<(), Denied>> {
        Ok(self.enqueue(&xml))
    }
}

impl StoreData {
    fn enqueue(&self, xml: &str) -> std::result::Result<(), Denied> {
        if !self.is_service || self.about.is_none() {
            return Err(self.unavailable("routing", "send"));
        }
        if !self.allows("routing", "send") {
            return Err(Denied::NotGranted);
        }
        let kernel = self.scope.services.kernel().ok_or(Denied::Unavailable)?;
        let stanza: Stanza = verdict::stanza(xml).map_err(|_| Denied::BadArgument)?;
        let (Some(from), Some(_)) = (stanza.from(), stanza.to()) else { return Err(Denied::BadArgument) };
        let host = self.sends_as(&kernel, "routing", "send", from)?;
        let domain = self.scope.serves(host.name()).and_then(|id| self.scope.domains.get(&id));
        let on = domain.ok_or(Denied::OutOfScope)?;
        on.memory.outbox.send(&kernel, Origin::Host(host), stanza).map_err(|OutboxFull| {
            self.denied("routing");
            Denied::OverQuota
        })
    }
}
