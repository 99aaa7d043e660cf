//! Elements that are kept as they are: private XML and vCards; and the last activity.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use storage::{LastActivity, PrivateEntry};
use xmpp::{Document, Element, ElementLimits, ns};

use super::RECORD_BYTES;
use super::text::clean;
use crate::person::Person;
use crate::{Kind, RawLast, Reason};

/// Without padding it was cut short: jabberd2 does that after 16383 characters.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// The most bytes of a source's vCard, whose pictures may be left out.
const VCARD_BYTES: usize = 1 << 26;

pub(super) fn private(person: &mut Person, elements: &[String]) {
    let mut entries: Vec<PrivateEntry> = Vec::with_capacity(elements.len());
    for xml in elements {
        let element = match element(xml, RECORD_BYTES) {
            Ok(element) => element,
            Err((reason, detail)) => {
                person.skip(Kind::Private, reason, 1, &start(xml), &detail);
                continue;
            }
        };
        let entry = PrivateEntry {
            name: element.name().to_owned(),
            ns: element.ns().to_owned(),
            xml: element.to_xml(""),
        };
        match entries.iter_mut().find(|other| other.name == entry.name && other.ns == entry.ns) {
            Some(other) => {
                *other = entry;
                person.skip(Kind::Private, Reason::Duplicate, 1, &start(xml), "");
            }
            None => entries.push(entry),
        }
    }
    person.private = entries;
}

pub(super) fn vcards(person: &mut Person, vcards: &[String]) {
    for (number, xml) in vcards.iter().enumerate() {
        if number > 0 {
            person.skip(Kind::VCard, Reason::Duplicate, 1, "", "");
            continue;
        }
        match vcard(person, xml) {
            Ok(xml) => person.vcard = Some(xml),
            Err((reason, detail)) => person.skip(Kind::VCard, reason, 1, "", &detail),
        }
    }
}

fn vcard(person: &mut Person, xml: &str) -> Result<String, (Reason, String)> {
    let mut vcard = element(xml, VCARD_BYTES)?;
    if !vcard.is("vCard", ns::VCARD) {
        return Err((Reason::UnknownValue, format!("a <{}/>", vcard.name())));
    }
    let mut broken = Vec::new();
    vcard.retain_children(|field| {
        let binary = field.find("BINVAL", ns::VCARD).map(Element::text_content);
        let sound = binary.is_none_or(|text| is_base64(&text));
        if !sound {
            broken.push(field.name().to_owned());
        }
        sound
    });
    for name in broken {
        person.remark(Kind::VCard, Reason::Damaged, &name, "left out: it was cut short in the source");
    }
    if vcard.children().next().is_none() {
        return Err((Reason::Empty, String::new()));
    }
    let written = vcard.to_xml("");
    if written.len() <= RECORD_BYTES {
        return Ok(written);
    }
    vcard.retain_children(|field| {
        let large = field.find("BINVAL", ns::VCARD).is_some();
        if large {
            person.remark(Kind::VCard, Reason::TooLarge, field.name(), "left out");
        }
        !large
    });
    let smaller = vcard.to_xml("");
    match smaller.len() <= RECORD_BYTES {
        true => Ok(smaller),
        false => Err((Reason::TooLarge, format!("{} bytes", written.len()))),
    }
}

fn is_base64(text: &str) -> bool {
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(text).is_ok()
}

/// The latest counts.
pub(super) fn last(person: &mut Person, mut last: Vec<RawLast>) {
    last.sort_by_key(|one| one.at_us);
    let latest = last.pop();
    for _ in last {
        person.skip(Kind::Last, Reason::Stale, 1, "", "");
    }
    if let Some(RawLast { at_us, status }) = latest {
        person.last = Some(LastActivity { at_us, status: clean(&status).into_owned() });
    }
}

/// An element that declares all it uses.
fn element(xml: &str, bytes: usize) -> Result<Element, (Reason, String)> {
    if xml.len() > bytes {
        return Err((Reason::TooLarge, format!("{} bytes", xml.len())));
    }
    let limits = ElementLimits { stanza_bytes: bytes, ..ElementLimits::OWN };
    let document = Document::parse_text(clean(xml).into_owned().into(), "", &limits)
        .map_err(|error| (Reason::BrokenXml, error.to_string()))?;
    let larger = || (Reason::TooLarge, "the namespaces in it are too long".to_owned());
    document.root().to_bounded_element().ok_or_else(larger)
}

/// By what an element can be found: its start.
fn start(xml: &str) -> String {
    xml.chars().take_while(|c| *c != '>').take(120).collect()
}
