//! RFC 6121 sections 3 and 4: presence and subscriptions to it.
//!
//! What a client sends is taken in at the Send stage: `broadcast` for its own presence, `directed` for presence to
//! somebody, `outbound` for subscriptions. What arrives for an account is taken in at the Receive stage: `inbound`
//! for subscriptions, `probe` for probes. Whoever is not in memory is not online: no presence costs a query.

pub(crate) mod broadcast;
mod change;
mod directed;
mod inbound;
mod outbound;
mod probe;

use std::sync::Arc;

use kernel::{About, Interest, Kernel, Module, Moment, Order, Packet, Registrar, Stage, Verdict};
use serde_json::Value;
use xmpp::{Element, Kind, StanzaError, StanzaType, ns};

use crate::OptionError;
use crate::options::{self, NoOptions};
use crate::subscription::Action;

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
        registrar.stream_feature(Element::new("sub", ns::PREAPPROVAL));
        let every = Interest::kinds(&[Kind::Presence]);
        registrar
            .hook_later(Stage::Send, Order::Late, every, |kernel, packet| Box::pin(sent(kernel, packet)));
        let managing = Interest::types(Kind::Presence, &Action::TYPES);
        let probes = Interest::types(Kind::Presence, &[StanzaType::Probe]);
        registrar.hook_later(Stage::Receive, Order::Late, managing.and(probes), |kernel, packet| {
            Box::pin(arrived(kernel, packet))
        });
        registrar.session(Moment::Closed, |kernel, session| Box::pin(broadcast::closed(kernel, session)));
    }
}

/// A client of ours has sent presence.
async fn sent(kernel: &Arc<Kernel>, packet: &mut Packet) -> Verdict {
    let Some(session) = packet.session().cloned() else { return Verdict::Continue };
    let stanza = &packet.stanza;
    let kind = stanza.stanza_type();
    if let Some(action) = Action::of(kind) {
        return outbound::sent(kernel, &session, packet, action).await;
    }
    match (kind, stanza.to()) {
        (StanzaType::None, None) => broadcast::available(kernel, &session, stanza.clone()).await,
        (StanzaType::Unavailable, None) => broadcast::unavailable(kernel, &session, stanza.clone()).await,
        (StanzaType::None, Some(to)) => directed::available(kernel, &session, to).await,
        (StanzaType::Unavailable, Some(to)) => {
            session.undirected_to(to);
            Verdict::Continue
        }
        (StanzaType::Probe, Some(to)) => probe::sent(kernel, &session, to).await,
        (StanzaType::Error, _) => Verdict::Continue,
        _ => Verdict::Reject(StanzaError::bad_request().text("whom to?")),
    }
}

/// A subscription stanza or a probe has arrived for an account of ours.
async fn arrived(kernel: &Arc<Kernel>, packet: &mut Packet) -> Verdict {
    let (Some(account), Some(from)) = (packet.recipient.clone(), packet.stanza.from().cloned()) else {
        return Verdict::Handled;
    };
    match Action::of(packet.stanza.stanza_type()) {
        Some(action) => inbound::arrived(kernel, &account, packet, action, &from.bare()).await,
        None => probe::arrived(kernel, &account, &from).await,
    }
}
