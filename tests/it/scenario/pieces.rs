//! A block of elements, each made to stand by itself.

use client::stream::{declared, header};
use xmpp::{ElementLimits, StreamEvent, StreamParser};

/// The elements of a block as they are, each with the namespace that a stream would have given it. What is not
/// well-formed is one piece.
pub fn pieces(xml: &str) -> Vec<String> {
    let mut parser = StreamParser::new(ElementLimits::OWN);
    parser.feed(header("x.example").as_bytes());
    parser.feed(xml.as_bytes());
    let mut pieces = Vec::new();
    loop {
        match parser.next() {
            Ok(Some(StreamEvent::Element(document))) => pieces.push(alone(document.as_str())),
            Ok(Some(StreamEvent::Open(_))) => {}
            Ok(None) if parser.buffered() == 0 => return pieces,
            Ok(Some(StreamEvent::Close) | None) | Err(_) => return vec![alone(xml.trim())],
        }
    }
}

fn alone(xml: &str) -> String {
    String::from_utf8_lossy(&declared(xml.as_bytes())).into_owned()
}

#[test]
fn each_element_declares_its_namespace() {
    for (block, expected) in [
        (
            "<a/> <b c='1'>\n<d/></b>\n",
            vec!["<a xmlns='jabber:client'/>", "<b xmlns='jabber:client' c='1'>\n<d/></b>"],
        ),
        (
            "<r xmlns='urn:xmpp:sm:3'/><a>x</a>",
            vec!["<r xmlns='urn:xmpp:sm:3'/>", "<a xmlns='jabber:client'>x</a>"],
        ),
        ("<a><b></a></b>", vec!["<a xmlns='jabber:client'><b></a></b>"]),
        ("<a><b/>", vec!["<a xmlns='jabber:client'><b/>"]),
        ("<!DOCTYPE x>", vec!["<!DOCTYPE x>"]),
    ] {
        assert_eq!(pieces(block), expected, "{block}");
    }
}
