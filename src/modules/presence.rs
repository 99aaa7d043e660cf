//! RFC 6121 sections 3 and 4: presence and subscriptions to it.
//!
//! Stanzas from clients are handled at the Send stage: `broadcast` for a client's own presence, `directed`
//! for directed presence, `outbound` for subscriptions. Stanzas for accounts are handled at the Receive
//! stage: `inbound` for subscriptions, `probe` for probes. An account that is not in memory is not online, so
//! that no presence costs a query.

pub(crate) mod broadcast;
mod change;
mod directed;
mod inbound;
mod outbound;
mod probe;
mod sight;

use std::sync::Arc;

use kernel::{
    About, BoxFuture, Cause, Interest, Kernel, Module, Order, Packet, Phase, Registrar, Resource, Ruling,
    SessionEventKind, Stage, State, Verdict,
};
use serde_json::Value;
use xmpp::{Element, Kind, StanzaError, StanzaType, ns};

use crate::OptionError;
use crate::options::{self, NoOptions};
use crate::subscription::Action;
use directed::Directed;

struct Presence;

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let NoOptions {} = options::read(options)?;
    Ok(Arc::new(Presence))
}

impl Module for Presence {
    fn about(&self) -> About {
        About { name: "presence".into(), specifications: vec![("RFC 6121", "sections 3 and 4")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.stream_feature(Phase::Bind, Element::new("sub", ns::PREAPPROVAL));
        let directed = registrar.state();
        let every = Interest::kinds(&[Kind::Presence]);
        registrar.hook_later(Stage::Send, Order::Late, every, move |kernel, packet| {
            sent(kernel, packet, directed)
        });
        let managing = Interest::types(Kind::Presence, &Action::TYPES);
        let probes = Interest::types(Kind::Presence, &[StanzaType::Probe]);
        registrar.hook_later(Stage::Receive, Order::Late, managing.and(probes), arrived);
        registrar.screen_change(move |kernel, change| Box::pin(sight::changed(kernel, change, directed)));
        registrar.session(SessionEventKind::Closed, move |kernel, event| {
            Box::pin(broadcast::closed(kernel, &event.resource, directed))
        });
    }
}

/// A local client has sent presence. Each kind has a future of its own, so that none is as large as the
/// largest.
fn sent<'a>(
    kernel: &'a Arc<Kernel>,
    packet: &'a Packet,
    kept: State<Resource, Directed>,
) -> BoxFuture<'a, Verdict> {
    let Some(resource) = packet.client() else { return decided(Verdict::Continue) };
    let stanza = &packet.stanza;
    let kind = stanza.stanza_type();
    if kind != StanzaType::Error && stanza.has_invalid_priority() {
        let text = "the priority must be a whole number from -128 to 127";
        return decided(Verdict::Reject(StanzaError::bad_request().text(text)));
    }
    if let Some(action) = Action::of(kind) {
        return Box::pin(outbound::sent(kernel, resource, packet, action));
    }
    match (kind, stanza.to()) {
        (StanzaType::None, None) => Box::pin(broadcast::available(kernel, resource, stanza.clone(), kept)),
        (StanzaType::Unavailable, None) => {
            Box::pin(broadcast::unavailable(kernel, resource, stanza.clone(), kept))
        }
        (StanzaType::None, Some(to)) => Box::pin(directed::available(kernel, resource, to, kept)),
        (StanzaType::Unavailable, Some(to)) => {
            kept.of(resource).remove(to);
            decided(Verdict::Continue)
        }
        (StanzaType::Probe, Some(to)) => Box::pin(probe::sent(kernel, resource, to)),
        (StanzaType::Error, _) => decided(Verdict::Continue),
        _ => {
            let text = "this type of presence needs a 'to' address";
            decided(Verdict::Reject(StanzaError::bad_request().text(text)))
        }
    }
}

/// A subscription stanza or a probe has arrived for local accounts.
fn arrived<'a>(kernel: &'a Arc<Kernel>, packet: &'a mut Packet) -> BoxFuture<'a, Verdict> {
    match Action::of(packet.stanza.stanza_type()) {
        None => Box::pin(probed(kernel, packet)),
        Some(action) => Box::pin(managed(kernel, packet, action)),
    }
}

async fn managed(kernel: &Arc<Kernel>, packet: &mut Packet, action: Action) -> Verdict {
    let Some(from) = packet.stanza.from().map(xmpp::Jid::bare) else { return Verdict::Handled };
    let Some(account) = packet.recipient().cloned() else { return Verdict::Continue };
    if packet.recipients.first().is_none_or(|recipient| recipient.ruling.is_none()) {
        return inbound::arrived(kernel, &account, packet, action, &from).await;
    }
    // A list or a hook has ruled already. The deletion of a blocked account is still recorded, though not
    // shown: a later owner of that address must not be a contact.
    if packet.origin.cause() == Some(Cause::Deletion) {
        inbound::ended(kernel, &account, action, &from).await;
    }
    Verdict::Continue
}

async fn probed(kernel: &Arc<Kernel>, packet: &mut Packet) -> Verdict {
    let Some(from) = packet.stanza.from().cloned() else { return Verdict::Handled };
    for recipient in packet.recipients.iter_mut().filter(|recipient| recipient.ruling.is_none()) {
        recipient.ruling = Some(Ruling::Handled);
        probe::answer(kernel, &recipient.account, &from).await;
    }
    Verdict::Continue
}

fn decided(verdict: Verdict) -> BoxFuture<'static, Verdict> {
    Box::pin(std::future::ready(verdict))
}
