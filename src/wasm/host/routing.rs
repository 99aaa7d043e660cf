//! `routing`: sending stanzas. A filter decides about stanzas and sends none of its own.

use kernel::Origin;
use wasmtime::Result;
use xmpp::Stanza;

use crate::bindings::castling::plugin::routing::Host;
use crate::bindings::castling::plugin::types::Denied;
use crate::host::waiting::Sender;
use crate::service::{Answers, OutboxFull};
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
        let kernel = self.scope.services.kernel().ok_or(Denied::Unavailable)?;
        let stanza: Stanza = verdict::stanza(xml).map_err(|_| Denied::BadArgument)?;
        let (Some(from), Some(_)) = (stanza.from(), stanza.to()) else { return Err(Denied::BadArgument) };
        let Sender { origin, on } = self.sends_as(&kernel, "routing", "send", from)?;
        let is_answer = matches!(origin, Origin::Service(_)) && Answers::is_answer(&stanza);
        let sent = match is_answer {
            // More than one answer to a request, or one to none, is not sent.
            true => {
                let send = || on.memory.outbox.send(&kernel, origin, stanza.clone());
                on.memory.answers.answer(&stanza, send).ok_or(Denied::BadArgument)?
            }
            false => on.memory.outbox.send(&kernel, origin, stanza),
        };
        sent.map_err(|OutboxFull| {
            self.denied("routing");
            Denied::OverQuota
        })
    }
}
