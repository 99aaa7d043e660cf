//! Streams that end before anybody has logged in, and what is claimed afterwards.

use client::Scram;
use xmpp::ns;

use crate::fixture::{BRANDS, Server, castling, signal};
use crate::raw::{Raw, condition, header};

use crate::stream::{ANNA, JACK, bound};

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

/// RFC 6120 section 4.7.2.
#[test]
fn the_servers_header_is_to_whom_the_clients_is_from() {
    let server = Server::start_with(BRANDS, &[JACK]);
    let address = server.address("c2s_plain");
    for (from, to) in [("", None), (" from='jack@chess.example'", Some("jack@chess.example"))] {
        let mut raw = Raw::connect(address, "chess.example");
        raw.send(&header("chess.example").replace(" version=", &format!("{from} version=")));
        assert!(raw.next().is("features", ns::STREAM));
        let header = raw.opened.take().unwrap();
        assert_eq!(header.to.as_ref().map(xmpp::Jid::as_str), to);
        assert_eq!(header.from.as_ref().map(xmpp::Jid::as_str), Some("chess.example"));
    }
}

/// RFC 6120 section 6.4.2: `=` is an initial response of no length, and without any the server asks for one.
#[test]
fn an_initial_response_may_be_empty_or_absent() {
    let server = Server::start_with(BRANDS, &[JACK]);
    let mut raw = Raw::open(server.address("c2s"), "chess.example").starttls(None);
    raw.restart();
    raw.send(&format!("<auth xmlns='{}' mechanism='PLAIN'>=</auth>", ns::SASL));
    let answer = raw.next();
    assert!(answer.is("failure", ns::SASL), "{}", answer.to_xml(""));
    assert_eq!(condition(&answer), "malformed-request");
    raw.send(&format!("<auth xmlns='{}' mechanism='PLAIN'/>", ns::SASL));
    let answer = raw.next();
    assert!(answer.is("challenge", ns::SASL), "{}", answer.to_xml(""));
    assert_eq!(answer.text_content(), "");
    raw.send(&format!("<response xmlns='{}'>AGphY2sAc2VjcmV0</response>", ns::SASL));
    assert!(raw.next().is("success", ns::SASL));
}

/// XEP-0198 sections 3 and 6.
#[test]
fn stream_management_before_log_in_is_refused_and_log_in_goes_on() {
    let server = Server::start_with(BRANDS, &[JACK]);
    let mut raw = Raw::open(server.address("c2s_plain"), "chess.example");
    for early in [
        "<enable xmlns='SM'/>",
        "<resume xmlns='SM' h='0' previd='x'/>",
        "<r xmlns='SM'/>",
        "<a xmlns='SM' h='0'/>",
    ] {
        raw.send(&early.replace("SM", ns::SM));
        let answer = raw.next();
        assert!(answer.is("failed", ns::SM), "{}", answer.to_xml(""));
        assert_eq!(condition(&answer), "unexpected-request");
    }
    raw.authenticate("jack", "secret").expect("four were too early, and the fifth attempt is a log-in");
    raw.bind("desk").unwrap();
    raw.manage();

    let mut raw = Raw::open(server.address("c2s_plain"), "chess.example");
    for _ in 0..5 {
        raw.send(&format!("<r xmlns='{}'/>", ns::SM));
        assert!(raw.next().is("failed", ns::SM));
    }
    assert_eq!(raw.stream_error(), "policy-violation");
}

#[test]
fn who_knew_the_former_password_gets_no_session() {
    let server = Server::start_with(BRANDS, &[JACK, ANNA]);
    let address = server.address("c2s_plain");
    let passwd = |jid: &str| {
        let done = castling(server.dir.path(), &["user", "passwd", jid, "--password-stdin"], "fresh");
        assert!(done.status.success());
    };
    let mut unbound = Raw::log_in(address, JACK);
    let mut exchanging = Raw::open(address, "chess.example");
    let scram = Scram::sha256("jack", "secret");
    let challenge = exchanging.begin(&scram);
    let mut other = Raw::log_in(address, ANNA);
    passwd(JACK);
    unbound.send(&format!("<iq type='set' id='b'><bind xmlns='{}'/></iq>", ns::BIND));
    assert_eq!(unbound.stream_error(), "reset");
    assert_eq!(condition(&exchanging.finish(&scram, &challenge)), "not-authorized");
    other.bind("desk").unwrap();

    // another account of the same name
    let mut old = Raw::log_in(address, ANNA);
    server.ok(&["user", "del", ANNA]);
    let added = castling(server.dir.path(), &["user", "add", ANNA, "--password-stdin"], "other");
    assert!(added.status.success());
    old.send(&format!("<iq type='set' id='b'><bind xmlns='{}'/></iq>", ns::BIND));
    assert_eq!(old.stream_error(), "reset");
}
