//! A deployment as the kernel sees it: a module like any built-in one.

use std::sync::Arc;

use kernel::{About, Interest, Kernel, Module, Order, Packet, Registrar, Stage, Verdict};
use xmpp::StanzaError;

use crate::bindings::exports::castling::plugin::before_offline::Storing;
use crate::deployment::Deployment;
use crate::directory::KernelDirectory;
use crate::facts;
use crate::head::{self, Place};
use crate::hook::Hook;
use crate::slots::Slots;
use crate::state::Account;
use crate::subject::Subject;

struct PluginModule(Arc<Deployment>);

impl Deployment {
    /// The module to publish on each host of the deployment. On other hosts it registers nothing.
    pub fn module(self: &Arc<Self>) -> Arc<dyn Module> {
        Arc::new(PluginModule(self.clone()))
    }
}

impl Deployment {
    /// Has what is kept with accounts read at bind, if the plugin looks at it on a stanza's way.
    fn register_slots(&self, registrar: &mut Registrar<'_>) {
        let looks = |function: &str| self.plugin.inspection.imports("call", function);
        let looks = looks("account-slot") || looks("recipient-slot");
        let sets = self.plugin.inspection.imports("accounts", "set-account-slot");
        if looks || sets {
            let slots = Slots::new(registrar, looks);
            self.scope.services.slots.get_or_init(|| Arc::new(slots));
        }
    }
}

impl Module for PluginModule {
    fn about(&self) -> About {
        About { name: self.0.scope.name.clone(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let Some(domain) = self.0.scope.serves(registrar.host().name()) else { return };
        self.0.register_slots(registrar);
        for (hook, interest) in self.0.hooks() {
            match (hook.stage(), interest) {
                (Some(stage), Some(interest)) => self.filter(registrar, hook, stage, interest, domain),
                (_, interest) => self.0.register_service(registrar, hook, interest, domain),
            }
        }
    }
}

impl PluginModule {
    fn filter(
        &self,
        registrar: &mut Registrar<'_>,
        hook: Hook,
        stage: Stage,
        interest: Interest,
        domain: u32,
    ) {
        let order = if self.0.plugin.manifest().guards { Order::Guard } else { Order::Normal };
        let (deployment, counters) = (self.0.clone(), self.0.scope.memory.stats.hook(hook, domain));
        registrar.hook(stage, order, interest, move |kernel, packet| {
            if !hook.is_for(&packet.origin) || !deployment.wants(hook, &packet.stanza) {
                return Verdict::Continue;
            }
            match hook {
                hook if hook.is_entry() => {
                    let subject = entering(&deployment, kernel, packet, domain);
                    let limits = || packet.host.options().limits.stream.parser();
                    deployment.judge_entry(hook, &counters, &subject, limits)
                }
                Hook::BeforeDeliver => deployment.rule(&counters, kernel, packet, domain),
                _ => {
                    let said =
                        deployment.before_offline(&counters, &stored(&deployment, kernel, packet, domain));
                    storing(said, packet)
                }
            }
        });
    }
}

/// A stanza that enters the server, as the subject of a call. Only what a client sends is on its sender's side.
fn entering<'a>(
    deployment: &Deployment,
    kernel: &Arc<Kernel>,
    packet: &'a Packet,
    domain: u32,
) -> Subject<'a> {
    let sent = sent(deployment, kernel, packet, domain);
    match packet.client() {
        Some(_) => sent,
        None => Subject { facts: sent.facts & !facts::OUTBOUND, ..sent },
    }
}

/// What a client sends, as the subject of a call.
pub(crate) fn sent<'a>(
    deployment: &Deployment,
    kernel: &Arc<Kernel>,
    packet: &'a Packet,
    domain: u32,
) -> Subject<'a> {
    deployment.scope.services.directory.get_or_init(|| KernelDirectory::of(kernel));
    let place = |name: &str| match name == packet.host.name() {
        true => Place::Here,
        false => Place::of(kernel.tables().destination(name)),
    };
    Subject {
        stanza: &packet.stanza,
        client: packet.client(),
        link: head::link(&packet.origin),
        is_elsewhere: false,
        #[cfg(test)]
        made: None,
        domain,
        account: Account::Senders,
        recipients: None,
        facts: head::of_packet(packet, true, place),
    }
}

/// A stanza that is about to be delivered or stored.
pub(crate) fn stored<'a>(
    deployment: &Deployment,
    kernel: &Arc<Kernel>,
    packet: &'a Packet,
    domain: u32,
) -> Subject<'a> {
    let sent = sent(deployment, kernel, packet, domain);
    Subject {
        // What is kept with a session on another domain would count against this one.
        is_elsewhere: packet.client().is_some_and(|client| client.host().name() != packet.host.name()),
        account: Account::Recipients(packet.recipient().map(|account| account.jid().clone())),
        facts: sent.facts & !facts::OUTBOUND,
        ..sent
    }
}

/// A stanza that is sent to an address of the plugin's own. Nothing is shown of its sender's account.
pub(crate) fn addressed<'a>(
    deployment: &Deployment,
    kernel: &Arc<Kernel>,
    packet: &'a Packet,
    domain: u32,
) -> Subject<'a> {
    Subject { account: Account::Recipients(None), ..stored(deployment, kernel, packet, domain) }
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
