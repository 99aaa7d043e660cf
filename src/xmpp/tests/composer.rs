//! What is written part by part is what a tree would be written as.

use crate::{Composer, Content, Element, Stanza, StanzaType, ns};

const NS: &str = "urn:example";

fn content() -> Content {
    let mut list = Composer::new(NS, 16);
    list.begin("item").attr("jid", "a@b").opt_attr("name", Some("B & 'C'")).opt_attr("ask", None);
    list.begin("group").text("a<b").end().begin("group").end().end();
    list.text("between").begin("item");
    list.finish().unwrap()
}

fn tree() -> Element {
    let group = || Element::new("group", NS);
    let first = Element::new("item", NS).attr("jid", "a@b").attr("name", "B & 'C'");
    Element::new("query", NS)
        .attr("ver", "1")
        .child(first.child(group().text("a<b")).child(group()))
        .text("between")
        .child(Element::new("item", NS))
}

#[test]
fn it_is_written_as_a_tree_would_be() {
    let composed = Element::new("query", NS).attr("ver", "1").content(&content());
    assert_eq!(composed.to_xml(ns::CLIENT), tree().to_xml(ns::CLIENT));
    let stanza = |payload: &Element| Stanza::iq(StanzaType::Result, "1", None, None, Some(payload));
    // Recorded as it is read; see `Document::composed`.
    assert_eq!(stanza(&composed), stanza(&tree()));
    let read = stanza(&composed);
    let query = read.payload().unwrap();
    let items: Vec<_> = query.children().map(|item| (item.is("item", NS), item.attr("jid"))).collect();
    assert_eq!(items, [(true, Some("a@b".into())), (true, None)]);
}

#[test]
fn where_another_namespace_is_in_force_it_keeps_its_own() {
    let other = Element::new("query", "urn:other").content(&content());
    assert_eq!(other.children().filter(|item| item.is("item", NS)).count(), 2);
    let moved = Element::new("query", NS).attr("ver", "1").content(&content()).map_ns(NS, "urn:moved");
    assert_eq!(moved, tree().map_ns(NS, "urn:moved"));
}

/// `stream:features` are written where another namespace than theirs is in force.
#[test]
fn in_an_element_with_a_prefix_it_declares_its_own() {
    let mut within = Vec::new();
    Element::new("query", NS).content(&content()).write_prefixed(&mut within, "p", ns::CLIENT);
    let within = String::from_utf8(within).unwrap();
    assert!(within.starts_with("<p:query><item xmlns='urn:example' jid='a@b'"), "{within}");
}

#[test]
fn nothing_and_what_belongs_to_jabber_client_are_content_too() {
    let empty = Composer::new(NS, 0).finish().unwrap();
    assert_eq!(Element::new("query", NS).content(&empty).to_xml(NS), "<query/>");
    let mut body = Composer::new(ns::CLIENT, 0);
    body.begin("body").text("hello");
    let element = Element::new("x", ns::CLIENT).content(&body.finish().unwrap());
    assert_eq!(element.to_xml(ns::CLIENT), "<x><body>hello</body></x>");
}

#[test]
fn what_is_larger_than_the_server_may_write_is_refused() {
    let mut list = Composer::new(NS, 0);
    for _ in 0..=crate::ElementLimits::OWN.elements {
        list.begin("item").end();
    }
    assert!(list.finish().is_err());
}
