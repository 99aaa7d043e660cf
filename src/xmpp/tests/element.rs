use proptest::prelude::*;

use super::document;
use crate::{Element, StanzaError, StreamCondition, StreamError, ns};

#[test]
fn xmlns_stands_where_it_changes() {
    let query = Element::new("query", ns::ROSTER)
        .attr("ver", "1")
        .child(Element::new("item", ns::ROSTER).attr("jid", "a@b").opt_attr("name", None::<&str>))
        .child(Element::new("x", "urn:x"));
    assert_eq!(
        Element::new("iq", ns::CLIENT).child(query).to_xml(ns::CLIENT),
        "<iq><query xmlns='jabber:iq:roster' ver='1'><item jid='a@b'/><x xmlns='urn:x'/></query></iq>"
    );
}

#[test]
fn errors() {
    let error = StanzaError::item_not_found().text("no <such> thing").app(Element::new("a", "urn:a"));
    let xml = error.to_element().to_xml(ns::CLIENT);
    assert_eq!(
        xml,
        "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no &lt;such&gt; thing</text><a xmlns='urn:a'/></error>"
    );
    assert_eq!(StanzaError::from_node(document(&xml).unwrap().root()), error);

    let error = StreamError::new(StreamCondition::PolicyViolation).text("slow down");
    let mut out = Vec::new();
    error.to_element().write_prefixed(&mut out, "stream", ns::CLIENT);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>slow down</text></stream:error>"
    );
    let xml = error.to_element().to_xml(ns::CLIENT);
    assert_eq!(StreamError::from_document(&document(&xml).unwrap()), Some(error));
}

#[test]
fn names_that_may_not_be_declared() {
    let element = Element::new("a", ns::XML).child(Element::new("b", ns::XMLNS));
    assert_eq!(document(&element.to_xml(ns::CLIENT)).unwrap().root().ns(), ns::XML);
}

proptest! {
    /// No text can break out of its place, and what XML allows is preserved.
    #[test]
    fn any_text_survives(text in any::<String>(), value in any::<String>()) {
        let element = Element::new("a", ns::CLIENT).attr("b", &value).text(&text).child(Element::new("c", "urn:c"));
        let read = document(&element.to_xml(ns::CLIENT)).unwrap();
        let carried = |text: &str| text.replace(|c| !crate::chars::is_char(c), "\u{FFFD}");
        prop_assert_eq!(read.root().text(), carried(&text));
        prop_assert_eq!(read.root().attr("b").unwrap(), carried(&value));
        prop_assert_eq!(read.root().children().count(), 1);
    }

    #[test]
    fn any_namespace_is_well_formed(name in any::<String>()) {
        let element = Element::new("a", name.clone());
        prop_assert!(document(&element.to_xml(ns::CLIENT)).is_ok());
    }
}
