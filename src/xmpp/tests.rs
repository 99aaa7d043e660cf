//! Tests of the crate through its public interface.

mod compose;
mod composer;
mod document;
mod element;
mod jid;
mod malformed;
mod stanza;
mod stream;
mod wrapper;

use std::path::PathBuf;

use bytes::Bytes;

use crate::{Document, ElementLimits, StreamError, StreamEvent, StreamParser, ns};

/// The seed inputs of the fuzz target.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/stanza");
    let mut seeds: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
        .collect();
    seeds.sort();
    seeds
}

fn document(xml: &str) -> Result<Document, StreamError> {
    Document::parse(Bytes::copy_from_slice(xml.as_bytes()), ns::CLIENT, &ElementLimits::default())
}

const HEADER: &str = "<?xml version='1.0'?><stream:stream to='chess.example' version='1.0' xml:lang='en' \
    xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

/// The events of a stream fed in these pieces, each as text, and how it ended.
fn events<'a>(
    limits: ElementLimits,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<String>, Option<StreamError>) {
    let mut parser = StreamParser::new(limits);
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
