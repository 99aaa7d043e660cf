//! How a session begins, continues and ends.

use super::{FIRST, Rig, condition, ids, is_empty};
use xmpp::{Element, StreamCondition, StreamError, StreamHeader, ns};

#[test]
fn the_first_response_tells_the_terms() {
    let (_, first) = Rig::begin("wait='90' hold='1' ack='1' xml:lang='en' content='text/html'");
    for attribute in [
        "sid='s'",
        "wait='60'",
        "hold='1'",
        "requests='2'",
        "inactivity='30'",
        "polling='2'",
        "maxpause='120'",
        "ver='1.6'",
        "ack='1000'",
        "charsets='UTF-8'",
        "xmpp:version='1.0'",
        "xmpp:restartlogic='true'",
        "xmlns:stream='http://etherx.jabber.org/streams'",
        "<stream:features/>",
    ] {
        assert!(first.contains(attribute), "{attribute} is not in {first}");
    }
    assert!(!first.contains("secure="), "{first}");
}

#[test]
fn what_is_asked_for_is_granted_within_limits() {
    for (asked, expected) in [
        ("", "wait='60' hold='1' requests='2'"),
        ("wait='5' hold='2'", "wait='5' hold='2' requests='3'"),
        ("wait='99999999999999999999999' hold='255'", "wait='60' hold='2' requests='3'"),
        ("wait='0' hold='1'", "wait='0' hold='0' requests='1'"),
        ("wait='60' hold='0'", "wait='0' hold='0' requests='1'"),
    ] {
        let (_, first) = Rig::begin(asked);
        assert!(first.contains(expected), "{asked}: {first}");
    }
    for (asked, expected) in
        [("1.10", "1.10"), ("1.6", "1.6"), ("1.11", "1.11"), ("1.12", "1.11"), ("2.0", "1.11")]
    {
        let (_, first) = Rig::begin("").0.again_with_ver(asked);
        assert!(first.contains(&format!("ver='{expected}'")), "{asked}: {first}");
    }
}

impl Rig {
    fn again_with_ver(self, ver: &str) -> (Self, String) {
        use super::super::body::Body;
        use super::super::terms::Terms;
        let xml = super::body(&format!("rid='1' to='chess.example' ver='{ver}'"), "");
        let terms = Terms::of(&Body::open(xml.as_bytes()).ok().unwrap().attributes, &super::LIMITS);
        let (major, minor) = terms.ver.unwrap();
        (self, format!("ver='{major}.{minor}'"))
    }
}

#[test]
fn our_header_is_told_once() {
    let (mut rig, _) = Rig::begin("wait='0'");
    let header = StreamHeader {
        to: None,
        from: Some(xmpp::Jid::parse("chess.example").unwrap()),
        id: Some("id".into()),
        version: (1, 0),
        lang: None,
        content_ns: ns::CLIENT.into(),
    };
    rig.core.opened(&header);
    let later = rig.ask(FIRST + 1, "", "").unwrap();
    assert!(!later.contains("authid") && !later.contains("sid"), "{later}");
}

#[test]
fn a_request_waits_for_what_there_is_to_tell() {
    let mut rig = Rig::new("");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    rig.push(1);
    assert_eq!(ids(&rig.answer(FIRST + 1).unwrap()), [1]);
    rig.push(2);
    rig.push(3);
    assert_eq!(ids(&rig.ask(FIRST + 2, "", "").unwrap()), [2, 3]);
}

#[test]
fn the_next_request_sets_the_held_one_free() {
    let mut rig = Rig::new("hold='1'");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    assert_eq!(rig.ask(FIRST + 2, "", "<message id='a'/><message id='b'/>"), None);
    assert!(is_empty(rig.answer(FIRST + 1)));
    assert_eq!(rig.heard, ["message a", "message b"]);
}

#[test]
fn the_client_ends_the_session() {
    let mut rig = Rig::new("hold='2'");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    assert_eq!(rig.ask(FIRST + 2, "type='terminate'", "<presence id='p' type='unavailable'/>"), None);
    assert_eq!(rig.heard, ["presence p", "close"]);
    rig.core.close();
    assert_eq!(
        rig.answer(FIRST + 1).unwrap(),
        "<body xmlns='http://jabber.org/protocol/httpbind' type='terminate'/>",
        "the oldest connection is told"
    );
    assert!(is_empty(rig.answer(FIRST + 2)));
    assert_eq!(condition(rig.ask(FIRST + 3, "", "")), "item-not-found");
}

