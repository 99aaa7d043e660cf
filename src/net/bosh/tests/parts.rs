//! Unit tests of the parts.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use proptest::prelude::*;
use settings::{Interval, Limit};
use xmpp::{Document, ElementLimits, ns};

use super::super::body::{Attributes, Body};
use super::super::condition::Condition;
use super::super::creation::header;
use super::super::reply::{Reply, Tag};
use super::super::terms::Terms;
use super::super::window::{LARGEST, Place, Window};
use super::{LIMITS, STANZA};
use crate::address::Addresses;

fn open(xml: &str) -> Result<Attributes, Condition> {
    Body::open(xml.as_bytes()).map(|body| body.attributes)
}

#[test]
fn a_body_with_everything() {
    let read = open(
        "<body content='text/xml; charset=utf-8' from='user@chess.example' hold='1' rid='9007199254740991' to='chess.example' \
         route='xmpp:chess.example:9999' ver='1.11' wait='60' ack='1' xml:lang='en' xmpp:version='1.0' secure='true' \
         newkey='a' key='b' pause='7' sid='s' type='terminate' stream='x' x:restart='1' \
         xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh' xmlns:x='urn:xmpp:xbosh'/>",
    );
    let text = |text: &str| Some(text.to_owned());
    let expected = Attributes {
        sid: text("s"),
        rid: LARGEST,
        ack: Some(1),
        key: text("b"),
        newkey: text("a"),
        pause: Some(7),
        terminate: true,
        restart: true,
        stream: true,
        ver: Some((1, 11)),
        wait: Some(60),
        hold: Some(1),
        content: text("text/xml; charset=utf-8"),
        secure: true,
        to: text("chess.example"),
        from: text("user@chess.example"),
        lang: text("en"),
        version: text("1.0"),
    };
    assert!(read == Ok(expected));
}

#[test]
fn bodies_that_are_none() {
    let tag = |attributes: &str| format!("<body {attributes} xmlns='{}'/>", ns::HTTPBIND);
    for xml in [
        String::new(),
        "hello".into(),
        "<body rid='1'/>".into(),
        format!("<bodi rid='1' xmlns='{}'/>", ns::HTTPBIND),
        "<body rid='1' xmlns='jabber:client'/>".into(),
        tag(""),
        tag("rid=''"),
        tag("rid='-1'"),
        tag("rid='+1'"),
        tag("rid='1.0'"),
        tag("rid='0x10'"),
        tag("rid=' 1'"),
        tag("rid='1' rid='2'"),
        tag("rid='1' wait='a'"),
        tag("rid='1' hold='-1'"),
        tag("rid='1' ack=''"),
        tag("rid='1' pause='1e3'"),
        tag("rid='1' ver='1'"),
        tag("rid='1' ver='1.x'"),
        tag("rid='1' x:y='1'"),
        tag(&format!("rid='1' to='{}'", "a".repeat(9000))),
    ] {
        assert!(open(&xml) == Err(Condition::BadRequest), "{xml}");
    }
    assert_eq!(open(&tag("rid='99999999999999999999999999'")).ok().unwrap().rid, u64::MAX);
}

#[test]
fn the_header_that_a_first_request_stands_for() {
    let read = |attributes: &str| {
        let xml = format!("<body {attributes} xmlns='{}' xmlns:x='{}'/>", ns::HTTPBIND, ns::XBOSH);
        header(&open(&xml).ok().unwrap())
    };
    let found = read("rid='1' to='Chess.Example' from='a@b' xml:lang='de'").unwrap();
    assert_eq!(found.to.unwrap().as_str(), "chess.example");
    assert_eq!((found.version, found.lang.as_deref()), ((1, 0), Some("de")), "the version's default is 1.0");
    assert_eq!(read("rid='1' to='chess.example' from='@'").unwrap().from, None);
    assert_eq!(read("rid='1' to='chess.example' x:version='0.9'").unwrap().version, (0, 9));
    assert_eq!(read("rid='1' to='chess.example' x:version='one'").unwrap().version, (0, 9));
    for to in ["", "to=''", "to='@'", "to='a b'"] {
        assert_eq!(read(&format!("rid='1' {to}")), Err(Condition::ImproperAddressing), "{to}");
    }
    assert_eq!(read("rid='1' to='chess.example' type='terminate'"), Err(Condition::BadRequest));
    for rid in ["0", "9007199254740992", "99999999999999999999"] {
        assert_eq!(read(&format!("rid='{rid}' to='chess.example'")), Err(Condition::BadRequest), "{rid}");
    }
}

#[test]
fn the_window() {
    let mut window = Window::new(10, 2);
    (window.next, window.answered) = (11, 10);
    for (rid, extra, expected) in [
        (0, false, Place::Known),
        (10, false, Place::Known),
        (11, false, Place::Next),
        (12, false, Place::Early),
        (13, false, Place::Beyond),
        (13, true, Place::Early),
        (14, true, Place::Beyond),
        (u64::MAX, true, Place::Beyond),
    ] {
        assert_eq!(window.place(rid, extra), expected, "{rid}");
    }
    (window.next, window.answered) = (13, 10);
    assert_eq!(window.place(13, false), Place::TooMany);
    assert_eq!(window.place(13, true), Place::Next);
    assert_eq!(window.surely_received(12, false), 10);
    assert_eq!(window.surely_received(13, false), 10, "no more than was answered");
    assert_eq!(window.surely_received(11, true), 8);
}

