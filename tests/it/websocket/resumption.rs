//! Sessions that go from one transport to another (XEP-0198).

use xmpp::{Element, ns};

use super::client::{CLOSE, Client, Frame, Way};
use super::{DESK, body, desk, gone, message, shown};
use crate::fixture::Server;
use crate::stream::{JACK, bound, resume, server};

/// Resumes Jack's session over WebSocket.
fn resumed(server: &Server, way: Way, id: &str, h: u32) -> Client {
    let mut client = Client::new(server, way);
    client.log_in(JACK);
    client.say(&format!("<resume xmlns='{}' previd='{id}' h='{h}'/>", ns::SM));
    let resumed = client.next();
    assert!(resumed.is("resumed", ns::SM), "{}", resumed.to_xml(""));
    client
}

fn numbers(mut next: impl FnMut() -> Element, count: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    while bodies.len() < count {
        let element = next();
        if element.is("message", ns::CLIENT) {
            bodies.push(body(&element));
        }
    }
    bodies
}

#[test]
fn a_session_goes_from_tcp_to_websocket_and_back() {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut jack = bound(&server, DESK);
    let id = jack.manage();
    anna.send(&message(DESK, "1"));
    assert_eq!(body(&jack.stanza()), "1");
    drop(jack);
    anna.send(&message(DESK, "2"));
    anna.ping();
    // One was read, and two come again.
    let mut jack = resumed(&server, Way::Http, &id, 1);
    assert_eq!(shown(&server, DESK).unwrap()["transport"], "ws");
    anna.send(&message(DESK, "3"));
    assert_eq!(numbers(|| jack.next(), 2), ["2", "3"]);
    drop(jack);
    anna.send(&message(DESK, "4"));
    anna.ping();
    let mut jack = resume(&server, JACK, &id, 2);
    assert!(jack.next().is("resumed", ns::SM));
    assert_eq!(shown(&server, DESK).unwrap()["transport"], "tcp");
    assert_eq!(numbers(|| jack.next(), 2), ["3", "4"]);
    // Taken over while it is still connected, over HTTP/2.
    let mut again = resumed(&server, Way::Https2, &id, 4);
    assert_eq!(jack.stream_error(), "conflict");
    anna.send(&message(DESK, "5"));
    assert_eq!(numbers(|| again.next(), 1), ["5"]);
}

#[test]
fn a_websocket_that_is_cut_leaves_a_session_to_resume() {
    let server = server();
    let mut jack = desk(&server);
    jack.say(&format!("<enable xmlns='{}' resume='true'/>", ns::SM));
    let id = jack.next().get("id").unwrap().to_owned();
    // A close frame without <close/> says nothing of the stream (RFC 7395 section 3.6).
    jack.send(CLOSE, &1001u16.to_be_bytes());
    assert_eq!(jack.hear(), Frame::Close(Some(1001)));
    let mut jack = resumed(&server, Way::Http2, &id, 0);
    jack.say(&format!("<close xmlns='{}'/>", ns::FRAMING));
    jack.closes(1000);
    gone(&server, DESK);
}
