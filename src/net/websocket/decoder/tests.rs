use proptest::collection::vec;
use proptest::prelude::*;
use tungstenite::WebSocket as Foreign;
use tungstenite::protocol::{Role, WebSocketConfig};

use super::*;
use crate::websocket::testing::{MASK, frame, header};

const LIMIT: usize = 1000;

/// All messages, and the fault at the end, if any.
fn decode(chunks: &[&[u8]]) -> (Vec<Message>, Option<Fault>) {
    let mut decoder = Decoder::new(LIMIT);
    let mut messages = Vec::new();
    for chunk in chunks {
        let mut input = *chunk;
        loop {
            match decoder.next(&mut input) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(fault) => return (messages, Some(fault)),
            }
        }
        assert!(input.is_empty());
    }
    (messages, None)
}

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

fn fault(bytes: &[u8]) -> Option<u16> {
    decode(&[bytes]).1.map(|fault| fault.code)
}

#[test]
fn a_message() {
    assert_eq!(decode(&[&frame(0x81, b"<a/>")]), (vec![text("<a/>")], None));
    assert_eq!(decode(&[&frame(0x81, b"")]), (vec![text("")], None));
}

#[test]
fn every_form_of_a_length() {
    for length in [0, 1, 125, 126, 127, 999, 1000] {
        let payload = "x".repeat(length);
        assert_eq!(decode(&[&frame(0x81, payload.as_bytes())]), (vec![text(&payload)], None));
    }
    let mut large = Decoder::new(70_000);
    let bytes = frame(0x81, &[b'x'; 70_000]);
    assert!(matches!(large.next(&mut &bytes[..]), Ok(Some(Message::Text(t))) if t.len() == 70_000));
}

#[test]
fn control_frames_between_fragments() {
    let bytes = [
        frame(0x01, b"<a"),
        frame(0x89, b"ping"),
        frame(0x00, b"\xc3"),
        frame(0x8a, b"pong"),
        frame(0x00, b""),
        frame(0x80, b"\xa4/>"),
        frame(0x88, b"\x03\xe8bye"),
        frame(0x81, b"not looked at"),
    ]
    .concat();
    let ping = Message::Ping(Bytes::from_static(b"ping"));
    let all = vec![ping, Message::Pong, text("<aä/>"), Message::Close(Some(1000))];
    assert_eq!(decode(&[&bytes]), (all, None));
}

#[test]
fn what_is_refused() {
    let unmasked = [0x81, 1, b'x'];
    let cases: &[(&str, &[u8], u16)] = &[
        ("no mask", &unmasked, 1002),
        ("RSV1, which is compression", &frame(0xC1, b"x"), 1002),
        ("RSV2", &frame(0xA1, b"x"), 1002),
        ("RSV3", &frame(0x91, b"x"), 1002),
        ("a reserved data opcode", &frame(0x83, b"x"), 1002),
        ("a reserved control opcode", &frame(0x8B, b"x"), 1002),
        ("binary", &frame(0x82, b"x"), 1003),
        ("a binary fragment", &frame(0x02, b"x"), 1003),
        ("a continuation of nothing", &frame(0x80, b"x"), 1002),
        ("a message within another", &[frame(0x01, b"x"), frame(0x81, b"y")].concat(), 1002),
        ("a fragmented ping", &frame(0x09, b"x"), 1002),
        ("a ping of 126 bytes", &frame(0x89, &[0; 126]), 1002),
        ("a close of 126 bytes", &frame(0x88, &[0; 126]), 1002),
        ("two bytes for a small length", &[0x81, 0xFE, 0, 125, 0, 0, 0, 0], 1002),
        ("eight bytes for a middling length", &[0x81, 0xFF, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], 1002),
        ("one byte too many", &frame(0x81, &[b'x'; 1001]), 1009),
        ("the largest length", &[0x81, 0xFF, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0], 1009),
        (
            "fragments too large together",
            &[frame(0x01, &[b'x'; 600]), frame(0x80, &[b'x'; 401])].concat(),
            1009,
        ),
        ("not UTF-8", &frame(0x81, b"\xff"), 1007),
        ("half a character", &frame(0x81, b"\xc3"), 1007),
        ("a surrogate", &frame(0x81, b"\xed\xa0\x80"), 1007),
        ("not UTF-8 over fragments", &[frame(0x01, b"\xc3"), frame(0x80, b"x")].concat(), 1007),
        ("half a close code", &frame(0x88, b"\x03"), 1002),
        ("a close code that is not sent", &frame(0x88, b"\x03\xed"), 1002),
        ("a close code of nobody", &frame(0x88, b"\x00\x01"), 1002),
        ("a close reason that is not UTF-8", &frame(0x88, b"\x03\xe8\xff"), 1007),
    ];
    for (what, bytes, code) in cases {
        assert_eq!(fault(bytes), Some(*code), "{what}");
    }
}

