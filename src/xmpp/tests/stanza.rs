use std::sync::Arc;

use crate::StanzaType as Type;
use crate::{Condition, Element, Framing, Jid, Kind, Stanza, StanzaError, delay, ns};

fn stanza(xml: &str) -> Stanza {
    Stanza::parse_str(xml).unwrap_or_else(|error| panic!("{xml}: {error}"))
}

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

const CHAT: &str =
    "<message to='B@example.net' type='chat' id='a&amp;1' from='spoofed@x'><body>hi</body></message>";

#[test]
fn an_envelope() {
    let chat = stanza(CHAT);
    assert_eq!((chat.kind(), chat.stanza_type(), chat.id()), (Kind::Message, Type::Chat, Some("a&1")));
    assert_eq!((chat.to(), chat.lang()), (Some(&jid("b@example.net")), None));
    assert!(chat.has_body());
    assert_eq!(chat.payload().unwrap().text(), "hi");
    assert_eq!(stanza("<presence><priority> -5 </priority></presence>").priority(), -5);
    assert_eq!(stanza("<presence><priority>500</priority></presence>").priority(), 0);
    assert_eq!(stanza("<presence/>").priority(), 0);
}

#[test]
fn only_the_start_tag_is_written_anew() {
    let chat = stanza(CHAT).with_from(jid("a@example.com/it's")).with_lang_default(Arc::from("en"));
    assert_eq!(
        chat.to_string(),
        "<message from='a@example.com/it&apos;s' to='b@example.net' xml:lang='en' type='chat' id='a&amp;1'>\
         <body>hi</body></message>"
    );
    assert_eq!(chat.lang(), Some("en"));
    let declared = chat.with_to(None).to_bytes(Framing::Declare);
    assert!(
        declared.starts_with(
            b"<message xmlns='jabber:client' from='a@example.com/it&apos;s' xml:lang='en' type="
        )
    );
    let own =
        stanza("<message xmlns='jabber:client' xml:lang='de' x:from='1' xmlns:x='urn:x'><x:y/></message>");
    let own = own.with_lang_default(Arc::from("en"));
    assert_eq!(own.lang(), Some("de"));
    assert_eq!(own.to_string(), "<message xml:lang='de' x:from='1' xmlns:x='urn:x'><x:y/></message>");
    assert_eq!(stanza("<presence />").to_string(), "<presence/>");
    assert_eq!(
        stanza("<presence></presence >").with_from(jid("a@b")).to_string(),
        "<presence from='a@b'></presence >"
    );
    assert_eq!(stanza("<presence id='/' />").to_string(), "<presence id='/'/>");
}

#[test]
fn whatever_the_framing_it_is_the_same_stanza() {
    for xml in [
        CHAT,
        "<iq type='set' id='1'><q xmlns='urn:q' xmlns:a='urn:a'><a:b/></q></iq>",
        "<presence type='probe'/>",
    ] {
        for framing in [Framing::Inherit, Framing::Declare] {
            let sent = stanza(xml).with_from(jid("a@b/\"<&>'"));
            let written = sent.to_bytes(framing);
            let read = stanza(std::str::from_utf8(&written).unwrap());
            assert_eq!((read.from(), read.to(), read.id()), (sent.from(), sent.to(), sent.id()));
            assert_eq!(read.fingerprint(), sent.fingerprint());
            assert!(written.len() <= sent.size() + 80);
        }
    }
}

#[test]
fn types() {
    assert_eq!(stanza("<message/>").stanza_type(), Type::None);
    assert_eq!(stanza("<message type='whatever'/>").stanza_type(), Type::Normal);
    assert_eq!(stanza("<message type='get'/>").stanza_type(), Type::Normal);
    for name in ["error", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"] {
        assert_eq!(stanza(&format!("<presence type='{name}'/>")).stanza_type().as_str(), name);
    }
    assert_eq!(stanza("<iq type='result' id=''/>").stanza_type(), Type::Result);
}

#[test]
fn refused() {
    for (xml, condition) in [
        ("<presence type='chat'/>", Condition::BadRequest),
        ("<presence type=''/>", Condition::BadRequest),
        ("<message to='@'/>", Condition::JidMalformed),
        ("<message to=''/>", Condition::JidMalformed),
        ("<message from='a@'/>", Condition::JidMalformed),
        ("<iq type='get'><a/></iq>", Condition::BadRequest),
        ("<iq id='1'><a/></iq>", Condition::BadRequest),
        ("<iq id='1' type='chat'><a/></iq>", Condition::BadRequest),
        ("<iq id='1' type='get'/>", Condition::BadRequest),
        ("<iq id='1' type='set'><a/><b/></iq>", Condition::BadRequest),
        ("<iq id='1' type='result'><a/><b/></iq>", Condition::BadRequest),
    ] {
        let refused = Stanza::parse_str(xml).unwrap_err();
        assert_eq!(refused.error.condition, condition, "{xml}");
        assert!(refused.kind.is_some());
    }
    for xml in ["<msg/>", "<message xmlns='urn:x'/>", "<message xmlns=''/>"] {
        let refused = Stanza::parse_str(xml).unwrap_err();
        assert_eq!((refused.kind, refused.error_reply().is_none()), (None, true));
    }
}

