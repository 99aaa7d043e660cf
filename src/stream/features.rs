//! The stream features offered at each stage (RFC 6120 section 4.3.2), in the recommended order.

use auth::Offer;
use kernel::HostTable;
use xmpp::{Element, ns};

fn features() -> Element {
    Element::new("features", ns::STREAM)
}

/// Before TLS: only STARTTLS (RFC 6120 section 5.3.1).
pub(crate) fn starttls() -> Element {
    features().child(Element::new("starttls", ns::TLS).child(Element::new("required", ns::TLS)))
}

/// The SASL mechanisms of an offer (RFC 6120 section 6.4.1).
pub(crate) fn mechanisms(offer: &Offer) -> Element {
    offer.mechanisms().iter().fold(Element::new("mechanisms", ns::SASL), |list, mechanism| {
        list.child(Element::new("mechanism", ns::SASL).text(mechanism.name()))
    })
}

/// Before authentication (RFC 6120 section 6.3.3): SASL mechanisms, channel bindings (XEP-0440) and features added by
/// modules.
pub(crate) fn login(table: Option<&HostTable>, offer: &Offer) -> Element {
    let bindings = offer
        .bindings()
        .iter()
        .map(|binding| Element::new("channel-binding", ns::SASL_CB).attr("type", binding.kind));
    let bindings = (!offer.bindings().is_empty())
        .then(|| Element::new("sasl-channel-binding", ns::SASL_CB).with_children(bindings));
    let added = table.map(HostTable::login_features).unwrap_or_default();
    features().child(mechanisms(offer)).with_children(bindings).with_children(added.iter().cloned())
}

/// After authentication: bind, stream management unless the transport has its own acknowledgements, and
/// features added by modules.
pub(crate) fn bind(table: Option<&HostTable>, managed: bool) -> Element {
    let own = features()
        .child(Element::new("bind", ns::BIND).child(Element::new("required", ns::BIND)))
        .with_children(managed.then(|| Element::new("sm", ns::SM)));
    let added = table.map(HostTable::bind_features).unwrap_or_default();
    own.with_children(added.iter().cloned())
}
