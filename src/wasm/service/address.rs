//! The address that belongs to a plugin: what is sent to it waits, and is told in order.

use std::sync::Arc;
use std::time::Duration;

use kernel::{BoxFuture, DiscoItem, Kernel, Origin, Packet, Registrar, Service, ServiceAddress, Target};
use tokio::sync::oneshot;
use xmpp::{ErrorType, Framing, Kind, Stanza, StanzaError, StanzaType};

use crate::bindings::castling::plugin::types::Head;
use crate::deployment::Deployment;
use crate::failure::{Failure, FailureKind};
use crate::head;
use crate::hook::Hook;
use crate::manifest::Want;
use crate::module;
use crate::service::answers::Ticket;
use crate::service::inbox::Place;
use crate::service::requests::refused;
use crate::service::{self, About, Asked, Budget};
use crate::stats::HookCounters;

/// How long a request waits for the plugin's answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The address of a plugin on one domain.
struct Owned {
    deployment: Arc<Deployment>,
    domain: u32,
}

/// A stanza that waits for the plugin.
struct Arrived {
    packet: Box<Packet>,
    /// If it is a request.
    ticket: Option<Arc<Ticket>>,
    _place: Arc<Place>,
}

impl Deployment {
    pub(super) fn register_address(self: &Arc<Self>, registrar: &mut Registrar<'_>, domain: u32) {
        let Some(address) = self.scope.domains.get(&domain).and_then(|on| on.address.clone()) else { return };
        let owned = Owned { deployment: self.clone(), domain };
        registrar.service(address.domain(), Arc::new(owned));
        registrar.item(Target::Host, DiscoItem::new(address));
    }

    /// Queues a stanza.
    ///
    /// # Errors
    /// There is no room for it: it is given back.
    fn arrive(
        self: &Arc<Self>,
        kernel: &Arc<Kernel>,
        packet: Box<Packet>,
        at: &Arc<ServiceAddress>,
        domain: u32,
    ) -> Result<(), Box<Packet>> {
        let Some((on, sender)) = self.scope.domains.get(&domain).zip(packet.stanza.from()) else {
            return Err(packet);
        };
        let (sender, answerable) = (sender.bare(), head::link(&packet.origin).cloned());
        let Some(place) = on.memory.inbox.room(sender.clone(), answerable, &packet.stanza) else {
            return Err(packet);
        };
        let place = Arc::new(place);
        let begun = on.memory.answers.begin(&packet.stanza, &place);
        let ticket = begun.map(|(ticket, answered)| {
            let late = self.clone().unanswered(kernel.clone(), at.clone(), ticket.clone(), answered, domain);
            kernel.runtime().tasks.spawn("plugin request", late);
            ticket
        });
        let (this, to) = (self.clone(), kernel.clone());
        let arrived = Arrived { packet, ticket, _place: place };
        let work = Box::pin(async move { this.receive(&to, arrived, domain).await });
        // Its bounds are wider than those of the inbox.
        let _ = on.memory.inbox.lanes.run(&kernel.runtime().tasks, sender.as_str(), work);
        Ok(())
    }

    /// Answers a request that the plugin does not answer in time, or not before the server stops.
    async fn unanswered(
        self: Arc<Self>,
        kernel: Arc<Kernel>,
        at: Arc<ServiceAddress>,
        ticket: Arc<Ticket>,
        answered: oneshot::Receiver<()>,
        domain: u32,
    ) {
        tokio::select! {
            _ = answered => return,
            () = tokio::time::sleep(PATIENCE) => {}
            () = kernel.runtime().tasks.drained_signal() => {}
        }
        if !ticket.end() {
            return;
        }
        self.scope.memory.stats.hook(Hook::Service, domain).failure(FailureKind::Unanswered);
        let (from, to, id) = ticket.envelope();
        let error = StanzaError::remote_server_timeout().text("the service has not answered in time");
        let answer = Stanza::iq(StanzaType::Error, id, Some(from), Some(to), Some(&error.to_element()));
        kernel.send(Origin::Service(at), answer).await;
    }