#[test]
fn a_malformed_stanza_is_answered() {
    let refused = Stanza::parse_str("<iq type='get' id='7' to='b@c' from='a@b/r'/>").unwrap_err();
    let answer = refused.error_reply().unwrap();
    assert_eq!((answer.kind(), answer.stanza_type(), answer.id()), (Kind::Iq, Type::Error, Some("7")));
    assert_eq!((answer.from(), answer.to()), (Some(&jid("b@c")), Some(&jid("a@b/r"))));
    assert_eq!(answer.error().unwrap().condition, Condition::BadRequest);
    let refused = Stanza::parse_str("<message to='@' id='&lt;'/>").unwrap_err();
    assert_eq!(refused.to.as_deref(), Some("@"));
    assert_eq!(refused.error_reply().unwrap().id(), Some("<"));
    assert!(Stanza::parse_str("<message type='error' to='@'/>").unwrap_err().error_reply().is_none());
}

#[test]
fn other_ways_to_write_a_stanza() {
    let prefixed = stanza("<c:message xmlns:c='jabber:client' id='1'><c:body>a</c:body></c:message>");
    assert_eq!(prefixed.to_string(), "<message id='1'><body>a</body></message>");
    let server = stanza("<message xmlns='jabber:server'><body>a</body><x xmlns='urn:x'/></message>");
    assert_eq!(server.to_string(), "<message><body>a</body><x xmlns='urn:x'/></message>");
    assert!(server.has_body());
}

#[test]
fn answers() {
    let request = stanza("<iq type='get' id='1' to='b@c' from='a@b/r'><p:q xmlns:p='urn:p'/></iq>");
    let result = request.result_reply(Some(&Element::new("q", "urn:p")));
    assert_eq!(result.to_string(), "<iq from='b@c' to='a@b/r' id='1' type='result'><q xmlns='urn:p'/></iq>");
    assert_eq!(request.result_reply(None).payload().is_none(), result.error().is_none());
    let refused = request.error_reply(&StanzaError::service_unavailable()).unwrap();
    assert_eq!(refused.payload().unwrap().ns(), "urn:p");
    assert_eq!(refused.error().unwrap().condition, Condition::ServiceUnavailable);
    assert_eq!((refused.id(), refused.to()), (Some("1"), Some(&jid("a@b/r"))));
    assert!(refused.error_reply(&StanzaError::forbidden()).is_none());
    assert!(result.error_reply(&StanzaError::forbidden()).is_none());
    assert!(stanza("<presence type='unavailable'/>").error_reply(&StanzaError::forbidden()).is_none());
    // Prefixes of the start tag are still declared, and large payloads are left out.
    let prefixed = stanza("<message xmlns:p='urn:p' from='a@b'><p:q/></message>");
    let refused = prefixed.error_reply(&StanzaError::gone()).unwrap();
    assert_eq!(refused.payload().unwrap().ns(), "urn:p");
    let large = stanza(&format!("<message from='a@b'><body>{}</body></message>", "x".repeat(5000)));
    assert!(!large.error_reply(&StanzaError::gone()).unwrap().has_body());
}

#[test]
fn made_here() {
    let (a, b) = (jid("a@b"), jid("c@d/e"));
    assert_eq!(
        Stanza::presence(Type::None, Some(&a), Some(&b)).to_string(),
        "<presence from='a@b' to='c@d/e'></presence>"
    );
    assert_eq!(Stanza::message(Type::Headline, None, Some(&b)).stanza_type(), Type::Headline);
    let push = Stanza::iq(Type::Set, "x'", None, Some(&b), Some(&Element::new("query", ns::ROSTER)));
    assert_eq!(
        push.to_string(),
        "<iq to='c@d/e' id='x&apos;' type='set'><query xmlns='jabber:iq:roster'/></iq>"
    );
    let element = Element::new("message", ns::CLIENT)
        .attr("to", "A@b")
        .child(Element::new("body", ns::CLIENT).text("x"));
    assert_eq!(Stanza::from_element(&element).unwrap().to(), Some(&a));
}

#[test]
fn a_child_more() {
    let stamp = delay::delay(&jid("b"), 0, None);
    let kept = stanza(CHAT).with_from(jid("a@b")).append(&stamp);
    assert_eq!(kept.children().map(|child| child.name()).collect::<Vec<_>>(), ["body", "delay"]);
    assert_eq!((kept.id(), kept.from(), kept.stanza_type()), (Some("a&1"), Some(&jid("a@b")), Type::Chat));
    assert!(stanza(&kept.to_string()).child("delay", ns::DELAY).is_some());
    let empty = stanza("<presence id='1' />").append(&Element::new("x", ns::CLIENT));
    assert_eq!(empty.to_string(), "<presence id='1'><x/></presence>");
    let own = stanza("<message xmlns='jabber:client'></message>").append(&stamp).append(&stamp);
    assert_eq!(own.children().count(), 2);
    assert!(!own.to_string().contains("jabber:client"));
}

#[test]
fn the_same_but_for_the_id() {
    let print = |xml| stanza(xml).fingerprint();
    assert_eq!(
        print("<presence id='1'><show>dnd</show></presence>"),
        print("<presence id='2'><show>dnd</show></presence>")
    );
    assert_eq!(print("<presence><a/></presence>"), print("<presence id='2'><a/></presence>"));
    assert_ne!(print("<presence><show>dnd</show></presence>"), print("<presence><show>xa</show></presence>"));
    assert_ne!(print("<presence to='a'/>"), print("<presence to='b'/>"));
    assert_ne!(print("<presence type='probe'/>"), print("<presence/>"));
    assert_ne!(print("<message/>"), print("<presence/>"));
}

#[test]
fn a_clone_shares_and_a_result_is_small() {
    let chat = stanza(CHAT);
    let other = chat.clone().with_to(None);
    assert!(Arc::ptr_eq(&chat.body, &other.body));
    assert!(size_of::<Stanza>() <= 80 && size_of::<StanzaError>() <= 48);
}
