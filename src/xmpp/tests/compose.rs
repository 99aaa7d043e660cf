use std::sync::Arc;

use proptest::prelude::*;

use super::document;
use super::document::inner;
use crate::{Document, Element, ElementLimits, Framing, Jid, Stanza, StanzaError, StanzaType, delay, ns};

fn stanza(xml: &str) -> Stanza {
    Stanza::parse_str(xml).unwrap_or_else(|error| panic!("{xml}: {error}"))
}

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

/// Fails unless the strict pass over the stanza's bytes agrees with the recorded tape.
#[track_caller]
fn check(composed: &Stanza) {
    let recorded = &composed.body.document;
    let read = Document::own(recorded.as_str().to_owned()).unwrap();
    assert!(recorded.tape().same(read.tape(), recorded.as_str()), "{:?} {:?}", recorded.tape(), read.tape());
    assert_eq!(recorded.to_element(), read.to_element());
    let again = Stanza::from_document(read).unwrap();
    assert_eq!((again.id(), again.stanza_type()), (composed.id(), composed.stanza_type()));
    for framing in [Framing::Inherit, Framing::Declare] {
        let written = stanza(std::str::from_utf8(&composed.to_bytes(framing)).unwrap());
        assert_eq!(
            (written.from(), written.to(), written.lang()),
            (composed.from(), composed.to(), composed.lang())
        );
        assert_eq!(written.to_element(), composed.to_element());
        assert_eq!(composed.clone().shared().to_bytes(framing), composed.to_bytes(framing));
    }
}

fn wrapped(stanza: &Stanza) -> Element {
    let stamp = delay::delay(&jid("chess.example"), 0, None);
    let forwarded = Element::new("forwarded", ns::FORWARD).child(stamp).stanza(stanza);
    let sent = Element::new("sent", ns::CARBONS).child(forwarded);
    Element::new("message", ns::CLIENT).attr("to", "a@chess.example/b").child(sent)
}

/// The same with every stanza as a tree.
fn expanded(element: &Element) -> Element {
    document(&element.to_xml(ns::CLIENT)).unwrap().to_element()
}

const CHAT: &str = "<message xmlns='jabber:client' xmlns:p='urn:p' from='spoofed@x' type='chat' id='1'>\
    <p:a p:b='1'/><body>x</body></message >";

#[test]
fn a_wrapped_stanza() {
    let chat =
        stanza(CHAT).with_from(jid("a@b")).with_to(Some(jid("c@d"))).with_lang_default(Arc::from("en"));
    let carbon = Stanza::from_element(&wrapped(&chat)).unwrap();
    check(&carbon);
    assert_eq!(
        carbon.to_string(),
        "<message to='a@chess.example/b'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
         <delay xmlns='urn:xmpp:delay' from='chess.example' stamp='1970-01-01T00:00:00Z'/>\
         <message xmlns='jabber:client' from='a@b' to='c@d' xml:lang='en' xmlns:p='urn:p' type='chat' id='1'>\
         <p:a p:b='1'/><body>x</body></message ></forwarded></sent></message>"
    );
    // Where the namespace is inherited, it is not declared; an empty stanza stays empty.
    let inside = Element::new("message", ns::CLIENT).stanza(&stanza("<presence id='1' />"));
    let inside = Stanza::from_element(&inside).unwrap();
    check(&inside);
    assert_eq!(inside.to_string(), "<message><presence id='1'/></message>");
}

#[test]
fn a_wrapped_stanza_in_another_namespace() {
    let element = Element::new("x", "urn:x").stanza(&stanza(CHAT));
    let mapped = element.clone().map_ns(ns::CLIENT, ns::SERVER);
    assert_eq!(
        mapped.find("message", ns::SERVER).unwrap().find("body", ns::SERVER).unwrap().text_content(),
        "x"
    );
    assert_eq!(element.clone().map_ns("urn:other", ns::SERVER), element);
    assert!(element.children().next().is_none());
}

