//! Whether a session may begin.

use std::sync::Arc;

use kernel::{GateRequest, Registrar};
use xmpp::StanzaError;

use crate::bindings::waiting::exports::castling::plugin::session_gate::Client;
use crate::deployment::Deployment;
use crate::hook::{Hook, Policy};
use crate::service::{self, About, Asked, Budget, Caller};
use crate::verdict;

impl Deployment {
    pub(super) fn register_gate(self: &Arc<Self>, registrar: &mut Registrar<'_>, domain: u32) {
        let this = self.clone();
        registrar.gate(move |_, asked| {
            let (this, client) = (this.clone(), client(asked, domain));
            let account = asked.account.clone();
            Box::pin(async move { this.admit(client, account, domain).await })
        });
    }

    async fn admit(&self, client: Client, account: xmpp::Jid, domain: u32) -> Result<(), StanzaError> {
        let asked = Asked {
            hook: Hook::SessionGate,
            about: About { domain, call: None },
            caller: Caller { sender: Some(account), ..Caller::default() },
            budget: Budget::LOG_IN,
            alone: false,
        };
        let said = self.serve(asked, move |store, guests| {
            Box::pin(async move {
                let guest = service::exported(&guests.session_gate, Hook::SessionGate)?;
                guest.call_admit(store, &client).await
            })
        });
        let counters = self.scope.memory.stats.hook(Hook::SessionGate, domain);
        match said.await {
            Ok(said) => {
                counters.verdict(usize::from(said.is_err()));
                said.map_err(|error| verdict::stanza_error(&error).unwrap_or_else(|_| refusal()))
            }
            Err(_) if self.policy(Hook::SessionGate) == Policy::Open => Ok(()),
            Err(_) => Err(refusal()),
        }
    }
}

/// What a client is told when the plugin fails, or is not there.
pub(crate) fn refusal() -> StanzaError {
    StanzaError::resource_constraint().text("sessions cannot be admitted at present; try again later")
}

fn client(asked: &GateRequest, domain: u32) -> Client {
    Client {
        account: asked.account.to_string(),
        resource: asked.resource.clone(),
        domain,
        transport: asked.about.transport.name().to_owned(),
        ip: asked.about.address.ip().to_string(),
    }
}
