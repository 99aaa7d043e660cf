//! XML as jabberd2 keeps it: `NAD`, then the packet as it went between its components, with their marks.

use xmpp::{Document, Element, ElementLimits, ns};

use crate::intake::clean;

/// The namespace of what the components say to each other of a packet.
const SESSION: &str = "http://jabberd.jabberstudio.org/ns/session/1.0";
const MARK: &str = "NAD";

/// The most bytes of a value.
const BYTES: usize = 1 << 26;

/// The stanza of a value.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn stanza(text: &str) -> Result<Element, String> {
    let text = text.strip_prefix(MARK).unwrap_or(text);
    let limits = ElementLimits { stanza_bytes: BYTES, ..ElementLimits::OWN };
    let document = Document::parse_text(clean(text).into_owned().into(), ns::CLIENT, &limits);
    let document = document.map_err(|error| error.to_string())?;
    let root = document.root();
    let node = match root.name() {
        "route" => root.first_child().ok_or("a packet without a stanza")?,
        _ => root,
    };
    let stanza = node.to_bounded_element().ok_or("the namespaces in it are too long")?;
    Ok(unmarked(&stanza))
}

/// Without the marks of the components.
fn unmarked(stanza: &Element) -> Element {
    let mut plain = Element::named(stanza.name(), stanza.ns()).unwrap_or_else(|| stanza.clone());
    let is_own = |name: &str| !name.contains(':') || name == "xml:lang";
    for attribute in stanza.attributes() {
        if attribute.ns.as_deref() != Some(SESSION) && is_own(&attribute.name) {
            plain.set_named_attr(&attribute.name, &attribute.value);
        }
    }
    for node in stanza.nodes() {
        match node {
            xmpp::Child::Element(child) => plain.push(child.clone()),
            xmpp::Child::Text(text) => plain.push_text(text),
            xmpp::Child::Stanza(_) | xmpp::Child::Content(_) => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_components_say_is_left_out() {
        let text = "NAD<route xmlns='http://jabberd.jabberstudio.org/ns/component/1.0' from='c2s' to='sm'>\
            <message xmlns='jabber:client' xmlns:sc='http://jabberd.jabberstudio.org/ns/session/1.0' sc:sm='ab' \
            sc:c2s='1' to='a@b' xml:lang='cs'><body>x &amp; y</body></message></route>";
        let stanza = stanza(text).unwrap();
        assert_eq!(
            stanza.to_xml(ns::CLIENT),
            "<message to='a@b' xml:lang='cs'><body>x &amp; y</body></message>"
        );
    }

    #[test]
    fn what_cannot_be_read() {
        for text in ["", "NAD", "NAD<route/>", "NAD<route><message", "NAD<a></b>"] {
            assert!(stanza(text).is_err(), "{text}");
        }
    }
}