#[test]
fn a_stream_error_is_enclosed_and_stanzas_are_not_given_away() {
    let mut rig = Rig::new("hold='2'");
    rig.core.stanza(&super::stanza(7)); // not received yet: the mailbox still has it
    rig.send(FIRST + 1, "", "");
    rig.send(FIRST + 2, "", "");
    rig.core.element(&StreamError::new(StreamCondition::Conflict).text("replaced").to_element());
    rig.core.close();
    let answer = rig.answer(FIRST + 1).unwrap();
    assert!(answer.contains("condition='remote-stream-error'"), "{answer}");
    assert!(answer.contains("xmlns:stream='http://etherx.jabber.org/streams'"), "{answer}");
    assert!(
        answer.contains("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"),
        "{answer}"
    );
    assert!(!answer.contains("<message"), "{answer}");
    assert_eq!(condition(rig.answer(FIRST + 2)), "remote-stream-error");
}

#[test]
fn what_was_said_before_the_log_in_goes_with_the_error() {
    let (mut rig, _) = Rig::begin("");
    rig.core.element(&Element::new("failure", ns::SASL));
    rig.core.element(&StreamError::new(StreamCondition::PolicyViolation).to_element());
    rig.core.close();
    let answer = rig.ask(FIRST + 1, "", "").unwrap();
    assert!(answer.contains("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><stream:error>"), "{answer}");
}

#[test]
fn the_binding_has_words_of_its_own() {
    for (error, expected) in [
        (StreamCondition::HostUnknown, "host-unknown"),
        (StreamCondition::HostGone, "host-gone"),
        (StreamCondition::ImproperAddressing, "improper-addressing"),
        (StreamCondition::InternalServerError, "internal-server-error"),
        (StreamCondition::SystemShutdown, "system-shutdown"),
        (StreamCondition::NotAuthorized, "remote-stream-error"),
    ] {
        let mut rig = Rig::new("");
        rig.ask(FIRST + 1, "", "");
        rig.core.element(&StreamError::new(error).to_element());
        rig.core.close();
        assert_eq!(condition(rig.answer(FIRST + 1)), expected);
    }
}

#[test]
fn who_asks_after_the_end_is_told_once() {
    let mut rig = Rig::new("");
    rig.core.element(&StreamError::new(StreamCondition::Conflict).to_element());
    rig.core.close();
    assert!(!rig.core.ending.as_ref().unwrap().is_told());
    assert_eq!(condition(rig.send(FIRST + 1, "", "")), "remote-stream-error");
    assert!(rig.core.ending.as_ref().unwrap().is_told());
    assert_eq!(condition(rig.send(FIRST + 2, "", "")), "item-not-found");
}

#[test]
fn a_session_that_nobody_serves_any_more() {
    let mut rig = Rig::new("");
    rig.ask(FIRST + 1, "", "");
    rig.core.abandon();
    assert_eq!(condition(rig.answer(FIRST + 1)), "remote-connection-failed");
}

#[test]
fn sent_to_another_address() {
    let mut rig = Rig::new("");
    rig.ask(FIRST + 1, "", "");
    rig.core.redirect("https://a.example/b?c&d");
    let answer = rig.answer(FIRST + 1).unwrap();
    assert!(answer.contains("<uri>https://a.example/b?c&amp;d</uri>"), "{answer}");
    assert_eq!(condition(Some(answer)), "see-other-uri");
}

#[test]
fn a_restart_begins_a_stream_and_its_content_is_ignored() {
    let mut rig = Rig::new("");
    rig.ask(FIRST + 1, "xmpp:restart='true'", "<message id='x'/>");
    rig.ask(FIRST + 2, "xmpp:restart='1' to='other.example'", "");
    assert_eq!(rig.heard, ["open chess.example", "open other.example"]);
}

#[test]
fn other_streams_are_not_begun() {
    let mut rig = Rig::new("");
    assert_eq!(rig.ask(FIRST + 1, "to='other.example' route='xmpp:other.example:9999'", ""), None);
    assert!(rig.heard.is_empty(), "as an empty request: {:?}", rig.heard);
    let refused = rig.ask(FIRST + 2, "stream='two'", "<message id='x'/>").unwrap();
    assert!(
        refused.contains("<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>"),
        "{refused}"
    );
    assert_eq!(condition(Some(refused)), "item-not-found");
    assert_eq!(rig.heard, ["lost"]);
}

#[test]
fn a_stream_that_xmpp_forbids_ends_in_its_turn() {
    let mut rig = Rig::new("");
    rig.send(FIRST + 1, "", "<message id='before'/>");
    rig.send(FIRST + 2, "", "<a><!-- no --></a>");
    rig.serve();
    assert_eq!(rig.heard, ["message before", "restricted-xml"]);
}
