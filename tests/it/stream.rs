//! Streams from their first byte to their last: SASL, bind, stream management, and what is refused.

use serde_json::Value;
use xmpp::{Element, ns};

use crate::fixture::{BRANDS, Server, until};
use crate::raw::{Raw, condition, header, salt};
use crate::scenario::scram::Scram;

const JACK: &str = "jack@chess.example";
const ANNA: &str = "anna@chess.example";

fn server() -> Server {
    Server::start_with(BRANDS, &[JACK, ANNA])
}

fn open(server: &Server) -> Raw {
    Raw::open(server.address("c2s_plain"), "chess.example")
}

fn bound(server: &Server, jid: &str) -> Raw {
    Raw::bound(server.address("c2s_plain"), jid)
}

fn failure(element: &Element) -> String {
    assert!(element.is("failure", ns::SASL), "{}", element.to_xml(""));
    condition(element)
}

/// The salt that a user name gets, and the whole failure after it.
fn wrong(server: &Server, local: &str) -> (String, String) {
    let mut raw = open(server);
    let scram = Scram::new(local, "wrong");
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
    assert!(raw.begin(&Scram::new("jack", "secret")).is("challenge", ns::SASL));
    raw.send(&format!("<abort xmlns='{}'/>", ns::SASL));
    assert_eq!(failure(&raw.next()), "aborted");
    raw.begin(&Scram::new("jack", "secret"));
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
    assert_eq!(offered(&raw.restart()), ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]);
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

