//! What a stream of another server may and may not do, letter by letter.

use super::fixture::{anna, pair};
use crate::raw::Raw;

fn header(from: &str, to: &str) -> String {
    format!(
        "<stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' \
         xmlns:stream='http://etherx.jabber.org/streams' from='{from}' to='{to}' version='1.0'>"
    )
}

/// A stream of a server that claims to be this domain, encrypted.
fn claims(at: std::net::SocketAddr, from: &str) -> Raw {
    let mut raw = Raw::connect(at, "here.example");
    raw.send(&header(from, "here.example"));
    let features = raw.next();
    assert!(features.to_xml("").contains("<required/>"), "{}", features.to_xml(""));
    let mut raw = raw.starttls(None);
    raw.send(&header(from, "here.example"));
    raw.next();
    raw
}

#[test]
fn nothing_passes_that_is_not_proved() {
    let mut at = None;
    let pair = pair(|here, _| at = Some(here.at));
    let at = at.unwrap();
    let mut anna = anna(&pair);
    let mut plain = Raw::connect(at, "here.example");
    plain.send(&header("there.example", "here.example"));
    plain.next();
    plain.send("<message from='bob@there.example' to='anna@here.example'><body>hi</body></message>");
    assert_eq!(plain.stream_error(), "policy-violation", "without TLS");
    let mut liar = claims(at, "there.example");
    liar.send("<message from='bob@there.example' to='anna@here.example'><body>hi</body></message>");
    assert_eq!(liar.stream_error(), "invalid-from");
    let mut liar = claims(at, "there.example");
    liar.send(
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>dGhlcmUuZXhhbXBsZQ==</auth>",
    );
    assert_eq!(crate::raw::condition(&liar.next()), "invalid-mechanism", "its certificate is nobody's");
    let mut liar = claims(at, "there.example");
    liar.send("<db:result from='there.example' to='here.example'>0123456789abcdef</db:result>");
    assert_eq!(liar.next().get("type"), Some("invalid"), "there.example knows nothing of it");
    liar.send("<db:result from='there.example' to='elsewhere.example'>0123456789abcdef</db:result>");
    assert_eq!(liar.next().get("type"), Some("error"));
    liar.send("<message from='bob@there.example' to='anna@here.example'><body>hi</body></message>");
    assert_eq!(liar.stream_error(), "invalid-from");
    let mut client = Raw::connect(at, "here.example");
    client.send(&crate::raw::header("here.example"));
    assert_eq!(client.stream_error(), "invalid-namespace");
    let mut stranger = Raw::connect(at, "elsewhere.example");
    stranger.send(&header("there.example", "elsewhere.example"));
    assert_eq!(stranger.stream_error(), "host-unknown");
    assert!(anna.ping().is_empty(), "nothing has come through");
}

#[test]
fn who_is_asked_for_a_key_knows_its_own_only() {
    let mut at = None;
    let _pair = pair(|here, _| at = Some(here.at));
    let mut raw = claims(at.unwrap(), "there.example");
    raw.send("<db:verify from='there.example' to='here.example' id='x'>0123456789abcdef</db:verify>");
    let answer = raw.next();
    assert_eq!((answer.get("type"), answer.get("id")), (Some("invalid"), Some("x")));
    raw.send("<db:verify from='there.example' to='elsewhere.example' id='x'>0123456789abcdef</db:verify>");
    assert_eq!(raw.next().get("type"), Some("error"));
    raw.send("<db:verify from='there.example' to='here.example'>0123456789abcdef</db:verify>");
    assert_eq!(raw.stream_error(), "improper-addressing");
}
