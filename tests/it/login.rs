//! Streams that end before anybody has logged in, and what is claimed afterwards.

use xmpp::ns;

use crate::fixture::{BRANDS, Server, signal};
use crate::raw::Raw;
use crate::stream::{JACK, bound};

const IMPATIENT: &str = "[limits]\nlogin_seconds = 5\n[[domain]]\nname = \"chess.example\"\n";

#[test]
fn who_takes_too_long_to_log_in_is_told() {
    let server = Server::start_with(IMPATIENT, &[JACK]);
    let address = server.address("c2s_plain");
    let mut silent = Raw::connect(address, "chess.example");
    let mut opened = Raw::open(address, "chess.example");
    let mut unbound = Raw::log_in(address, JACK);
    let mut session = Raw::bound(address, "jack@chess.example/desk");
    assert_eq!(silent.stream_error(), "connection-timeout", "on a stream of the server's");
    assert_eq!(opened.stream_error(), "connection-timeout");
    assert_eq!(unbound.stream_error(), "connection-timeout");
    assert!(session.ping().is_empty(), "who has logged in stays");
}

#[test]
fn who_is_logging_in_when_the_server_stops_is_told() {
    let server = Server::start_with(BRANDS, &[JACK]);
    let mut silent = Raw::connect(server.address("c2s_plain"), "chess.example");
    let mut opened = Raw::open(server.address("c2s_plain"), "chess.example");
    signal(server.pid(), "TERM");
    assert_eq!(opened.stream_error(), "system-shutdown");
    assert_eq!(silent.stream_error(), "system-shutdown");
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn who_claims_to_have_handled_more_than_was_sent_is_told_how_much_it_was() {
    let server = Server::start_with(BRANDS, &[JACK]);
    let mut jack = bound(&server, "jack@chess.example/desk");
    jack.manage();
    jack.ping();
    jack.send(&format!("<a xmlns='{}' h='7'/>", ns::SM));
    let error =
        std::iter::repeat_with(|| jack.next()).find(|element| element.is("error", ns::STREAM)).unwrap();
    let claim = error.find("handled-count-too-high", ns::SM).unwrap();
    assert_eq!((claim.get("h"), claim.get("send-count")), (Some("7"), Some("1")), "{}", error.to_xml(""));
    jack.ended();
}
