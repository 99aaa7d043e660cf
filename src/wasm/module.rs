//! A deployment as the kernel sees it: a module like any built-in one.

use std::sync::Arc;

use kernel::{About, Kernel, Module, Order, Packet, Registrar, Stage, Verdict};
use xmpp::StanzaError;

use crate::bindings::exports::castling::plugin::before_offline::Storing;
use crate::deployment::Deployment;
use crate::head;
use crate::hook::Hook;
use crate::platform::connect;
use crate::state::{Call, Keeper};

struct PluginModule(Arc<Deployment>);

impl Deployment {
    /// The module to publish on each host of the deployment. On other hosts it registers nothing.
    pub fn module(self: &Arc<Self>) -> Arc<dyn Module> {
        Arc::new(PluginModule(self.clone()))
    }
}

impl Module for PluginModule {
    fn about(&self) -> About {
        About { name: self.0.scope.name.clone(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let Some(domain) = self.0.scope.serves(registrar.host().name()) else { return };
        let order = if self.0.plugin.manifest().guards { Order::Guard } else { Order::Normal };
        for (hook, interest) in self.0.hooks() {
            let (deployment, counters) = (self.0.clone(), self.0.scope.memory.stats.hook(hook, domain));
            match hook {
                Hook::ClientIn => registrar.hook(Stage::Send, order, interest, move |kernel, packet| {
                    if packet.client().is_none() || !deployment.wants(hook, &packet.stanza) {
                        return Verdict::Continue;
                    }
                    let (call, traits) = client_call(&deployment, kernel, packet, domain);
                    deployment.client_in(&counters, call, traits)
                }),
                Hook::BeforeOffline => {
                    registrar.hook(Stage::Undelivered, order, interest, move |kernel, packet| {
                        if !deployment.wants(hook, &packet.stanza) {
                            return Verdict::Continue;
                        }
                        let (call, traits) = offline_call(&deployment, kernel, packet, domain);
                        storing(deployment.before_offline(&counters, call, traits), packet)
                    });
                }
            }
        }
    }
}

fn client_call(deployment: &Deployment, kernel: &Arc<Kernel>, packet: &Packet, domain: u32) -> (Call, u32) {
    connect(&deployment.scope.services, kernel);
    let client = packet.client();
    let call = Call {
        stanza: packet.stanza.clone(),
        session: client.map_or(Keeper::Nobody, |client| Keeper::Session(client.clone())),
        domain,
        account: client.map(|client| client.account().jid().clone()),
    };
    (call, head::of_packet(packet, true, |name| kernel.host(name).is_some()))
}

fn offline_call(deployment: &Deployment, kernel: &Arc<Kernel>, packet: &Packet, domain: u32) -> (Call, u32) {
    let (mut call, traits) = client_call(deployment, kernel, packet, domain);
    call.account = packet.recipient().map(|account| account.jid().clone());
    (call, traits & !head::traits::OUTBOUND)
}

fn storing(said: Storing, packet: &mut Packet) -> Verdict {
    match said {
        Storing::Keep => Verdict::Continue,
        Storing::Discard => Verdict::Drop,
        Storing::Bounce => Verdict::Reject(StanzaError::service_unavailable()),
        Storing::KeepFor(seconds) => {
            packet.notes.keep_for = Some(seconds);
            Verdict::Continue
        }
    }
}
