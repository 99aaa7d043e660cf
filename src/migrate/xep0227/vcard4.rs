//! A vCard that a user has in personal eventing only (XEP-0292, RFC 6351), as one of XEP-0054: what both have.

use xmpp::{Element, Node, ns};

use crate::vcard4::{ADDRESS, NAME, VCARD4, text_field};
use crate::xep0227::made::Made;

/// The node of XEP-0292.
pub(crate) const NODE: &str = "urn:xmpp:vcard4";

/// The vCard in the node's last item; `None` if there is none, or nothing in it is known.
pub(crate) fn of_items(items: Node<'_>) -> Option<Made> {
    let item = items.children().filter(|item| item.is("item", ns::PUBSUB)).last()?;
    let vcard4 = item.child("vcard", VCARD4)?;
    let (mut vcard, mut lost) = (Element::new("vCard", ns::VCARD), 0);
    for property in vcard4.children() {
        match element(property).filter(|_| property.ns() == VCARD4) {
            Some(element) => vcard.push(element),
            None => lost += 1,
        }
    }
    vcard.children().next()?;
    Some(Made { xml: vcard.to_xml(""), lost })
}

fn element(property: Node<'_>) -> Option<Element> {
    let value = property.children().find(|value| matches!(value.name(), "text" | "uri" | "date"));
    let text = value.map(|value| value.text().into_owned()).unwrap_or_default();
    let value =
        |name, inner| Some(Element::new(name, ns::VCARD).child(Element::new(inner, ns::VCARD).text(&text)));
    match property.name() {
        "n" => Some(parts(property, "N", &NAME)),
        "adr" => Some(parts(property, "ADR", &ADDRESS)),
        "email" => value("EMAIL", "USERID"),
        "tel" => value("TEL", "NUMBER"),
        "org" => value("ORG", "ORGNAME"),
        "impp" => text.strip_prefix("xmpp:").map(|jid| Element::new("JABBERID", ns::VCARD).text(jid)),
        "photo" => photo(&text),
        "note" => Some(Element::new("DESC", ns::VCARD).text(&text)),
        other => text_field(other).map(|name| Element::new(name, ns::VCARD).text(&text)),
    }
}

fn parts(property: Node<'_>, name: &'static str, parts: &[(&str, &'static str)]) -> Element {
    let found = parts.iter().filter_map(|(part, name)| {
        let part = property.child(part, VCARD4)?;
        Some(Element::new(name, ns::VCARD).text(part.text()))
    });
    Element::new(name, ns::VCARD).with_children(found)
}

/// A picture is a `data:` URI (RFC 2397), or it is elsewhere.
fn photo(uri: &str) -> Option<Element> {
    let photo = Element::new("PHOTO", ns::VCARD);
    let Some(data) = uri.strip_prefix("data:") else {
        return Some(photo.child(Element::new("EXTVAL", ns::VCARD).text(uri)));
    };
    let (kind, base64) = data.split_once(";base64,")?;
    let kind = Element::new("TYPE", ns::VCARD).text(kind);
    Some(photo.child(kind).child(Element::new("BINVAL", ns::VCARD).text(base64)))
}