#[test]
fn children_are_removed() {
    let chat =
        stanza("<message id='1' xmlns:p='urn:p'> <p:a/><b xmlns='urn:b'><c/></b>x<p:a><d/></p:a></message>");
    let without = |name: &str| {
        let less = chat.without(|child| child.name() == name);
        check(&less);
        less.to_string()
    };
    assert_eq!(without("a"), "<message id='1' xmlns:p='urn:p'> <b xmlns='urn:b'><c/></b>x</message>");
    assert_eq!(without("b"), "<message id='1' xmlns:p='urn:p'> <p:a/>x<p:a><d/></p:a></message>");
    // Grandchildren are not children.
    assert!(Arc::ptr_eq(&chat.without(|child| child.name() == "c").body, &chat.body));
    assert_eq!(chat.without(|_| true).to_string(), "<message id='1' xmlns:p='urn:p'> x</message>");
    check(&chat.without(|_| true));
    assert_eq!(stanza("<presence/>").without(|_| true).to_string(), "<presence/>");
}

#[test]
fn a_shared_start_tag() {
    let presence = stanza("<presence id='1'><show>dnd</show></presence>")
        .with_lang_default(Arc::from("en"))
        .with_from(jid("a@b/c"))
        .shared();
    for to in [None, Some(jid("x@y")), Some(jid("x@y/it's"))] {
        for framing in [Framing::Inherit, Framing::Declare] {
            let plain = presence.clone().with_from(jid("a@b/c")).with_to(to.clone());
            let shared = presence.clone().with_to(to.clone());
            assert!(plain.tag.is_none() && shared.tag.is_some());
            assert_eq!(shared.to_bytes(framing), plain.to_bytes(framing));
        }
    }
    let marked = presence.append(&Element::new("x", "urn:x"));
    assert_eq!(marked.to_string(), marked.clone().with_from(jid("a@b/c")).to_string());
    let other = presence.clone().with_from(jid("other@b"));
    assert!(other.to_string().starts_with("<presence from='other@b' xml:lang='en' id='1'>"));
    let spoken = stanza("<presence/>").shared();
    assert_eq!(spoken.to_string(), "<presence/>");
    assert_eq!(spoken.with_lang_default(Arc::from("de")).to_string(), "<presence xml:lang='de'/>");
}

#[test]
fn equal_is_what_is_written_alike() {
    let (one, other) = (stanza("<message  id='1'/>"), stanza("<message id='1' />"));
    assert_eq!(one, other);
    assert_ne!(one, other.with_from(jid("a@b")));
    assert_ne!(one, stanza("<message id='1'></message>"));
}

/// Only a bug in the server creates such elements. None of them may crash it.
#[test]
fn what_cannot_be_written_is_left_out() {
    let deep = (0..600).fold(Element::new("a", "urn:a"), |inner, _| Element::new("a", "urn:a").child(inner));
    let many = Element::new("a", "").with_children((0..4200).map(|n| Element::new("a", format!("urn:{n}"))));
    for wrong in [
        Element::new("a b", "urn:a"),
        Element::new("", "urn:a"),
        Element::new("p:a", "urn:a"),
        Element::new("a", "urn:a").attr("p:b", "1"),
        Element::new("a", "urn:a").attr("b=''/><c d", "1"),
        Element::new("a", "urn:a").attr("xmlns", "urn:b"),
        Element::new("a", "urn:a").attr("xmlns:xml", "urn:b"),
        deep,
        many,
    ] {
        let request = stanza("<iq type='get' id='1' from='a@b'><q xmlns='urn:q'/></iq>");
        assert!(Stanza::from_element(&Element::new("message", ns::CLIENT).child(wrong.clone())).is_err());
        assert_eq!(request.append(&wrong), request);
        let answer = request.result_reply(Some(&wrong));
        assert_eq!((answer.stanza_type(), answer.id()), (StanzaType::Error, Some("1")));
        let push = Stanza::iq(StanzaType::Result, "1", None, None, Some(&wrong));
        assert_eq!(push.to_string(), "<iq id='1' type='result'></iq>");
        let error = request.error_reply(&StanzaError::gone().app(wrong)).unwrap();
        assert_eq!(error.to_string(), "<iq to='a@b' id='1' type='error'></iq>");
    }
}

#[test]
fn tapes_are_told_apart() {
    let read = |xml: &str, ns: &str| {
        Document::parse(xml.as_bytes().to_vec().into(), ns, &ElementLimits::default()).unwrap()
    };
    let same = |one: &Document, other: &Document| one.tape().same(other.tape(), one.as_str());
    let one = read("<a><b c='1'/></a>", "urn:1");
    assert!(same(&one, &read("<a><b c='1'/></a>", "urn:1")));
    for (other, ns) in [
        ("<a><b c='1'/></a>", "urn:2"),
        ("<a><b c='1'></b></a>", "urn:1"),
        ("<a><b  c='1'/></a>", "urn:1"),
        ("<a b='1'><c/></a>", "urn:1"),
        ("<a/>", "urn:1"),
    ] {
        assert!(!same(&one, &read(other, ns)), "{other}");
    }
}

