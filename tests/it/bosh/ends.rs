//! The ends of a session, and what the client and its contacts are told.

use xmpp::ns;

use super::{Client, condition, is_empty, message, server};
use crate::fixture::{signal, until};
use crate::shares::stat;
use crate::stream::bound;

#[test]
fn the_client_ends_it_with_its_last_words() {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    jack.settle("<presence to='anna@chess.example/tcp'/>");
    assert_eq!(anna.next().get("type"), None);
    let held = jack.send("", "");
    let words = format!("{}<presence type='unavailable'/>", message("anna@chess.example/tcp", "bye"));
    let last = jack.send("type='terminate'", &words);
    let told = held.body();
    assert_eq!(
        (told.get("type"), told.get("condition")),
        (Some("terminate"), None),
        "on the oldest connection"
    );
    assert!(is_empty(&last.body()));
    assert_eq!(anna.next().find("body", ns::CLIENT).unwrap().text_content(), "bye");
    assert_eq!(anna.next().get("type"), Some("unavailable"));
    assert_eq!(condition(&jack.ask("", "")), "item-not-found");
}

#[test]
fn before_the_log_in() {
    let server = server();
    let (mut jack, _) = Client::begin(server.address("http"), "");
    let last = jack.ask("type='terminate'", "");
    assert_eq!((last.get("type"), last.get("condition")), (Some("terminate"), None));
}

#[test]
fn replaced_by_another_session() {
    let server = server();
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    let held = jack.send("", "");
    let _other = bound(&server, "jack@chess.example/web");
    let answer = held.body();
    assert_eq!(condition(&answer), "remote-stream-error");
    let error = answer.find("error", ns::STREAM).unwrap();
    assert!(error.find("conflict", ns::STREAMS_ERR).is_some(), "{}", answer.to_xml(""));
}

/// Nobody waits when the session is closed: the next request is told.
#[test]
fn closed_by_the_operator_between_two_requests() {
    let server = server();
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    server.ok(&["session", "kick", "jack@chess.example/web"]);
    let answer = jack.ask("", "");
    assert_eq!(condition(&answer), "remote-stream-error", "{}", answer.to_xml(""));
    assert_eq!(condition(&jack.ask("", "")), "item-not-found");
}

#[test]
fn the_server_stops() {
    let server = server();
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    let (mut early, _) = Client::begin(server.address("http"), "hold='1'");
    let (held, waiting) = (jack.send("", ""), early.send("", ""));
    // Not while they still wait to be accepted: such connections are closed without a word.
    until("both requests are held", || stat(&server, "connections") == 2);
    signal(server.pid(), "TERM");
    assert_eq!(condition(&held.body()), "system-shutdown");
    assert_eq!(condition(&waiting.body()), "system-shutdown", "also who has not logged in");
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn who_takes_too_long_to_log_in() {
    let server =
        crate::fixture::Server::start(&format!("[limits]\nlogin_seconds = 5\n{}", crate::fixture::BRANDS));
    let (mut jack, _) = Client::begin(server.address("http"), "hold='1'");
    let answer = jack.ask("", "");
    assert_eq!(condition(&answer), "remote-stream-error");
    assert!(answer.to_xml("").contains("connection-timeout"), "{}", answer.to_xml(""));
}

#[test]
fn no_restart_after_the_log_in() {
    let server = server();
    let (mut jack, _) = Client::begin(server.address("http"), "hold='1'");
    jack.authenticate("jack");
    let answer = jack.ask("", "<presence/>");
    assert_eq!(answer.get("type"), Some("terminate"), "{}", answer.to_xml(""));
}

/// The answers to what stood before the end come with the last responses.
#[test]
fn what_was_asked_before_the_end_is_answered() {
    let server = server();
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    let held = jack.send("", "");
    let ping = |id: usize| {
        format!(
            "<iq xmlns='{}' type='get' id='{id}' to='chess.example'><ping xmlns='{}'/></iq>",
            ns::CLIENT,
            ns::PING
        )
    };
    let last = jack.send("type='terminate'", &(0..10).map(ping).collect::<String>());
    let bodies = [held.body(), last.body()];
    let answers =
        bodies.iter().flat_map(xmpp::Element::children).filter(|answer| answer.get("type") == Some("result"));
    assert_eq!(answers.count(), 10);
    assert!(bodies.iter().any(|body| body.get("type") == Some("terminate")));
}
