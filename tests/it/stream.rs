//! Streams from their first byte to their last: SASL, bind, stream management, and what is refused.

mod limited;

use client::Scram;
use serde_json::Value;
use xmpp::{Element, ns};

use crate::fixture::{BRANDS, Server, until};
use crate::raw::{Raw, condition, header, salt};

pub const JACK: &str = "jack@chess.example";
pub const ANNA: &str = "anna@chess.example";

pub fn server() -> Server {
    Server::start_with(BRANDS, &[JACK, ANNA])
}

fn open(server: &Server) -> Raw {
    Raw::open(server.address("c2s_plain"), "chess.example")
}

pub fn bound(server: &Server, jid: &str) -> Raw {
    Raw::bound(server.address("c2s_plain"), jid)
}

fn failure(element: &Element) -> String {
    assert!(element.is("failure", ns::SASL), "{}", element.to_xml(""));
    condition(element)
}

/// The salt that a user name gets, and the whole failure after it.
fn wrong(server: &Server, local: &str) -> (String, String) {
    let mut raw = open(server);
    let scram = Scram::sha256(local, "wrong");
    let challenge = raw.begin(&scram);
    let outcome = raw.finish(&scram, &challenge);
    assert_eq!(failure(&outcome), "not-authorized");
    (salt(&challenge), outcome.to_xml(""))
}

#[test]
fn an_unknown_user_looks_like_a_wrong_password() {
    let server = server();
    let known = wrong(&server, "jack");
    let unknown = wrong(&server, "nobody");
    assert_eq!(known.1, unknown.1);
    assert_eq!(known.0.len(), unknown.0.len());
    assert_eq!(wrong(&server, "nobody"), unknown, "the salt is the same each time");
    assert_ne!(wrong(&server, "nobody-else").0, unknown.0, "and another for another name");
    let server = Server::start_in(server.kill());
    assert_eq!(wrong(&server, "nobody"), unknown, "also after a restart");
    assert_eq!(wrong(&server, "jack"), known);
}

#[test]
fn sasl_failures_have_their_conditions() {
    let server = server();
    let mut raw = open(&server);
    raw.send(&format!("<auth xmlns='{}' mechanism='SCRAM-SHA-256'>%%%</auth>", ns::SASL));
    assert_eq!(failure(&raw.next()), "incorrect-encoding");
    raw.send(&format!("<auth xmlns='{}' mechanism='NTLM'>AA==</auth>", ns::SASL));
    assert_eq!(failure(&raw.next()), "invalid-mechanism");
    assert!(raw.begin(&Scram::sha256("jack", "secret")).is("challenge", ns::SASL));
    raw.send(&format!("<abort xmlns='{}'/>", ns::SASL));
    assert_eq!(failure(&raw.next()), "aborted");
    raw.begin(&Scram::sha256("jack", "secret"));
    raw.send(&format!("<response xmlns='{}'>*</response>", ns::SASL));
    assert_eq!(failure(&raw.next()), "incorrect-encoding");
    raw.authenticate("jack", "secret").expect("the stream goes on after failures");
}