/// A stanza as a client might write it.
fn received() -> impl Strategy<Value = Stanza> {
    let attrs = prop_oneof![
        Just(""),
        Just(" id='1' type='chat'"),
        Just(" from='A@b' to=\"c@d/e\" id='&amp;'"),
        Just(" xmlns='jabber:client' xml:lang='de'"),
        Just("\n p:from='1'  id = '2'"),
    ];
    let end = prop_oneof![Just("</message>"), Just("</message\n>")];
    (attrs, inner(3), end, any::<bool>()).prop_map(|(attrs, inner, end, empty)| {
        let tag = format!("<message xmlns:p='urn:p'{attrs} xmlns:q='jabber:client'");
        stanza(&if empty { format!("{tag} />") } else { format!("{tag}>{inner}{end}") })
    })
}

/// A tree with received parts, arbitrary texts and a stanza.
fn element() -> impl Strategy<Value = Element> {
    (inner(2), any::<String>(), any::<String>(), received()).prop_map(|(inner, text, ns, stanza)| {
        let read = document(&format!("<e xmlns:p='urn:p' xmlns:q='urn:q'>{inner}</e>")).unwrap().to_element();
        let own = Element::new("own", ns).attr("value", &text).attr("xml:lang", "en").text(text);
        Element::new("x", "urn:x").child(read).child(own).stanza(&stanza)
    })
}

#[derive(Clone, Debug)]
enum Step {
    Append(Element),
    AppendTwo(Element, Element),
    Without(&'static str),
    Wrap,
    From,
    Error,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        element().prop_map(Step::Append),
        (element(), element()).prop_map(|(one, other)| Step::AppendTwo(one, other)),
        prop_oneof![Just("b"), Just("a"), Just("x")].prop_map(Step::Without),
        Just(Step::Wrap),
        Just(Step::From),
        Just(Step::Error),
    ]
}

fn with_children(stanza: &Stanza, children: &[&Element]) -> Element {
    stanza.to_element().with_children(children.iter().map(|child| expanded(child)))
}

fn play(stanza: &Stanza, step: &Step) -> Stanza {
    match step {
        Step::Append(child) => {
            let next = stanza.append(child);
            assert_eq!(next.to_element(), with_children(stanza, &[child]));
            next
        }
        Step::AppendTwo(one, other) => {
            let next = stanza.append_all(&[one, other]);
            assert_eq!(next.to_element(), with_children(stanza, &[one, other]));
            assert_eq!(next, stanza.append(one).append(other));
            next
        }
        Step::Without(name) => {
            let next = stanza.without(|child| child.name() == *name);
            let kept =
                stanza.children().filter(|child| child.name() != *name).map(|child| child.to_element());
            assert!(next.children().map(|child| child.to_element()).eq(kept));
            assert_eq!(next.root().text(), stanza.root().text());
            next
        }
        Step::Wrap => {
            let element = wrapped(stanza);
            let next = Stanza::from_element(&element).unwrap();
            assert_eq!(next.to_element(), expanded(&element));
            let carried =
                next.payload().unwrap().first_child().unwrap().child("message", ns::CLIENT).unwrap();
            assert_eq!(carried.to_element(), stanza.to_element());
            next
        }
        Step::From => {
            stanza.clone().with_from(jid("from@x/\"<&>'")).with_lang_default(Arc::from("fr")).shared()
        }
        Step::Error => stanza.error_reply(&StanzaError::gone().text("<'>")).unwrap_or_else(|| stanza.clone()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// However a stanza was composed from received and own parts, the strict pass agrees with its tape.
    #[test]
    fn composed_is_read(start in received(), steps in proptest::collection::vec(step(), 1..5)) {
        let mut composed = start;
        for step in &steps {
            composed = play(&composed, step);
            check(&composed);
        }
    }

    #[test]
    fn any_element_becomes_the_same_document(element in element()) {
        let composed = Document::from_element(&element).unwrap();
        let xml = element.to_xml(ns::CLIENT);
        prop_assert_eq!(composed.as_str(), &xml);
        let read = document(&xml).unwrap();
        prop_assert!(composed.tape().same(read.tape(), &xml));
    }
}