    /// Tells the version that is in force by now of a stanza. What none takes is returned to its sender.
    async fn receive(self: Arc<Self>, kernel: &Arc<Kernel>, arrived: Arrived, domain: u32) {
        let Arrived { packet, ticket, _place } = arrived;
        if ticket.as_ref().is_some_and(|ticket| !ticket.is_open()) {
            return; // it has been answered: it waited for too long
        }
        let Err(error) = self.received(kernel, &packet, domain).await else { return };
        if ticket.is_none_or(|ticket| ticket.end()) {
            send_back(kernel, packet, error).await;
        }
    }

    /// # Errors
    /// What the sender is told.
    async fn received(
        self: &Arc<Self>,
        kernel: &Arc<Kernel>,
        packet: &Packet,
        domain: u32,
    ) -> Result<(), StanzaError> {
        while let Some(in_force) = self.successor(Hook::Service, domain) {
            let (asked, head, xml) = in_force.about(kernel, packet, domain);
            let leave = in_force.leave(&asked).await.map_err(|failure| refused(&failure))?;
            if in_force.is_retired() {
                continue;
            }
            let called = in_force.call_with(
                leave,
                asked,
                move |store, guests| {
                    Box::pin(async move {
                        let guest = service::exported(&guests.service, Hook::Service)?;
                        guest.call_received(store, head, &xml).await
                    })
                },
                Ok,
            );
            called.await.map_err(|failure: Failure| refused(&failure))?;
            self.scope.memory.stats.hook(Hook::Service, domain).verdict(0);
            return Ok(());
        }
        Err(gone())
    }

    /// The call about a stanza, and what the plugin is passed.
    fn about(&self, kernel: &Arc<Kernel>, packet: &Packet, domain: u32) -> (Asked, Head, String) {
        let subject = module::addressed(self, kernel, packet, domain);
        let head = head::pack(&subject, Want::Head, &mut String::new());
        let xml = String::from_utf8_lossy(&packet.stanza.to_bytes(Framing::Inherit)).into_owned();
        let asked = Asked {
            hook: Hook::Service,
            about: About { domain, call: Some(subject.call()) },
            caller: subject.caller(),
            budget: Budget::WORK,
            alone: false,
        };
        (asked, head, xml)
    }
}

impl Service for Owned {
    fn take<'a>(
        &'a self,
        kernel: &'a Arc<Kernel>,
        packet: Box<Packet>,
        at: &'a Arc<ServiceAddress>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Err(packet) = self.deployment.arrive(kernel, packet, at, self.domain) else { return };
            let counters = self.deployment.scope.memory.stats.hook(Hook::Service, self.domain);
            counters.failure(FailureKind::Overloaded);
            send_back(kernel, packet, crowded()).await;
        })
    }
}

/// The place of a plugin that could not be loaded: its address stays its own.
pub(crate) struct Vacant {
    /// Counts what was sent to it.
    pub counters: Arc<HookCounters>,
}

impl Service for Vacant {
    fn take<'a>(
        &'a self,
        kernel: &'a Arc<Kernel>,
        packet: Box<Packet>,
        _: &'a Arc<ServiceAddress>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.counters.failure(FailureKind::Absent);
            send_back(kernel, packet, gone()).await;
        })
    }
}

/// Returns a stanza to its sender. Of presence only a request for a subscription is answered, as from a domain that cannot be reached.
async fn send_back(kernel: &Arc<Kernel>, packet: Box<Packet>, error: StanzaError) {
    if packet.stanza.kind() != Kind::Presence || packet.stanza.stanza_type() == StanzaType::Subscribe {
        kernel.bounce(packet, error).await;
    }
}

fn crowded() -> StanzaError {
    StanzaError::resource_constraint().text("too many of your stanzas wait for this service; try again later")
}

fn gone() -> StanzaError {
    StanzaError::service_unavailable()
        .kind(ErrorType::Wait)
        .text("this service is not available; try again later")
}