#[test]
fn limits_that_are_off() {
    let off = super::BoshLimits {
        bosh_wait: Limit::OFF,
        bosh_hold: Limit::OFF,
        bosh_inactivity: Limit::OFF,
        bosh_max_pause: Interval::OFF,
        bosh_polling: Interval::OFF,
    };
    let terms = |attributes: &str| {
        let xml = format!("<body rid='1' {attributes} xmlns='{}'/>", ns::HTTPBIND);
        let terms = Terms::of(&open(&xml).ok().unwrap(), &off);
        (terms.wait, terms.hold, terms.inactivity, terms.max_pause, terms.polling)
    };
    assert_eq!(terms(""), (60, 1, 65_535, 0, 0));
    assert_eq!(terms("wait='300' hold='3'"), (300, 3, 65_535, 0, 0));
    assert_eq!(terms("wait='99999999' hold='99999999'"), (65_535, 16, 65_535, 0, 0));
    assert_eq!(terms("wait='0'"), (0, 0, 65_535, 0, 0));
}

#[test]
fn only_media_types_that_run_nothing() {
    for (asked, expected) in [
        ("", "text/xml; charset=utf-8"),
        ("content='text/html'", "text/xml; charset=utf-8"),
        ("content='text/html; charset=utf-8&#13;&#10;x: y'", "text/xml; charset=utf-8"),
        ("content='TEXT/PLAIN'", "text/plain; charset=utf-8"),
        ("content='application/xml;charset=iso-8859-1'", "application/xml; charset=utf-8"),
    ] {
        let xml = format!("<body rid='1' {asked} xmlns='{}'/>", ns::HTTPBIND);
        assert_eq!(Terms::of(&open(&xml).ok().unwrap(), &LIMITS).content, expected, "{asked}");
    }
}

#[test]
fn replies_are_xml_and_old_clients_get_a_status() {
    let reply = Tag::new().attr("from", "<&'\">").number("wait", 60u16).stream().wrap(b"<stream:error/>");
    let document = Document::parse(reply.body, "", &ElementLimits::default()).unwrap();
    assert_eq!(document.root().attr("from").as_deref(), Some("<&'\">"));
    assert!(document.root().children().next().unwrap().is("error", ns::STREAM));
    for (condition, status) in [
        (Condition::BadRequest, StatusCode::BAD_REQUEST),
        (Condition::PolicyViolation, StatusCode::FORBIDDEN),
        (Condition::ItemNotFound, StatusCode::NOT_FOUND),
        (Condition::HostUnknown, StatusCode::OK),
    ] {
        assert_eq!(Reply::terminal(condition, true).status, status);
        assert_eq!(Reply::terminal(condition, false).status, StatusCode::OK);
    }
    for reply in [Reply::empty(), Reply::again(), Reply::farewell(false, &[])] {
        assert!(
            Document::parse(reply.body, "", &ElementLimits::default())
                .unwrap()
                .root()
                .is("body", ns::HTTPBIND)
        );
    }
}

#[test]
fn sessions_of_one_address() {
    let addresses = Arc::<Addresses>::default();
    let seat = |address: &str| addresses.seat(address.parse().unwrap(), Limit::of(2));
    let (one, two) = (seat("192.0.2.1"), seat("::ffff:192.0.2.1"));
    assert!(one.is_some() && two.is_some() && seat("192.0.2.1").is_none());
    assert!(seat("192.0.2.2").is_some());
    drop(one);
    assert!(seat("192.0.2.1").is_some());
    let (six, seven) = (seat("2001:db8::1"), seat("2001:db8::2"));
    assert!(
        six.is_some()
            && seven.is_some()
            && seat("2001:db8::3").is_none()
            && seat("2001:db8:0:1::3").is_some()
    );
    assert!(addresses.seat("192.0.2.9".parse().unwrap(), Limit::OFF).is_some());
}

proptest! {
    /// Any input is parsed or refused, and what was parsed can be parsed again.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), tag in any::<bool>()) {
        let mut whole = Vec::new();
        if tag {
            whole.extend_from_slice(b"<body rid='1' xmlns='http://jabber.org/protocol/httpbind'>");
        }
        whole.extend_from_slice(&bytes);
        if let Ok(body) = Body::open(&whole) {
            let elements = body.payload(&STANZA).elements;
            for element in elements {
                let again = Document::parse(Bytes::copy_from_slice(element.as_bytes()), ns::CLIENT, &STANZA);
                prop_assert_eq!(again.unwrap(), element);
            }
        }
    }
}

/// An idle session consists of this, its kept replies, and the task that serves its stream.
#[test]
fn a_session_is_small() {
    let size = size_of::<super::super::session::Session>();
    assert!(size <= 800, "{size} bytes");
    let size = size_of::<super::super::connection::Connection>();
    assert!(size <= 100, "{size} bytes");
}