#[test]
fn plain_is_for_tls_only() {
    let server = server();
    let mut raw = Raw::connect(server.address("c2s_plain"), "chess.example");
    let offered = |features: &Element| -> Vec<String> {
        features.find("mechanisms", ns::SASL).unwrap().children().map(Element::text_content).collect()
    };
    assert_eq!(offered(&raw.restart()), ["SCRAM-SHA-256", "SCRAM-SHA-1"]);
    assert_eq!(failure(&raw.plain("jack", "secret")), "invalid-mechanism");

    let mut raw = Raw::open(server.address("c2s"), "chess.example").starttls(None);
    let bound = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"];
    let expected: Vec<&str> = bound.into_iter().chain(["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]).collect();
    assert_eq!(offered(&raw.restart()), expected);
    let wrong = raw.plain("jack", "wrong").to_xml("");
    assert_eq!(raw.plain("nobody", "wrong").to_xml(""), wrong);
    assert!(raw.plain("jack", "secret").is("success", ns::SASL));
}

#[test]
fn the_fifth_failure_ends_the_stream() {
    let server = server();
    let mut raw = open(&server);
    for _ in 0..5 {
        assert_eq!(raw.authenticate("jack", "wrong"), Err("not-authorized".into()));
    }
    assert_eq!(raw.stream_error(), "policy-violation");
}

/// As deep as `depth` can be set: read, stored, read again, delivered; and what is deeper is refused.
#[test]
fn a_stanza_of_the_greatest_depth_is_carried() {
    let server =
        Server::start_with(&format!("[limits]\ndepth = {}\n{BRANDS}", net::MOST_DEPTH), &[JACK, ANNA]);
    let nested = |depth: u64| {
        let within = usize::try_from(depth - 1).unwrap();
        let payload = format!("<a xmlns='urn:x'>{}{}", "<a>".repeat(within - 1), "</a>".repeat(within));
        format!("<message type='chat' to='{ANNA}'><body>deep</body>{payload}</message>")
    };
    let mut jack = bound(&server, "jack@chess.example/desk");
    jack.send(&nested(net::MOST_DEPTH));
    assert!(jack.ping().is_empty());
    let mut anna = bound(&server, "anna@chess.example/desk");
    anna.send("<presence/>");
    let mut deep = anna.stanza();
    while deep.name() != "message" {
        deep = anna.stanza();
    }
    let mut depth = 1;
    let mut at = deep.find("a", "urn:x");
    while let Some(inner) = at {
        (depth, at) = (depth + 1, inner.find("a", "urn:x"));
    }
    assert_eq!(depth, net::MOST_DEPTH);
    jack.send(&nested(net::MOST_DEPTH + 1));
    assert_eq!(jack.stream_error(), "policy-violation");
    assert!(anna.ping().is_empty(), "the server lives");
}

#[test]
fn headers_that_are_refused() {
    let server = server();
    let (client, stream) = (ns::CLIENT, ns::STREAM);
    for (header, expected) in [
        (header("no.example"), "host-unknown"),
        (format!("<stream:stream xmlns='{client}' xmlns:stream='{stream}' version='1.0'>"), "host-unknown"),
        (
            format!("<stream:stream xmlns='{client}' xmlns:stream='{stream}' to='chess.example'>"),
            "unsupported-version",
        ),
        (
            format!("<stream:stream xmlns='urn:x' xmlns:stream='{stream}' to='chess.example' version='1.0'>"),
            "invalid-namespace",
        ),
        (
            format!("<stream:stream xmlns='{client}' xmlns:stream='urn:x' to='chess.example' version='1.0'>"),
            "invalid-namespace",
        ),
        (format!("<x:stream xmlns:x='{stream}'><"), "not-well-formed"),
        ("GET / HTTP/1.1\r\n\r\n".into(), "not-well-formed"),
    ] {
        for listener in ["c2s_plain", "c2s"] {
            let mut raw = Raw::connect(server.address(listener), "chess.example");
            raw.send(&header);
            let error = raw.stream_error();
            let allowed = [expected, "invalid-xml", "bad-format", "invalid-namespace"];
            let fits =
                if expected == "not-well-formed" { allowed.contains(&&*error) } else { error == expected };
            assert!(fits, "{error} on {listener} for {header}");
        }
    }
}

#[test]
fn nothing_but_sasl_and_bind_before_there_is_a_session() {
    let server = server();
    let message = format!("<message to='{JACK}'><body>x</body></message>");
    let mut raw = open(&server);
    raw.send(&message);
    assert_eq!(raw.stream_error(), "not-authorized");
    let mut raw = Raw::log_in(server.address("c2s_plain"), JACK);
    raw.send(&message);
    assert_eq!(raw.stream_error(), "not-authorized");
    // another domain's stream after the log-in is not that user's
    let mut raw = Raw::open(server.address("c2s_plain"), "chess.example");
    let scram = Scram::sha256("jack", "secret");
    let challenge = raw.begin(&scram);
    assert!(raw.finish(&scram, &challenge).is("success", ns::SASL));
    raw.send(&header("wuchess.example"));
    let mut raw = raw.with_new_stream();
    assert_eq!(raw.stream_error(), "host-unknown");
}

#[test]
fn a_taken_resource() {
    let config = ["replace", "refuse", "rename"]
        .map(|policy| format!("[[domain]]\nname = \"{policy}.example\"\nresource_conflict = \"{policy}\"\n"))
        .concat();
    let users = ["jack@replace.example", "jack@refuse.example", "jack@rename.example"];
    let server = Server::start_with(&config, &users);

    let mut old = bound(&server, "jack@replace.example/desk");
    let mut new = bound(&server, "jack@replace.example/desk");
    assert_eq!(new.jid, "jack@replace.example/desk");
    assert_eq!(old.stream_error(), "conflict");
    new.ping();

    let mut old = bound(&server, "jack@refuse.example/desk");
    let mut new = Raw::log_in(server.address("c2s_plain"), "jack@refuse.example");
    assert_eq!(new.bind("desk"), Err("conflict".into()));
    new.bind("other").expect("another resource is free");
    old.ping();

    let mut old = bound(&server, "jack@rename.example/desk");
    let mut new = bound(&server, "jack@rename.example/desk");
    assert_ne!(new.jid, "jack@rename.example/desk");
    old.ping();
    new.ping();
}

#[test]
fn a_second_bind_and_the_legacy_session() {
    let server = server();
    let mut raw = bound(&server, "jack@chess.example/desk");
    raw.send(&format!(
        "<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>\
         <iq type='set' id='b'><bind xmlns='{}'/></iq>",
        ns::BIND
    ));
    let session = raw.next();
    assert_eq!((session.get("id"), session.get("type")), (Some("s"), Some("result")));
    let second = raw.next();
    assert_eq!((second.get("id"), second.get("type")), (Some("b"), Some("error")), "{}", second.to_xml(""));
    raw.ping();
    let list: Value = serde_json::from_str(&server.ok(&["session", "list", "--json"])).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
}

pub fn resume(server: &Server, account: &str, id: &str, h: u32) -> Raw {
    let mut raw = Raw::log_in(server.address("c2s_plain"), account);
    raw.send(&format!("<resume xmlns='{}' previd='{id}' h='{h}'/>", ns::SM));
    raw
}

fn not_found(raw: &mut Raw) {
    let failed = raw.next();
    assert!(failed.is("failed", ns::SM), "{}", failed.to_xml(""));
    assert_eq!(condition(&failed), "item-not-found");
}

#[test]
fn a_resumption_that_is_refused_leaves_bind() {
    let server = server();
    let mut jack = bound(&server, "jack@chess.example/desk");
    let id = jack.manage();
    for wrong in ["", "x", "00000000000000000000000000000000", &id[1..]] {
        let mut raw = resume(&server, JACK, wrong, 0);
        not_found(&mut raw);
        raw.bind("other").expect("bind works instead");
    }
    let mut anna = resume(&server, ANNA, &id, 0);
    not_found(&mut anna);
    anna.bind("desk").unwrap();
    jack.ping();
    drop(jack);
    let mut again = resume(&server, JACK, &id, 0);
    assert!(again.next().is("resumed", ns::SM));
}

#[test]
fn more_acknowledged_than_sent() {
    let server = server();
    let mut jack = bound(&server, "jack@chess.example/desk");
    let id = jack.manage();
    jack.send(&format!("<a xmlns='{}' h='7'/>", ns::SM));
    assert_eq!(jack.stream_error(), "undefined-condition");
    let mut again = resume(&server, JACK, &id, 0);
    not_found(&mut again);

    let mut jack = bound(&server, "jack@chess.example/desk");
    let id = jack.manage();
    let mut again = resume(&server, JACK, &id, 7);
    assert_eq!(again.stream_error(), "undefined-condition");
    // nobody is left with a session that nobody reads
    assert_eq!(jack.stream_error(), "conflict");
    let mut anna = bound(&server, "anna@chess.example/x");
    anna.send("<message to='jack@chess.example' type='chat'><body>for the store</body></message>");
    anna.ping();
    until("the session that nobody reads has ended", || {
        let list: Value = serde_json::from_str(&server.ok(&["session", "list", "--json"])).unwrap();
        list.as_array().unwrap().iter().all(|one| one["jid"] != "jack@chess.example/desk")
    });
    let mut jack = bound(&server, "jack@chess.example/desk");
    assert_eq!(crate::kill::stored(&mut jack), ["for the store"]);
}

#[test]
fn the_tenth_failure_to_bind_ends_the_stream() {
    let server = server();
    let mut raw = Raw::log_in(server.address("c2s_plain"), JACK);
    for _ in 0..10 {
        raw.send(&format!("<enable xmlns='{}'/>", ns::SM));
        assert!(raw.next().is("failed", ns::SM));
    }
    assert_eq!(raw.stream_error(), "policy-violation");
}

#[test]
fn the_streams_language_is_that_of_its_stanzas() {
    let server = server();
    let mut jack = Raw::connect(server.address("c2s_plain"), "chess.example");
    jack.lang = "de";
    jack.restart();
    jack.authenticate("jack", "secret").unwrap();
    jack.bind("desk").unwrap();
    let mut says = |xml: &str| {
        jack.send(xml);
        jack.next().get("xml:lang").map(str::to_owned)
    };
    let to = "to='jack@chess.example/desk'";
    assert_eq!(says(&format!("<message {to}/>")).as_deref(), Some("de"), "RFC 6120 section 8.1.5");
    assert_eq!(says(&format!("<message {to} xml:lang='fr'/>")).as_deref(), Some("fr"), "its own");
    let mut plain = bound(&server, "jack@chess.example/other");
    plain.send("<message to='jack@chess.example/other'/>");
    assert_eq!(plain.next().get("xml:lang"), None, "a stream without a language stamps none");
}

#[test]
fn an_acknowledgement_that_was_asked_for_comes_when_the_message_is_stored() {
    let server = server();
    let mut jack = bound(&server, "jack@chess.example/desk");
    jack.manage();
    for count in 1..=3 {
        jack.send(&format!(
            "<message to='anna@chess.example' type='chat'><body>x</body></message><r xmlns='{}'/>",
            ns::SM
        ));
        loop {
            let answer = jack.next();
            assert!(answer.is("a", ns::SM), "{}", answer.to_xml(""));
            if answer.get("h") == Some(&*count.to_string()) {
                break;
            }
        }
    }
}

const PING: &str = "<ping xmlns='urn:xmpp:ping'/>";

/// RFC 6120 section 4.4: who closes its stream still gets what it has asked for.
#[test]
fn what_was_asked_before_the_end_is_answered() {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/a");
    let ping = |id: usize| format!("<iq type='get' id='{id}' to='chess.example'>{PING}</iq>");
    let roster = "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>";
    let asked: String = (0..10).map(ping).collect();
    anna.send(&format!("{asked}{roster}</stream:stream>"));
    let mut answered: Vec<String> = Vec::new();
    while let Some(element) = anna.try_next() {
        answered.push(element.get("id").unwrap().to_owned());
    }
    answered.sort();
    assert_eq!(answered.len(), 11);
    assert!(answered.contains(&"roster".to_owned()));
}
