//! Nothing is lost, and nothing comes twice.

use xmpp::ns;

use super::{Client, message, texts};
use crate::fixture::{BRANDS, Server};
use crate::raw::Raw;
use crate::stream::{ANNA, JACK, bound};

/// The least time without a request that can be set.
const SHORT: &str = "[limits]\nbosh_inactivity = 5\n";

fn short() -> Server {
    Server::start_with(&format!("{SHORT}{BRANDS}"), &[JACK, ANNA])
}

/// Jack over BOSH, whose presence Anna sees.
fn pair(server: &Server) -> (Raw, Client) {
    let mut anna = bound(server, "anna@chess.example/tcp");
    let mut jack = Client::online(server, "jack@chess.example/web", "hold='1' wait='1'");
    jack.settle("<presence to='anna@chess.example/tcp'/>");
    assert_eq!(anna.next().get("type"), None);
    (anna, jack)
}

/// Waits until Anna is told that Jack's session has ended.
fn gone(anna: &mut Raw) {
    assert_eq!(anna.next().get("type"), Some("unavailable"));
}

/// What Jack finds when he logs in again.
fn found(server: &Server) -> Vec<String> {
    let mut again = bound(server, "jack@chess.example/again");
    again.send("<presence/>");
    again.send(&message("jack@chess.example/again", "the end"));
    let mut heard = Vec::new();
    while heard.last().is_none_or(|text| text != "the end") {
        heard.extend(again.next().find("body", ns::CLIENT).map(|body| body.text_content()));
    }
    heard.pop();
    heard
}

#[test]
fn what_was_never_asked_for_is_stored() {
    let server = short();
    let (mut anna, _jack) = pair(&server);
    anna.send(&message(JACK, "one"));
    anna.send(&message("jack@chess.example/web", "two"));
    gone(&mut anna);
    assert_eq!(found(&server), ["one", "two"]);
    assert!(found(&server).is_empty(), "once");
}

#[test]
fn what_a_response_carried_is_stored_if_nothing_shows_that_it_arrived() {
    let server = short();
    let (mut anna, mut jack) = pair(&server);
    anna.send(&message(JACK, "one"));
    anna.ping();
    let answer = jack.send("", "");
    assert_eq!(texts(&answer.body()), ["one"]); // the server cannot know
    gone(&mut anna);
    assert_eq!(found(&server), ["one"]);
}

#[test]
fn what_the_next_request_shows_to_have_arrived_does_not_come_again() {
    let server = short();
    let (mut anna, mut jack) = pair(&server);
    anna.send(&message(JACK, "one"));
    anna.ping();
    assert_eq!(texts(&jack.ask("", "")), ["one"]);
    let held = jack.send("", "");
    anna.send(&message(JACK, "two"));
    assert_eq!(texts(&held.body()), ["two"]);
    assert!(super::is_empty(&jack.ask("", "")), "after a second");
    gone(&mut anna);
    assert!(found(&server).is_empty());
}

/// With acknowledgements there is nothing to guess, even if requests carry something.
#[test]
fn what_is_acknowledged_does_not_come_again() {
    let server = short();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1' wait='1' ack='1'");
    jack.settle("<presence to='anna@chess.example/tcp'/>");
    assert_eq!(anna.next().get("type"), None);
    anna.send(&message(JACK, "one"));
    anna.ping();
    assert_eq!(texts(&jack.ask("", "")), ["one"]);
    let last = jack.send("", "<message to='anna@chess.example/tcp' id='x'/>");
    assert_eq!(anna.next().get("id"), Some("x"));
    last.lose();
    gone(&mut anna);
    assert!(found(&server).is_empty());
}

#[test]
fn a_response_that_the_client_misses_goes_elsewhere() {
    let server = short();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1' wait='1' ack='1'");
    jack.settle("<presence to='anna@chess.example/tcp'/>");
    assert_eq!(anna.next().get("type"), None);
    let read = jack.rid;
    anna.send(&message(JACK, "one"));
    anna.ping();
    jack.ask("", ""); // not read, says the client:
    jack.ask(&format!("ack='{read}'"), "");
    gone(&mut anna);
    assert_eq!(found(&server), ["one"]);
}

#[test]
fn another_session_of_the_account_gets_what_was_left() {
    let server = short();
    let (mut anna, _jack) = pair(&server);
    anna.send(&message("jack@chess.example/web", "one"));
    anna.ping();
    let mut other = bound(&server, "jack@chess.example/other");
    other.send("<presence/>");
    gone(&mut anna);
    let mut heard = None;
    while heard.is_none() {
        heard = other.next().find("body", ns::CLIENT).map(|body| body.text_content());
    }
    assert_eq!(heard.as_deref(), Some("one"));
}

#[test]
fn many_messages_in_order_over_many_responses() {
    let server = short();
    let (mut anna, mut jack) = pair(&server);
    for n in 0..400 {
        anna.send(&message("jack@chess.example/web", &format!("{n} {}", "x".repeat(500))));
    }
    let mut heard = Vec::new();
    while heard.len() < 400 {
        heard.extend(texts(&jack.ask("", "")));
    }
    let numbers: Vec<usize> =
        heard.iter().map(|text| text.split(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (0..400).collect::<Vec<_>>());
}

#[test]
fn a_pause() {
    let server = short();
    let (mut anna, mut jack) = pair(&server);
    let held = jack.send("", "");
    let paused = jack.ask("pause='120'", "");
    assert!(super::is_empty(&held.body()) && super::is_empty(&paused));
    let (mut other, mut bert) =
        (bound(&server, "anna@chess.example/other"), Client::online(&server, "jack@chess.example/short", ""));
    bert.settle("<presence to='anna@chess.example/other'/>");
    assert_eq!(other.next().get("type"), None);
    gone(&mut other); // a session without a pause has ended in the meantime
    anna.send(&message("jack@chess.example/web", "still there"));
    anna.ping();
    assert_eq!(texts(&jack.ask("", "")), ["still there"]);
}
