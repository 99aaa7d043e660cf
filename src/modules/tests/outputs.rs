//! What the server generates from users' data is bounded by its input limits: at the highest settings the
//! largest answer can be written, and can be read by a client with this server's own limits.

use settings::{Group, Kind, Range};
use storage::{RosterItem, Subscription};
use xmpp::{Element, ElementLimits, Jid, ns};

use crate::blocking::{Blocking, request};
use crate::roster::{RosterLimits, item};

/// The highest value of a limit; it cannot be disabled.
fn most<G: Group>(name: &str) -> usize {
    let key = G::keys().into_iter().find(|key| key.name == name).unwrap();
    let Kind::Integer(Range { most, zero: None, .. }) = key.kind else { panic!("`{name}` can be off") };
    usize::try_from(most).unwrap()
}

fn jid(length: usize) -> Jid {
    // A character that is escaped in output, as long as a local part may be.
    Jid::parse(&format!("a@b/{}", "\"".repeat(length.min(1023)))).unwrap()
}

fn size(element: &Element) -> usize {
    element.to_xml(ns::ROSTER).len()
}

/// Elements below an element, itself included.
fn elements(element: &Element) -> usize {
    1 + element.children().map(elements).sum::<usize>()
}

/// Contacts of every shape: bare ones, long names, many groups, all of characters that are escaped in output.
fn contacts() -> Vec<RosterItem> {
    let mut contacts = Vec::new();
    for (name, count, group) in [(0, 0, 0), (1023, 0, 0), (0, 1, 1023), (0, 4000, 1), (1023, 200, 300)] {
        let groups = (0..count).map(|n| format!("{n}{}", "&".repeat(group)));
        contacts.push(RosterItem {
            name: (name > 0).then(|| "\"".repeat(name)),
            groups: groups.collect(),
            subscription: Subscription::From,
            ask: true,
            approved: true,
            in_roster: true,
            ..RosterItem::new(Jid::parse("a@b").unwrap())
        });
    }
    contacts
}

#[test]
fn the_largest_roster_can_be_written() {
    let most = most::<RosterLimits>("roster_bytes");
    for contact in contacts() {
        let weight = item::weight(&contact);
        // As many of this shape as the limit allows, in addition to the surrounding `<iq/>` and `<query/>`.
        let many = most / weight;
        let items = item::list([&contact].into_iter()).unwrap();
        // In an element of another namespace, content becomes a tree.
        let element = Element::new("a", "urn:example").content(&items).children().next().unwrap().clone();
        assert!(many * elements(&element) + 2 <= ElementLimits::OWN.elements, "{weight}");
        assert!(many * size(&element) + 10_000 <= ElementLimits::OWN.stanza_bytes, "{weight}");
    }
}

#[test]
fn the_largest_block_list_can_be_written() {
    let most = most::<Blocking>("blocked");
    // A JID of three parts; quotation marks are allowed in the resource only.
    let largest = size(&request::item(&jid(1023))) + 2 * 1023;
    assert!(most * largest + 10_000 <= ElementLimits::OWN.stanza_bytes);
    assert!(most + 2 <= ElementLimits::OWN.elements);
}
