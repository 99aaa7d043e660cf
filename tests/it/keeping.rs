//! Messages that lie with a session which waits to be resumed survive the process, and come once.

use xmpp::{Element, ns};

use crate::fixture::{Server, until};
use crate::kill::stored_elements;
use crate::raw::Raw;
use crate::stream::{ANNA, bound, resume};
use crate::waiting::lost;

const CONFIG: &str = "[[domain]]\nname = \"chess.example\"\n";
const JACK: &str = "jack@chess.example";

fn server() -> Server {
    Server::start_with(CONFIG, &[ANNA, JACK])
}

fn message(id: usize) -> String {
    format!("<message to='{ANNA}' type='chat' id='{id}'><body>{id}</body></message>")
}

/// Sends messages with these ids, and waits until all are acknowledged.
fn say(server: &Server, ids: std::ops::Range<usize>) {
    let mut jack = bound(server, "jack@chess.example/desk");
    jack.manage();
    let count = ids.len();
    ids.for_each(|id| jack.send(&message(id)));
    jack.settle(count);
}

/// What is stored for anna, by a session that comes online: the ids of messages, and whether they are stamped.
fn read(server: &Server) -> Vec<(usize, bool)> {
    stored_elements(&mut bound(server, "anna@chess.example/new")).iter().map(shown).collect()
}

fn shown(message: &Element) -> (usize, bool) {
    (message.get("id").unwrap().parse().unwrap(), message.find("delay", ns::DELAY).is_some())
}

/// Waits until so many have been deleted from the store.
fn deleted(server: &Server, count: u64) {
    until("they are deleted", || server.statement("offline.delete", "rows") == count);
}

fn stamped(ids: std::ops::Range<usize>) -> Vec<(usize, bool)> {
    ids.map(|id| (id, true)).collect()
}

#[test]
fn thirty_messages_for_a_session_that_waits_survive_a_kill() {
    let server = server();
    lost(&server, "anna@chess.example/phone");
    say(&server, 0..30);
    let server = Server::start_in(server.kill());
    assert_eq!(read(&server), stamped(0..30));
    deleted(&server, 30);
    let server = Server::start_in(server.kill());
    assert_eq!(read(&server), []);
}

#[test]
fn what_a_client_had_not_acknowledged_at_the_break_survives_a_kill() {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/phone");
    anna.manage();
    anna.send("<presence/>");
    anna.ping();
    say(&server, 0..12);
    // It reads seven and acknowledges four of them: its presence, the answer to its ping, and two messages.
    let read_so_far: Vec<_> = std::iter::repeat_with(|| anna.stanza()).take(7).collect();
    assert!(read_so_far.iter().all(|stanza| stanza.is("message", ns::CLIENT)));
    anna.send(&format!("<a xmlns='{}' h='4'/>", ns::SM));
    anna.ping();
    drop(anna);
    until("the lost connection is seen", || server.ok(&["session", "list"]).contains("detached"));
    say(&server, 12..15);
    let server = Server::start_in(server.kill());
    assert_eq!(read(&server), stamped(2..15));
}

#[test]
fn a_session_that_is_resumed_gets_them_as_they_came_and_the_store_has_them_no_more() {
    let server = server();
    let id = lost(&server, "anna@chess.example/phone");
    say(&server, 0..5);
    let mut anna = resume(&server, ANNA, &id, 2);
    assert!(anna.next().is("resumed", ns::SM));
    let got: Vec<_> = std::iter::repeat_with(|| anna.stanza())
        .filter(|stanza| stanza.is("message", ns::CLIENT))
        .take(5)
        .collect();
    assert_eq!(got.iter().map(shown).collect::<Vec<_>>(), (0..5).map(|id| (id, false)).collect::<Vec<_>>());
    anna.send(&format!("<a xmlns='{}' h='7'/>", ns::SM));
    anna.ping();
    deleted(&server, 5);
    let server = Server::start_in(server.kill());
    assert_eq!(read(&server), []);
}

#[test]
fn a_session_that_is_not_resumed_leaves_them_in_the_store_once() {
    let limits = "[limits]\nresume_seconds = 1\n";
    let server = Server::start_with(&format!("{limits}{CONFIG}"), &[ANNA, JACK]);
    lost(&server, "anna@chess.example/phone");
    say(&server, 0..5);
    until("it is not waited for any more", || !server.ok(&["session", "list"]).contains("anna@"));
    assert_eq!(read(&server), stamped(0..5));
    assert_eq!(read(&server), []);
}

#[test]
fn a_session_that_comes_online_meanwhile_gets_them_once() {
    let server = server();
    lost(&server, "anna@chess.example/phone");
    say(&server, 0..5);
    assert_eq!(read(&server), stamped(0..5));
    deleted(&server, 5);
    say(&server, 5..7);
    let server = Server::start_in(server.kill());
    // What the other session got is gone; what came when it had left is there.
    assert_eq!(read(&server), stamped(5..7));
}

#[test]
fn what_is_not_stored_for_anybody_away_is_not_stored_for_a_session_that_waits() {
    let server = server();
    lost(&server, "anna@chess.example/phone");
    let mut jack = bound(&server, "jack@chess.example/desk");
    jack.send(&format!("<message to='{ANNA}' type='headline' id='0'><body>news</body></message>"));
    jack.send(&format!(
        "<message to='{ANNA}' type='chat' id='1'><body>now</body><no-store xmlns='urn:xmpp:hints'/></message>"
    ));
    jack.ping();
    drop(jack);
    say(&server, 2..3);
    let server = Server::start_in(server.kill());
    assert_eq!(read(&server), stamped(2..3));
}

#[test]
fn a_message_that_finds_the_store_full_is_refused() {
    let config = "[[domain]]\nname = \"chess.example\"\nmodules = { offline = { messages = 8 } }\n";
    let server = Server::start_with(config, &[ANNA, JACK]);
    let id = lost(&server, "anna@chess.example/phone");
    let mut jack = bound(&server, "jack@chess.example/desk");
    // A stranger has a quarter of it.
    (0..4).for_each(|id| jack.send(&message(id)));
    let refused: Vec<_> = std::iter::repeat_with(|| jack.stanza()).take(2).collect();
    for (answer, id) in refused.iter().zip(["2", "3"]) {
        assert_eq!(
            (answer.get("type"), answer.get("id")),
            (Some("error"), Some(id)),
            "{}",
            answer.to_xml("")
        );
    }
    let mut anna = resume(&server, ANNA, &id, 2);
    assert!(anna.next().is("resumed", ns::SM));
    // Not before the store is known to have none that are older; answers do not wait for that.
    let messages = std::iter::repeat_with(|| anna.stanza()).filter(|one| one.is("message", ns::CLIENT));
    let got: Vec<_> = messages.take(2).map(|one| shown(&one)).collect();
    assert_eq!(got, [(0, false), (1, false)]);
    assert!(!anna.ping().iter().any(|one| one.is("message", ns::CLIENT)));
    drop::<Raw>(anna);
}
