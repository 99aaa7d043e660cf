//! A request's body.

use xmpp::{Document, Element, ElementLimits, ns};

use super::body::{Attributes, Body};
use super::reply::Tag;
use crate::oracle;

/// Bytes that a start tag may have, and some less: written again it may be longer.
const TAG: usize = 8000;

/// Reads a body, and again what was written of it.
pub fn read(data: &[u8]) {
    let Ok(body) = Body::open(data) else { return };
    let payload = body.payload(&ElementLimits::default());
    if payload.mistake.is_some() {
        return;
    }
    let elements: Vec<Element> = payload.elements.iter().map(Document::to_element).collect();
    understood(data, &elements);
    let written = write(&body.attributes, &elements);
    if written.len() > TAG {
        return;
    }
    let again = Body::open(&written).expect("what was read can be written");
    assert!(again.attributes == body.attributes, "attributes differ when they are written again");
    let payload = again.payload(&ElementLimits::OWN);
    assert!(payload.mistake.is_none(), "what was read can be written");
    assert_eq!(payload.elements.iter().map(Document::to_element).collect::<Vec<_>>(), elements);
}

/// What the parser of whole documents and rxml make of the same bytes. Elements that inherit the body's own namespace
/// are taken for `jabber:client`; those that declare it are not, which makes no difference here.
fn understood(data: &[u8], elements: &[Element]) {
    let xml = match data.windows(2).position(|two| two == b"?>").filter(|_| data.starts_with(b"<?")) {
        Some(end) => data[end + 2..].trim_ascii(),
        None => data.trim_ascii(),
    };
    Document::parse(bytes::Bytes::copy_from_slice(xml), "", &ElementLimits::OWN)
        .expect("the strict parser refuses it");
    let theirs = oracle::read(xml, "").unwrap_or_else(|error| {
        panic!("rxml refuses {:?}: {error}", String::from_utf8_lossy(xml));
    });
    let ours: Vec<_> =
        elements.iter().map(|e| oracle::Tree::from(e).renamed(ns::HTTPBIND, ns::CLIENT)).collect();
    assert_eq!(theirs.renamed(ns::HTTPBIND, ns::CLIENT).into_trees(), ours);
}

/// A request that says the same. What declares no namespace inside is in `jabber:client`.
fn write(attributes: &Attributes, elements: &[Element]) -> Vec<u8> {
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    let flag = |flag: bool, value: &str| flag.then(|| value.to_owned());
    let ver = attributes.ver.map(|(major, minor)| format!("{major}.{minor}"));
    let all = [
        ("xmlns:xmpp", Some(ns::XBOSH.to_owned())),
        ("sid", attributes.sid.clone()),
        ("rid", Some(attributes.rid.to_string())),
        ("ack", number(attributes.ack)),
        ("key", attributes.key.clone()),
        ("newkey", attributes.newkey.clone()),
        ("pause", number(attributes.pause)),
        ("type", flag(attributes.terminate, "terminate")),
        ("xmpp:restart", flag(attributes.restart, "true")),
        ("stream", flag(attributes.stream, "x")),
        ("ver", ver),
        ("wait", number(attributes.wait)),
        ("hold", number(attributes.hold)),
        ("content", attributes.content.clone()),
        ("secure", flag(attributes.secure, "1")),
        ("to", attributes.to.clone()),
        ("from", attributes.from.clone()),
        ("xml:lang", attributes.lang.clone()),
        ("xmpp:version", attributes.version.clone()),
    ];
    let tag = all.into_iter().fold(Tag::new(), |tag, (name, value)| match value {
        Some(value) => tag.attr(name, &value),
        None => tag,
    });
    let inside: String = elements.iter().map(|element| element.to_xml(ns::CLIENT)).collect();
    tag.wrap(inside.as_bytes()).body.to_vec()
}
