//! A deployment as the kernel sees it: a module like any built-in one.

use std::sync::Arc;

use kernel::{About, Destination, Kernel, Module, Order, Packet, Registrar, Verdict};
use xmpp::StanzaError;

use crate::bindings::exports::castling::plugin::before_offline::Storing;
use crate::deployment::Deployment;
use crate::directory::KernelDirectory;
use crate::facts;
use crate::head::{self, Place};
use crate::hook::Hook;
use crate::state::Account;
use crate::subject::Subject;

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
                Hook::ClientIn => registrar.hook(hook.stage(), order, interest, move |kernel, packet| {
                    if packet.client().is_none() || !deployment.wants(hook, &packet.stanza) {
                        return Verdict::Continue;
                    }
                    let subject = sent(&deployment, kernel, packet, domain);
                    deployment.client_in(&counters, &subject, || packet.host.options().limits.stream.parser())
                }),
                Hook::BeforeOffline => {
                    registrar.hook(hook.stage(), order, interest, move |kernel, packet| {
                        if !deployment.wants(hook, &packet.stanza) {
                            return Verdict::Continue;
                        }
                        let said = deployment
                            .before_offline(&counters, &stored(&deployment, kernel, packet, domain));
                        storing(said, packet)
                    });
                }
            }
        }
    }
}

/// A client's stanza, as the subject of a call.
fn sent<'a>(deployment: &Deployment, kernel: &Arc<Kernel>, packet: &'a Packet, domain: u32) -> Subject<'a> {
    deployment.scope.services.directory.get_or_init(|| KernelDirectory::of(kernel));
    let place = |name: &str| match name == packet.host.name() {
        true => Place::Here,
        false => match kernel.tables().destination(name) {
            Some(Destination::Host(_)) => Place::Here,
            None => Place::Remote,
            Some(_) => Place::Other,
        },
    };
    Subject {
        stanza: &packet.stanza,
        client: packet.client(),
        is_elsewhere: false,
        #[cfg(test)]
        made: None,
        domain,
        account: Account::Senders,
        facts: head::of_packet(packet, true, place),
    }
}

/// A stanza that is about to be stored.
fn stored<'a>(deployment: &Deployment, kernel: &Arc<Kernel>, packet: &'a Packet, domain: u32) -> Subject<'a> {
    let sent = sent(deployment, kernel, packet, domain);
    Subject {
        // What is kept with a session on another domain would count against this one.
        is_elsewhere: packet.client().is_some_and(|client| client.host().name() != packet.host.name()),
        account: Account::Recipients(packet.recipient().map(|account| account.jid().clone())),
        facts: sent.facts & !facts::OUTBOUND,
        ..sent
    }
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
