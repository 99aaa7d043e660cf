//! vCards and avatars of personal eventing (XEP-0292, XEP-0084) as `<vCard/>` (XEP-0054).

use std::borrow::Cow;

use xmpp::ns::VCARD;
use xmpp::{Element, Node};

use super::item::Item;
use super::xml;
use crate::vcard4::{ADDRESS, NAME, VCARD4, text_field};

pub(super) const NODE: &str = "urn:xmpp:vcard4";
pub(super) const DATA: &str = "urn:xmpp:avatar:data";
pub(super) const METADATA: &str = "urn:xmpp:avatar:metadata";

/// The most forms of one avatar that are looked for.
const FORMS: usize = 16;

/// A vCard that was made.
pub(super) struct Made {
    pub xml: String,
    /// Whether there was a vCard to make it of.
    pub of_card: bool,
    /// The id of the picture that is in it.
    pub picture: Option<String>,
}

/// A vCard of a vCard in the form of vCard 4 (RFC 6351), of an avatar, or of both. `None` if there is neither.
pub(super) fn vcard(card: Option<&str>, avatar: Option<&str>, pictures: &[Item]) -> Option<Made> {
    let document = card.and_then(|card| xml::parse(card, ""));
    let root = document.as_ref().map(xmpp::Document::root).filter(|root| root.is("vcard", VCARD4));
    let mut vcard = Element::new("vCard", VCARD);
    if let Some(root) = root {
        root.children().filter(|child| child.ns() == VCARD4).for_each(|child| field(&mut vcard, child));
    }
    let (photo, picture) = photo(avatar, pictures).unzip();
    if let Some(photo) = photo {
        vcard.retain_children(|child| child.name() != "PHOTO");
        vcard.push(photo);
    }
    let of_card = root.is_some();
    (of_card || picture.is_some()).then(|| Made { xml: vcard.to_xml(""), of_card, picture })
}

/// The picture that the metadata names; if it names none that is there, nothing.
fn photo(avatar: Option<&str>, pictures: &[Item]) -> Option<(Element, String)> {
    let metadata = xml::parse(avatar?, "")?;
    let infos = metadata.root().children().filter(|info| info.is("info", METADATA)).take(FORMS);
    infos.into_iter().find_map(|info| {
        let id = info.attr("id")?;
        let data = xml::parse(&pictures.iter().rev().find(|item| item.id == id)?.payload, "")?;
        let root = data.root();
        let kind = info.attr("type").unwrap_or(Cow::Borrowed("image/png"));
        let photo = root.is("data", DATA).then(|| picture(&kind, &root.text()))?;
        Some((photo, id.into_owned()))
    })
}

fn picture(kind: &str, base64: &str) -> Element {
    let photo = Element::new("PHOTO", VCARD).child(Element::new("TYPE", VCARD).text(kind));
    photo.child(Element::new("BINVAL", VCARD).text(base64))
}

/// Adds a property, if XEP-0054 has a field for it.
fn field(vcard: &mut Element, property: Node<'_>) {
    if let Some(name) = text_field(property.name()) {
        return vcard.push(Element::new(name, VCARD).text(value(property)));
    }
    match property.name() {
        "n" => vcard.push(parts(property, "N", &NAME)),
        "adr" => vcard.push(typed(property, parts(property, "ADR", &ADDRESS))),
        "org" => vcard.push(organisation(property)),
        "tel" => vcard.push(valued(property, "TEL", "NUMBER", "tel:")),
        "email" => vcard.push(valued(property, "EMAIL", "USERID", "mailto:")),
        "photo" => vcard.push(photograph(property)),
        _ => {}
    }
}

fn parts(property: Node<'_>, name: &'static str, fields: &[(&str, &'static str)]) -> Element {
    let part = |(from, to): &(&str, &'static str)| {
        let child = property.child(from, VCARD4)?;
        Some(Element::new(to, VCARD).text(child.text()))
    };
    Element::new(name, VCARD).with_children(fields.iter().filter_map(part))
}

/// The first text is the name, the others are units of it.
fn organisation(property: Node<'_>) -> Element {
    let texts = property.children().filter(|child| child.is("text", VCARD4)).enumerate();
    let part = |(at, text): (usize, Node<'_>)| {
        Element::new(if at == 0 { "ORGNAME" } else { "ORGUNIT" }, VCARD).text(text.text())
    };
    Element::new("ORG", VCARD).with_children(texts.map(part))
}

fn valued(property: Node<'_>, name: &'static str, field: &'static str, scheme: &str) -> Element {
    let value = value(property);
    let value = value.strip_prefix(scheme).unwrap_or(&value);
    typed(property, Element::new(name, VCARD)).child(Element::new(field, VCARD).text(value))
}

/// Marks a property as one at home or at work.
fn typed(property: Node<'_>, mut element: Element) -> Element {
    let kinds = property.child("parameters", VCARD4).and_then(|all| all.child("type", VCARD4));
    for kind in kinds.iter().flat_map(Node::children) {
        match kind.text().trim() {
            "home" => element.push(Element::new("HOME", VCARD)),
            "work" => element.push(Element::new("WORK", VCARD)),
            "cell" => element.push(Element::new("CELL", VCARD)),
            _ => {}
        }
    }
    element
}

/// The text of a property's value, whatever its type.
fn value(property: Node<'_>) -> String {
    let first = property.children().find(|child| child.name() != "parameters");
    first.map_or_else(|| property.text().into_owned(), |child| child.text().into_owned())
}

/// `data:image/png;base64,…`, or an address.
fn photograph(property: Node<'_>) -> Element {
    let value = value(property);
    let data = value.strip_prefix("data:").and_then(|data| data.split_once(";base64,"));
    match data {
        Some((kind, base64)) => picture(kind, base64),
        None => Element::new("PHOTO", VCARD).child(Element::new("EXTVAL", VCARD).text(value)),
    }
}
