//! vCard4 (RFC 6350, RFC 6351) as vcard-temp (XEP-0054), as far as the latter goes (XEP-0292 §6, mod_vcard_legacy).

use crate::vcard4::{ADDRESS, NAME, VCARD4, text_field};
use xmpp::{Element, ns};

/// Types of telephones: the value in lower case, and the element.
const TELEPHONES: [(&str, &str); 8] = [
    ("home", "HOME"),
    ("work", "WORK"),
    ("voice", "VOICE"),
    ("fax", "FAX"),
    ("pager", "PAGER"),
    ("cell", "CELL"),
    ("video", "VIDEO"),
    ("text", "MSG"),
];

const PLACES: [(&str, &str); 2] = [("home", "HOME"), ("work", "WORK")];

/// Appends to a vcard-temp what it can hold of a vCard4.
pub fn convert(card: &Element, vcard: &mut Element) {
    // Properties may stand in groups, one deep.
    let groups = card.children().filter(|child| child.is("group", VCARD4)).flat_map(Element::children);
    for property in card.children().chain(groups).filter(|property| property.ns() == VCARD4) {
        if let Some(converted) = one(property) {
            vcard.push(converted);
        }
    }
}

/// `None`: there is no element for it, or it is empty.
fn one(property: &Element) -> Option<Element> {
    if let Some(name) = text_field(property.name()) {
        return Some(element(name).text(value(property)?));
    }
    match property.name() {
        "n" => filled(element("N"), property, &NAME),
        "adr" => filled(typed(element("ADR"), property, &PLACES), property, &ADDRESS),
        "tel" => {
            let number = value(property)?;
            let number = number.strip_prefix("tel:").unwrap_or(&number);
            Some(typed(element("TEL"), property, &TELEPHONES).child(element("NUMBER").text(number)))
        }
        "email" => {
            let address = element("USERID").text(value(property)?);
            Some(typed(element("EMAIL"), property, &PLACES).child(element("INTERNET")).child(address))
        }
        "org" => organisation(property),
        "impp" => Some(element("JABBERID").text(value(property)?.strip_prefix("xmpp:")?)),
        "categories" => {
            let keywords = texts(property, "text").map(|text| element("KEYWORD").text(text));
            Some(element("CATEGORIES").with_children(keywords)).filter(|any| any.children().next().is_some())
        }
        _ => None,
    }
}

fn element(name: &'static str) -> Element {
    Element::new(name, ns::VCARD)
}

/// The value of a property, of whatever type.
fn value(property: &Element) -> Option<String> {
    let types = ["text", "uri", "date", "date-time", "timestamp", "time", "utc-offset"];
    types.iter().find_map(|kind| texts(property, kind).find(|text| !text.is_empty()))
}

fn texts<'a>(property: &'a Element, name: &'a str) -> impl Iterator<Item = String> + 'a {
    property.children().filter(move |child| child.is(name, VCARD4)).map(Element::text_content)
}

/// With the parts of a property that are not empty; `None` without any.
fn filled(mut to: Element, property: &Element, parts: &[(&'static str, &'static str)]) -> Option<Element> {
    let mut any = false;
    for (own, name) in parts {
        let texts: Vec<_> = texts(property, own).filter(|text| !text.is_empty()).collect();
        if !texts.is_empty() {
            any = true;
            to.push(element(name).text(texts.join(",")));
        }
    }
    any.then_some(to)
}

/// With empty elements for the types among the parameters of a property.
fn typed(mut to: Element, property: &Element, known: &[(&str, &'static str)]) -> Element {
    let parameters =
        property.find("parameters", VCARD4).and_then(|parameters| parameters.find("type", VCARD4));
    let types: Vec<_> = parameters
        .iter()
        .flat_map(|kind| texts(kind, "text"))
        .map(|kind| kind.to_ascii_lowercase())
        .collect();
    for (_, name) in known.iter().filter(|(kind, _)| types.iter().any(|one| one == kind)) {
        to.push(element(name));
    }
    to
}

fn organisation(property: &Element) -> Option<Element> {
    let mut names = texts(property, "text").filter(|name| !name.is_empty());
    let name = element("ORGNAME").text(names.next()?);
    Some(element("ORG").child(name).with_children(names.map(|unit| element("ORGUNIT").text(unit))))
}
