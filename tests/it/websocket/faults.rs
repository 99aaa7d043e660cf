//! What a client can do wrong with frames and messages, and what it may do with them.

use ::client::frame::masked;
use ::client::stream::open;
use xmpp::ns;

use super::client::{BINARY, CLOSE, Client, Frame, PING, TEXT, Way};
use super::{DESK, body, desk, gone, message};
use crate::fixture::Server;
use crate::stream::{ANNA, JACK, bound, server};

/// A bound session that sends these bytes ends with this error and this code, and nobody else's does.
fn fault(server: &Server, way: Way, bytes: &[u8], condition: &str, code: u16) {
    let mut anna = Client::new(server, Way::Http);
    anna.bound("anna@chess.example/other");
    let mut jack = Client::new(server, way);
    jack.bound(DESK);
    jack.raw(bytes);
    jack.ends(condition, code);
    gone(server, DESK);
    anna.say(&message("anna@chess.example/other", "still here"));
    assert_eq!(body(&anna.stanza("message")), "still here");
}

const SMALL: &str = "[[domain]]\nname = \"chess.example\"\nlimits = { stanza_bytes = 20000 }\n";

#[test]
fn faults_have_their_codes() {
    let server = Server::start_with(SMALL, &[JACK, ANNA]);
    let half = masked(0x01, b"<message xmlns='jabber:client'><body>\xc3");
    let cases: [(&[u8], &str, u16); 8] = [
        (&masked(BINARY, b"<presence/>"), "bad-format", 1003),
        (b"\x81\x01x", "bad-format", 1002),
        (&masked(0xC1, b"<presence/>"), "bad-format", 1002),
        (&masked(0x83, b"<presence/>"), "bad-format", 1002),
        (&[half, masked(0x80, b"</body></message>")].concat(), "unsupported-encoding", 1007),
        (&masked(TEXT, &[b'x'; 20_001]), "policy-violation", 1009),
        (&[masked(0x01, &[b'x'; 15_000]), masked(0x80, &[b'x'; 5_001])].concat(), "policy-violation", 1009),
        (&masked(TEXT, b"<presence>"), "not-well-formed", 1000),
    ];
    for (bytes, condition, code) in cases {
        fault(&server, Way::Http, bytes, condition, code);
    }
    fault(&server, Way::Http2, &masked(TEXT, &[b'x'; 20_001]), "policy-violation", 1009);
    fault(&server, Way::Https, &masked(BINARY, b"x"), "bad-format", 1003);
}

#[test]
fn a_message_is_one_element() {
    let server = server();
    let cases = [
        ("", "bad-format"),
        ("x<presence xmlns='jabber:client'/>", "bad-format"),
        ("<presence xmlns='jabber:client'/><presence xmlns='jabber:client'/>", "not-well-formed"),
        ("<presence xmlns='jabber:client'/><?xml version='1.0'?>", "restricted-xml"),
        ("<stream:stream to='chess.example'/>", "bad-namespace-prefix"),
        ("<presence xmlns='jabber:server'/>", "unsupported-stanza-type"),
    ];
    for (text, condition) in cases {
        let mut client = desk(&server);
        client.say(text);
        client.ends(condition, 1000);
    }
}

#[test]
fn fragments_with_control_frames_between_them() {
    let server = Server::start_with(SMALL, &[JACK, ANNA]);
    let mut anna = bound(&server, "anna@chess.example/tcp");
    for way in Way::ALL {
        let mut jack = Client::new(&server, way);
        jack.bound(DESK);
        let body_text = "ä".repeat(9_000);
        let text = message("anna@chess.example/tcp", &body_text);
        let mut pieces = text.as_bytes().chunks(1_001);
        jack.send(0x01, pieces.next().unwrap());
        for piece in pieces {
            jack.send(PING, b"are you there");
            jack.send(0x00, piece);
        }
        jack.send(0x80, b"");
        assert_eq!(body(&anna.next()), body_text, "{way:?}");
        assert_eq!(jack.hear(), Frame::Pong(b"are you there".to_vec()));
    }
}

#[test]
fn the_largest_stanza_fits() {
    let server = Server::start_with(SMALL, &[JACK, ANNA]);
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut jack = desk(&server);
    let around = message("anna@chess.example/tcp", "").len();
    let largest = "x".repeat(20_000 - around);
    jack.say(&message("anna@chess.example/tcp", &largest));
    assert_eq!(body(&anna.next()), largest);
}

#[test]
fn a_connection_that_the_client_closes_is_closed_back() {
    let server = server();
    for way in Way::ALL {
        let mut jack = Client::new(&server, way);
        jack.bound(DESK);
        jack.send(CLOSE, &1001u16.to_be_bytes());
        assert_eq!(jack.hear(), Frame::Close(Some(1001)), "{way:?}");
        assert_eq!(jack.hear(), Frame::End);
        gone(&server, DESK);
    }
}

#[test]
fn a_stream_begins_with_open_also_after_the_log_in() {
    let server = server();
    let mut client = Client::new(&server, Way::Http);
    client.say(&format!("<auth xmlns='{}' mechanism='PLAIN'>AA==</auth>", ns::SASL));
    // Its own header comes first all the same.
    assert!(client.next().is("open", ns::FRAMING));
    client.ends("bad-format", 1000);
    let mut client = Client::new(&server, Way::Http);
    client.open("chess.example");
    client.authenticate("jack");
    client.say("<presence xmlns='jabber:client'/>");
    client.ends("bad-format", 1000);
    let mut client = Client::new(&server, Way::Http);
    client.say(&open("other.example"));
    assert!(client.next().is("open", ns::FRAMING));
    client.ends("host-unknown", 1000);
}