#[test]
fn failed_log_ins_are_limited_by_address() {
    let server = Server::start_with(&format!("[limits]\nlogins_per_minute = 2\n{BRANDS}"), &[JACK]);
    for _ in 0..2 {
        assert_eq!(open(&server).authenticate("jack", "wrong"), Err("not-authorized".into()));
    }
    let limited = Err("temporary-auth-failure".into());
    assert_eq!(open(&server).authenticate("jack", "secret"), limited, "the right password, too");
    let free = Server::start_with(&format!("[limits]\nlogins_per_minute = 0\n{BRANDS}"), &[JACK]);
    for _ in 0..4 {
        assert_eq!(open(&free).authenticate("jack", "wrong"), Err("not-authorized".into()));
    }
    open(&free).authenticate("jack", "secret").unwrap();
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
    let scram = Scram::new("jack", "secret");
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

fn resume(server: &Server, account: &str, id: &str, h: u32) -> Raw {
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

/// A message of ten kilobytes.
fn heavy(to: &str, number: u32) -> String {
    format!("<message to='{to}' type='chat' id='{number}'><body>{}</body></message>", "x".repeat(10_000))
}

fn slow_readers(server: &Server) -> u64 {
    let stats: Value = serde_json::from_str(&server.ok(&["stats", "--json"])).unwrap();
    stats["slow_readers"].as_u64().unwrap()
}

/// Sends to somebody who does not read until the server has had enough of it, and a little more. A bystander is
/// served all the time. How many were sent.
fn flood(server: &Server, sender: &mut Raw, bystander: &mut Raw) -> u32 {
    for round in 0..500 {
        let enough = slow_readers(server) > 0;
        for number in round * 20..(round + 1) * 20 {
            sender.send(&heavy("anna@chess.example", number));
        }
        sender.send(&format!("<message to='{}' type='chat' id='r{round}'/>", bystander.jid));
        assert_eq!(bystander.next().get("id"), Some(&*format!("r{round}")));
        if enough {
            sender.ping();
            return (round + 1) * 20;
        }
    }
    panic!("who does not read is not closed");
}

const SLOW: &str = "[limits]\nmailbox_bytes = 100000\nstanza_bytes = 20000\n[[domain]]\nname = \"chess.example\"\n\
                    modules = { offline = { messages = 0 } }\n";

#[test]
fn a_slow_reader_with_stream_management_loses_nothing() {
    let server = Server::start_with(SLOW, &[JACK, ANNA]);
    let mut slow = bound(&server, "anna@chess.example/slow");
    slow.manage();
    slow.send("<presence/>");
    slow.ping();
    let (mut jack, mut bystander) =
        (bound(&server, "jack@chess.example/a"), bound(&server, "jack@chess.example/b"));
    let sent = flood(&server, &mut jack, &mut bystander);
    assert_eq!(slow.stream_error(), "resource-constraint");
    let mut anna = bound(&server, "anna@chess.example/next");
    let ids: Vec<u32> = crate::kill::stored_elements(&mut anna)
        .iter()
        .map(|message| message.get("id").unwrap().parse().unwrap())
        .collect();
    assert_eq!(ids, (0..sent).collect::<Vec<_>>());
}

#[test]
fn who_asks_and_does_not_read_is_a_slow_reader() {
    let server = Server::start_with(SLOW, &[ANNA]);
    let mut slow = bound(&server, "anna@chess.example/slow");
    slow.manage();
    let questions = format!("<enable xmlns='{}'/>", ns::SM).repeat(1000);
    let closed = (0..2000).any(|_| !slow.try_send(&questions));
    assert!(closed, "answers pile up without a bound");
    assert_eq!(slow_readers(&server), 1);
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
fn a_slow_readers_mailbox_goes_to_the_other_resource() {
    let server = Server::start_with(&SLOW.replace("100000", "2000000"), &[JACK, ANNA]);
    let mut slow = bound(&server, "anna@chess.example/slow");
    slow.send("<presence><priority>5</priority></presence>");
    slow.ping();
    let (mut jack, mut bystander) =
        (bound(&server, "jack@chess.example/a"), bound(&server, "jack@chess.example/b"));
    let mut other = bound(&server, "anna@chess.example/other");
    other.send("<presence/>");
    other.ping();
    let sent = {
        // the other resource reads as it comes
        let reader = std::thread::spawn(move || {
            let mut ids: Vec<u32> = Vec::new();
            loop {
                let element = other.next();
                if element.get("id") == Some("end") {
                    return ids;
                }
                if element.is("message", ns::CLIENT) {
                    ids.push(element.get("id").unwrap().parse().unwrap());
                }
            }
        });
        let sent = flood(&server, &mut jack, &mut bystander);
        jack.send("<message to='anna@chess.example' type='chat' id='end'/>");
        (sent, reader.join().unwrap())
    };
    let (sent, ids) = sent;
    let first = *ids.first().expect("the other resource got what the slow one had not");
    assert_eq!(ids, (first..sent).collect::<Vec<_>>(), "in order and without a gap");
    assert!(first > 0, "the slow one had some");
}

#[test]
fn a_session_that_waits_to_be_resumed_is_no_slow_reader() {
    let server = server();
    let mut lost = bound(&server, "anna@chess.example/lost");
    let id = lost.manage();
    lost.send("<presence/>");
    lost.ping();
    drop(lost);
    until("the lost connection is seen", || server.ok(&["session", "list"]).contains("detached"));
    let mut jack = bound(&server, "jack@chess.example/desk");
    jack.manage();
    let say = |jack: &mut Raw, from: u32, to: u32| {
        for number in from..to {
            jack.send(&format!("<message to='{ANNA}' type='chat' id='{number}'><body>x</body></message>"));
        }
        jack.ping();
    };
    say(&mut jack, 0, 60);
    let mut busy = bound(&server, "anna@chess.example/busy");
    busy.manage();
    busy.send("<presence><priority>5</priority></presence>");
    busy.ping();
    say(&mut jack, 60, 63);
    server.ok(&["session", "kick", "anna@chess.example/busy"]);
    say(&mut jack, 63, 64);
    until("everything has found its place", || {
        jack.send(&format!("<r xmlns='{}'/>", ns::SM));
        // 64 messages and three pings
        loop {
            let answer = jack.next();
            if answer.is("a", ns::SM) {
                return answer.get("h") == Some("67");
            }
        }
    });
    let mut again = resume(&server, ANNA, &id, 2);
    let resumed = again.next();
    assert!(resumed.is("resumed", ns::SM), "{}", resumed.to_xml(""));
    let ids: Vec<u32> = std::iter::repeat_with(|| again.stanza())
        .filter(|stanza| stanza.is("message", ns::CLIENT))
        .take(64)
        .map(|message| message.get("id").unwrap().parse().unwrap())
        .collect();
    assert_eq!(ids, (0..64).collect::<Vec<_>>());
}
