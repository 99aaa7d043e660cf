//! The stream features offered at each stage (RFC 6120 section 4.3.2), in the recommended order.

use kernel::HostTable;
use xmpp::{Element, ns};

fn features() -> Element {
    Element::new("features", ns::STREAM)
}

/// Before TLS: only STARTTLS (RFC 6120 section 5.3.1).
pub(crate) fn starttls() -> Element {
    features().child(Element::new("starttls", ns::TLS).child(Element::new("required", ns::TLS)))
}

/// Before authentication (RFC 6120 section 6.3.3): SASL mechanisms and features added by modules.
pub(crate) fn mechanisms(table: Option<&HostTable>, names: &[&'static str]) -> Element {
    let list = names.iter().fold(Element::new("mechanisms", ns::SASL), |list, name| {
        list.child(Element::new("mechanism", ns::SASL).text(name))
    });
    let added = table.map(HostTable::login_features).unwrap_or_default();
    features().child(list).with_children(added.iter().cloned())
}

/// After authentication: bind, stream management unless the transport has its own acknowledgements, and
/// features added by modules.
pub(crate) fn authenticated(table: Option<&HostTable>, managed: bool) -> Element {
    let own = features()
        .child(Element::new("bind", ns::BIND).child(Element::new("required", ns::BIND)))
        .with_children(managed.then(|| Element::new("sm", ns::SM)));
    let added = table.map(HostTable::bind_features).unwrap_or_default();
    own.with_children(added.iter().cloned())
}
