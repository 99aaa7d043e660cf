//! Whatever a client sends on a WebSocket, in whatever pieces it arrives: the same messages come out and the same close
//! code, none larger than the bound, and what another reader, tungstenite's, makes of the same bytes agrees.

#![no_main]

/// The decoder as the server has it; here it is the crate's root, as its files name each other by `super`.
macro_rules! reader {
    ($($file:literal $name:ident),*) => {
        $(#[allow(dead_code)] #[path = $file] mod $name;)*
    };
}
reader!(
    "../src/net/websocket/decoder.rs" decoder,
    "../src/net/websocket/encoder.rs" encoder,
    "../src/net/websocket/fault.rs" fault,
    "../src/net/websocket/framing.rs" framing
);
#[path = "websocket/peer.rs"]
mod peer;

use decoder::{Decoder, Message};
use fault::Fault;
use framing::Framing;
use libfuzzer_sys::fuzz_target;
use peer::End;
use xmpp::{ElementLimits, StreamEvent};

/// The largest message: small, so that a few frames reach it.
const LIMIT: usize = 200;

/// What came out, and how it ended.
type Read = (Vec<Message>, Result<(), Fault>);

fuzz_target!(|data: &[u8]| {
    all(data);
    all(&frames(data));
});

fn all(bytes: &[u8]) {
    let whole = read([bytes]);
    assert_eq!(read(bytes.chunks(1)), whole, "byte by byte");
    assert_eq!(read(pieces(bytes)), whole, "in pieces");
    for message in &whole.0 {
        bounded(message);
    }
    agree(&whole, &peer::read(bytes, LIMIT));
    stream(&whole.0);
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let mut decoder = Decoder::new(LIMIT);
    let mut messages = Vec::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            let before = piece.len();
            match decoder.next(&mut piece) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => assert!(piece.is_empty(), "bytes are left, and no message came"),
                Err(fault) => return (messages, Err(fault)),
            }
            assert!(piece.len() < before, "nothing was taken");
        }
    }
    (messages, Ok(()))
}

/// As long as the input's own bytes say.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    bytes.iter().map_while(move |&length| {
        let (piece, after) = rest.split_at(rest.len().min(1 + usize::from(length) % 23));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

fn bounded(message: &Message) {
    match message {
        Message::Text(text) => {
            assert!(text.len() <= LIMIT, "a message of {} bytes", text.len());
            assert!(std::str::from_utf8(text.as_bytes()).is_ok());
        }
        Message::Ping(payload) => assert!(payload.len() <= 125),
        Message::Pong | Message::Close(_) => {}
    }
}

/// Tungstenite looks at a frame when all of it is there, but at its UTF-8 with every fragment; ours the other way round.
fn agree((ours, end): &Read, (theirs, other): &(Vec<Message>, End)) {
    if *other == End::Fault(1007) && ours.starts_with(theirs) {
        let seen = end.is_err_and(|fault| fault.code == 1007) && ours == theirs;
        assert!(seen || ours.len() >= theirs.len());
        return;
    }
    match end {
        Ok(()) => {
            assert_eq!(ours, theirs);
            assert!(matches!(other, End::Open | End::Closed), "{other:?}, where nothing is wrong");
        }
        // Refused here at its header; there it is read on.
        Err(fault) if fault.code == 1003 || fault.what.contains("length") => {
            assert!(theirs.starts_with(ours), "{theirs:?} begins otherwise than {ours:?}");
        }
        Err(fault) => {
            assert_eq!(ours, theirs);
            // A length beyond everything is the first thing that is seen there.
            let alike = *other == End::Fault(fault.code) || *other == End::Fault(1009);
            assert!(alike || *other == End::Open, "{fault} here, {other:?} there");
        }
    }
}

/// Messages as a stream: no panic, and an element that comes out goes in again when it is sent.
fn stream(messages: &[Message]) {
    let mut framing = Framing::new(ElementLimits { stanza_bytes: LIMIT, ..ElementLimits::default() });
    for message in messages {
        let Message::Text(text) = message else { continue };
        match framing.event(text.clone()) {
            Ok(Some(StreamEvent::Element(element))) => {
                let mut frame = Vec::new();
                encoder::text(&mut frame, |out| out.extend_from_slice(element.as_str().as_bytes()));
                assert_eq!(peer::receive(&frame), [element.as_str()], "what is sent arrives");
            }
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// The frames that the input describes, each by a byte for flags and opcode, a byte for the length, and the payload;
/// bytes alone are seldom a frame, and seldom masked.
fn frames(mut data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let [first, length, rest @ ..] = data {
        let (payload, after) = rest.split_at(rest.len().min(usize::from(*length)));
        data = after;
        // Reserved bits only where all three are asked for, reserved opcodes as they come.
        let reserved = if first & 0x70 == 0x70 { 0x40 } else { 0 };
        out.push(first & 0x8f | reserved);
        match payload.len() as u8 {
            short @ ..126 => out.push(0x80 | short),
            long => out.extend([0x80 | 126, 0, long]),
        }
        let mask = [*first, *length, 0x5a, 0xc3];
        out.extend(mask);
        out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    }
    out
}