#[test]
fn a_large_message_is_refused_by_its_header() {
    assert_eq!(fault(&header(0x81, 1001)), Some(1009));
    assert_eq!(fault(&[frame(0x01, &[b'x'; 1000]), header(0x00, 1)].concat()), Some(1009));
    assert_eq!(fault(&[frame(0x01, &[b'x'; 1000]), header(0x00, 0)].concat()), None);
}

#[test]
fn a_fault_stays() {
    let mut decoder = Decoder::new(LIMIT);
    assert!(decoder.next(&mut &frame(0x82, b"x")[..]).is_err());
    let good = frame(0x81, b"<a/>");
    let mut input = &good[..];
    assert_eq!(decoder.next(&mut input), Err(Fault::BINARY));
    assert!(input.is_empty());
}

#[test]
fn a_limit_is_for_the_next_frame() {
    let mut decoder = Decoder::new(LIMIT);
    let bytes = frame(0x81, b"<abc/>");
    decoder.set_limit(5);
    assert_eq!(decoder.next(&mut &bytes[..]), Err(Fault::TOO_LARGE));
}

#[test]
fn what_has_not_come_takes_no_memory() {
    let mut decoder = Decoder::new(1 << 30);
    let begun = [header(0x81, 1 << 29), b"xyz".to_vec()].concat();
    assert_eq!(decoder.next(&mut &begun[..]), Ok(None));
    assert!(decoder.message.as_ref().is_some_and(|message| message.capacity() < 100));
}

#[test]
fn every_alignment_of_a_mask() {
    let plain: Vec<u8> = (0..67).collect();
    for start in 0..8 {
        for turn in 0..4 {
            let mut masked = plain.clone();
            for (at, byte) in masked[start..].iter_mut().enumerate() {
                *byte ^= MASK[(at + turn) % 4];
            }
            unmask(&mut masked[start..], MASK, turn);
            assert_eq!(masked, plain);
        }
    }
}

/// Mostly valid frames.
fn some_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        Just(0x81u8),
        Just(0x01),
        Just(0x00),
        Just(0x80),
        Just(0x89),
        Just(0x8A),
        Just(0x82),
        any::<u8>()
    ];
    (first, vec(any::<u8>(), 0..200)).prop_map(|(first, mut payload)| {
        // Mostly ASCII, so that it is mostly valid UTF-8.
        payload.iter_mut().filter(|byte| **byte != 0xC3).for_each(|byte| *byte &= 0x7F);
        if first & 0x08 != 0 {
            payload.truncate(125);
        }
        frame(first, &payload)
    })
}

fn split(bytes: &[u8], sizes: &[usize]) -> Vec<Vec<u8>> {
    let mut rest = bytes;
    let mut chunks = Vec::new();
    for size in sizes.iter().cycle().take(bytes.len() + 1) {
        let (chunk, after) = rest.split_at((*size).min(rest.len()));
        chunks.push(chunk.to_vec());
        rest = after;
    }
    chunks.push(rest.to_vec());
    chunks
}

fn same_in_chunks(bytes: &[u8], sizes: &[usize]) {
    let chunks = split(bytes, sizes);
    let chunks: Vec<_> = chunks.iter().map(Vec::as_slice).collect();
    assert_eq!(decode(&chunks), decode(&[bytes]));
}

proptest! {
    #[test]
    fn frames_in_any_chunks(frames in vec(some_frame(), 0..8), sizes in vec(1usize..40, 1..6)) {
        same_in_chunks(&frames.concat(), &sizes);
    }

    #[test]
    fn bytes_in_any_chunks(bytes in vec(any::<u8>(), 0..300), sizes in vec(1usize..40, 1..6)) {
        same_in_chunks(&bytes, &sizes);
    }

    /// What a third-party decoder accepts is accepted here, with the same texts.
    #[test]
    fn as_a_foreign_decoder(frames in vec(some_frame(), 0..8)) {
        let bytes = frames.concat();
        let config = WebSocketConfig::default().max_message_size(Some(LIMIT)).max_frame_size(Some(LIMIT));
        let stream = Cursor::new(bytes.clone());
        let mut foreign = Foreign::from_raw_socket(stream, Role::Server, Some(config));
        let mut theirs = Vec::new();
        while let Ok(message) = foreign.read() {
            if let tungstenite::Message::Text(text) = message {
                theirs.push(text.to_string());
            } else if message.is_binary() {
                break;
            }
        }
        let ours: Vec<_> = decode(&[&bytes]).0.into_iter().filter_map(|message| match message {
            Message::Text(text) => Some(text.to_string()),
            _ => None,
        }).collect();
        prop_assert_eq!(ours, theirs);
    }
}
