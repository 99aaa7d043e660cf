//! vCard4 in XML (RFC 6351) as a vCard of XEP-0054, as far as that goes (XEP-0292 §6), whatever server it comes from.

use xmpp::Element;
use xmpp::ns::VCARD;

/// The node of XEP-0292.
pub(crate) const NODE: &str = "urn:xmpp:vcard4";
/// The namespace of RFC 6351.
pub(crate) const VCARD4: &str = "urn:ietf:params:xml:ns:vcard-4.0";

/// Properties with one value: the property, and the element for it.
const TEXTS: [(&str, &str); 10] = [
    ("fn", "FN"),
    ("nickname", "NICKNAME"),
    ("bday", "BDAY"),
    ("title", "TITLE"),
    ("role", "ROLE"),
    ("url", "URL"),
    ("note", "NOTE"),
    ("tz", "TZ"),
    ("uid", "UID"),
    ("rev", "REV"),
];

/// Parts of a structured name.
const NAME: [(&str, &str); 5] = [
    ("surname", "FAMILY"),
    ("given", "GIVEN"),
    ("additional", "MIDDLE"),
    ("prefix", "PREFIX"),
    ("suffix", "SUFFIX"),
];

/// Parts of an address.
const ADDRESS: [(&str, &str); 7] = [
    ("pobox", "POBOX"),
    ("ext", "EXTADD"),
    ("street", "STREET"),
    ("locality", "LOCALITY"),
    ("region", "REGION"),
    ("code", "PCODE"),
    ("country", "CTRY"),
];

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

/// What a vCard4 becomes.
#[derive(Default)]
pub(crate) struct Converted {
    /// Elements of a vCard.
    pub fields: Vec<Element>,
    /// How many properties have no counterpart.
    pub lost: u64,
}

/// Converts `vcard` of [`VCARD4`].
pub(crate) fn convert(card: &Element) -> Converted {
    let mut converted = Converted::default();
    // Properties may stand in groups, one deep.
    let (groups, alone): (Vec<_>, Vec<_>) = card.children().partition(|child| child.is("group", VCARD4));
    for property in alone.into_iter().chain(groups.into_iter().flat_map(Element::children)) {
        match field(property).filter(|_| property.ns() == VCARD4) {
            Some(field) => converted.fields.push(field),
            None => converted.lost += u64::from(!is_empty(property)),
        }
    }
    converted
}

/// `None`: there is no element for it, or it is empty.
fn field(property: &Element) -> Option<Element> {
    if let Some((_, name)) = TEXTS.iter().find(|(own, _)| *own == property.name()) {
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
            let address = value(property)?;
            let address = element("USERID").text(address.strip_prefix("mailto:").unwrap_or(&address));
            Some(typed(element("EMAIL"), property, &PLACES).child(element("INTERNET")).child(address))
        }
        "org" => organisation(property),
        "impp" => Some(element("JABBERID").text(value(property)?.strip_prefix("xmpp:")?)),
        "categories" => {
            let keywords = texts(property, "text").map(|text| element("KEYWORD").text(text));
            Some(element("CATEGORIES").with_children(keywords)).filter(|any| any.children().next().is_some())
        }
        "photo" => value(property).as_deref().map(photo),
        _ => None,
    }
}

fn element(name: &'static str) -> Element {
    Element::new(name, VCARD)
}

/// Nothing is lost with it.
fn is_empty(property: &Element) -> bool {
    let values = property.children().filter(|child| child.name() != "parameters");
    values.into_iter().all(|value| value.text_content().trim().is_empty())
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
        .map(|kind| kind.trim().to_ascii_lowercase())
        .collect();
    for (_, name) in known.iter().filter(|(kind, _)| types.iter().any(|one| one == kind)) {
        to.push(element(name));
    }
    to
}

/// The first text is the name, the others are units of it.
fn organisation(property: &Element) -> Option<Element> {
    let mut names = texts(property, "text").filter(|name| !name.is_empty());
    let name = element("ORGNAME").text(names.next()?);
    Some(element("ORG").child(name).with_children(names.map(|unit| element("ORGUNIT").text(unit))))
}

/// A picture is in a `data:` URI (RFC 2397), or elsewhere.
fn photo(uri: &str) -> Element {
    match uri.strip_prefix("data:").and_then(|data| data.split_once(";base64,")) {
        Some((kind, base64)) => picture(Some(kind), base64),
        None => element("PHOTO").child(element("EXTVAL").text(uri)),
    }
}

/// A picture of that media type.
pub(crate) fn picture(kind: Option<&str>, base64: &str) -> Element {
    let photo = element("PHOTO").with_children(kind.map(|kind| element("TYPE").text(kind)));
    photo.child(element("BINVAL").text(base64))
}
