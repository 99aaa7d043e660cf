//! What the stanza parser accepts, another parser accepts and understands alike; and it does not matter in which
//! pieces the bytes arrive.

#![no_main]

mod mutate;
mod oracle;

use bytes::Bytes;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use xmpp::{
    Document, Element, ElementLimits, Framing, Kind, Stanza, StanzaError, StreamError, StreamEvent,
    StreamParser, ns,
};

fuzz_target!(|data: &[u8]| {
    document(data);
    stream(data);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::words(data, size, max_size, seed)
});

fn document(data: &[u8]) {
    let Ok(document) = Document::parse(Bytes::copy_from_slice(data), ns::CLIENT, &ElementLimits::default())
    else {
        return;
    };
    same_as_rxml(&document);
    if let Ok(stanza) = Stanza::from_document(document) {
        written(&stanza);
        if let Some(error) = stanza.error_reply(&StanzaError::gone().text("<'>")) {
            written(&error);
        }
        carried(&stanza);
        // A request has exactly one child.
        if stanza.kind() != Kind::Iq {
            written(&stanza.append(&Element::new("x", "urn:x").stanza(&stanza)));
            written(&stanza.without(|child| child.name().len() % 2 == 0));
        }
    }
}

/// What is passed on is what the next parser gets to see.
fn same_as_rxml(document: &Document) {
    let element = document.to_element();
    let theirs = oracle::read(document.as_bytes(), ns::CLIENT)
        .unwrap_or_else(|error| panic!("rxml refuses {:?}: {error}", document.as_str()));
    assert_eq!(oracle::Tree::from(&element), theirs);
    let again =
        oracle::read(element.to_xml(ns::CLIENT).as_bytes(), ns::CLIENT).expect("what we write, rxml reads");
    assert_eq!(again, theirs);
}

/// Within another stanza it is the same to rxml as it is to us.
fn carried(stanza: &Stanza) {
    let forwarded = Element::new("forwarded", ns::FORWARD).stanza(stanza);
    let outer = Element::new("message", ns::CLIENT).child(forwarded);
    let carrier = Stanza::from_element(&outer).expect("a message with any child");
    written(&carrier);
    let theirs =
        oracle::read(&carrier.to_bytes(Framing::Inherit), ns::CLIENT).expect("what we write, rxml reads");
    assert_eq!(oracle::Tree::from(&outer), theirs);
    assert_eq!(oracle::Tree::from(&carrier.to_element()), theirs);
}

fn written(stanza: &Stanza) {
    for (framing, inherited) in [(Framing::Inherit, ns::CLIENT), (Framing::Declare, "")] {
        let xml = stanza.to_bytes(framing);
        let document =
            Document::parse(xml.into(), inherited, &ElementLimits::OWN).expect("what we write, we read");
        oracle::read(document.as_bytes(), inherited).expect("what we write, rxml reads");
        let again = Stanza::from_document(document).expect("a stanza stays one");
        assert_eq!((again.from(), again.to(), again.id()), (stanza.from(), stanza.to(), stanza.id()));
        assert_eq!(
            (again.kind(), again.stanza_type(), again.lang()),
            (stanza.kind(), stanza.stanza_type(), stanza.lang())
        );
    }
}

const HEADER: &[u8] = b"<?xml version='1.0'?><s:stream xmlns='jabber:client' version='1.0' \
    xmlns:s='http://etherx.jabber.org/streams' xmlns:p='urn:p'>";

/// The input as the content of a stream, at once, by single bytes, and in pieces as long as its own bytes say;
/// and the input as a whole stream.
fn stream(data: &[u8]) {
    for header in [HEADER, b""] {
        let all = [header, data].concat();
        let whole = events([all.as_slice()]);
        for xml in whole.0.iter().filter(|event| event.starts_with('<')) {
            oracle::read(xml.as_bytes(), ns::CLIENT).expect("what comes out, rxml reads");
        }
        assert_eq!(events(all.chunks(1)), whole);
        let mut rest = all.as_slice();
        let pieces = all.iter().map_while(|&length| {
            let (piece, after) = rest.split_at(rest.len().min(1 + usize::from(length)));
            rest = after;
            (!piece.is_empty()).then_some(piece)
        });
        assert_eq!(events(pieces), whole);
    }
}

fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Option<StreamError>) {
    let mut parser =
        StreamParser::new(ElementLimits { stanza_bytes: 1024, depth: 8, ..ElementLimits::default() });
    let mut events = Vec::new();
    for piece in pieces {
        parser.feed(piece);
        loop {
            match parser.next() {
                Ok(Some(StreamEvent::Element(document))) => events.push(document.as_str().to_owned()),
                Ok(Some(event)) => events.push(format!("{event:?}")),
                Ok(None) => break,
                Err(error) => return (events, Some(error)),
            }
        }
    }
    (events, None)
}
