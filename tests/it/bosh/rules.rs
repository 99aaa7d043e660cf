//! What a client must not do: its session ends, and no other.

use xmpp::ns;

use super::{Client, condition, is_empty, message, post, server};
use crate::fixture::{BRANDS, Server};
use crate::raw::Raw;
use crate::stream::{ANNA, JACK, bound};

/// Does this to a session; another one goes on, and the contact hears that the first has gone.
fn ends(what: impl FnOnce(&mut Client, &mut Raw) -> String, expected: &str) {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut other = Client::online(&server, "jack@chess.example/other", "hold='1'");
    let mut jack = Client::log_in(&server, "jack@chess.example/web", "hold='1'");
    jack.settle("<presence to='anna@chess.example/tcp'/>");
    assert_eq!(anna.next().get("from"), Some("jack@chess.example/web"));
    assert_eq!(what(&mut jack, &mut anna), expected);
    let gone = anna.next();
    assert_eq!((gone.get("from"), gone.get("type")), (Some("jack@chess.example/web"), Some("unavailable")));
    assert_eq!(condition(&jack.ask("", "")), "item-not-found", "the session is no more");
    other.settle(&message("anna@chess.example/tcp", "I am here"));
    assert_eq!(anna.next().get("from"), Some("jack@chess.example/other"));
}

fn told(jack: &Client, rid: u64, attributes: &str, inside: &str) -> String {
    condition(&jack.send_as(rid, attributes, inside).body()).to_owned()
}

#[test]
fn a_request_beyond_the_window() {
    ends(|jack, _| told(jack, jack.rid + 3, "", ""), "item-not-found");
}

#[test]
fn request_ids_of_zero_and_beyond_all_numbers() {
    ends(|jack, _| told(jack, 0, "", ""), "item-not-found");
    ends(|jack, _| told(jack, u64::MAX, "", ""), "item-not-found");
}

#[test]
fn a_request_id_that_is_too_old() {
    ends(|jack, _| told(jack, jack.rid - 10, "", ""), "item-not-found");
}

#[test]
fn a_held_request_is_told_that_it_was_another() {
    ends(
        |jack, anna| {
            let held = super::order::held(jack, anna);
            assert_eq!(told(jack, jack.rid + 3, "", ""), "item-not-found");
            condition(&held.body()).to_owned()
        },
        "other-request",
    );
}

#[test]
fn a_body_that_is_too_large() {
    let large = message(ANNA, &"x".repeat(200_000)).repeat(30);
    ends(|jack, _| told(jack, jack.rid + 1, "", &large), "policy-violation");
}

#[test]
fn a_stanza_that_is_too_large() {
    let large = "x".repeat(270_000);
    ends(|jack, _| told(jack, jack.rid + 1, "", &message(ANNA, &large)), "remote-stream-error");
}

#[test]
fn a_malformed_body() {
    ends(
        |jack, _| {
            let answer = jack.send("", "<message></presence>").body();
            assert!(answer.to_xml("").contains("not-well-formed"), "{}", answer.to_xml(""));
            condition(&answer).to_owned()
        },
        "bad-request",
    );
}

#[test]
fn a_stream_that_has_a_name() {
    ends(|jack, _| told(jack, jack.rid + 1, "stream='two'", &message(ANNA, "x")), "item-not-found");
}

#[test]
fn a_stanza_for_somebody_else() {
    ends(
        |jack, _| {
            let forged = "<message xmlns='jabber:client' from='anna@chess.example' to='jack@chess.example'/>";
            let answer = jack.ask("", forged);
            assert!(answer.to_xml("").contains("invalid-from"), "{}", answer.to_xml(""));
            condition(&answer).to_owned()
        },
        "remote-stream-error",
    );
}

#[test]
fn empty_requests_that_come_too_often() {
    ends(
        |jack, _| {
            // Each is answered for the next, until that is too many.
            let (mut held, mut answered) = (jack.send("", ""), 0);
            let told = loop {
                let next = jack.send("", "");
                let told = held.body();
                if !is_empty(&told) {
                    assert_eq!(condition(&told), "other-request");
                    break next.body();
                }
                (held, answered) = (next, answered + 1);
            };
            assert!(answered >= 10, "{answered}");
            condition(&told).to_owned()
        },
        "policy-violation",
    );
}

#[test]
fn a_polling_client_that_does_not_wait() {
    let server = server();
    let mut jack = Client::log_in(&server, "jack@chess.example/web", "wait='0'");
    jack.settle("");
    let mut answer = jack.ask("", "");
    while is_empty(&answer) {
        answer = jack.ask("", "");
    }
    assert_eq!(condition(&answer), "policy-violation");
}

/// Each is SHA-1 of the one after it, in hexadecimal.
const KEYS: [&str; 3] = [
    "7f4820d8895f8267869363e10bf0b8158daa19b2",
    "ee9d80e206e7496c89fc34c85bd3998b3cf2b741",
    "e51fd1b46928409a0fdbd44bdae28d2d7741813b",
];

#[test]
fn keys() {
    let server = server();
    let auth = format!("<auth xmlns='{}' mechanism='NTLM'/>", ns::SASL);
    let (mut jack, _) = Client::begin(server.address("http"), &format!("newkey='{}'", KEYS[0]));
    assert!(jack.ask(&format!("key='{}'", KEYS[1]), &auth).to_xml("").contains("invalid-mechanism"));
    assert!(
        jack.ask(&format!("key='{}'", KEYS[2].to_uppercase()), &auth).get("condition").is_some(),
        "other letters"
    );
    let (mut jack, _) = Client::begin(server.address("http"), &format!("newkey='{}'", KEYS[0]));
    assert_eq!(condition(&jack.ask("", &auth)), "item-not-found");
}

#[test]
fn no_stream_management() {
    let server = server();
    let mut jack = Client::log_in(&server, "jack@chess.example/web", "hold='1'");
    for element in ["<enable xmlns='urn:xmpp:sm:3' resume='true'/>", "<r xmlns='urn:xmpp:sm:3'/>"] {
        let answer = jack.ask("", element);
        let failed = answer.find("failed", ns::SM).unwrap_or_else(|| panic!("{}", answer.to_xml("")));
        assert!(failed.find("feature-not-implemented", ns::STANZAS).is_some());
        assert!(failed.find("text", ns::STANZAS).unwrap().text_content().contains("BOSH"));
    }
    assert!(jack.settle("").is_empty(), "the session goes on");
}

#[test]
fn sessions_of_one_address_that_do_not_log_in() {
    let server =
        Server::start_with(&format!("[limits]\nbosh_sessions_per_address = 3\n{BRANDS}"), &[JACK, ANNA]);
    let address = server.address("http");
    let mut jack = Client::log_in(&server, "jack@chess.example/web", "");
    let begun: Vec<_> = (0..3).map(|_| Client::begin(address, "").0).collect();
    let refused = || post(address, &super::body("rid='1' to='chess.example' ver='1.6'", "")).body();
    assert_eq!(condition(&refused()), "policy-violation");
    assert!(refused().to_xml("").contains("too many unauthenticated sessions"));
    assert!(jack.settle("").is_empty());
    let [mut one, ..] = <[Client; 3]>::try_from(begun).ok().unwrap();
    one.go_on("jack@chess.example/two");
    Client::begin(address, "");
}

#[test]
fn a_session_over_tls_stays_there() {
    let more = format!("[limits]\ntrusted_proxies = [\"127.0.0.1\"]\n{BRANDS}");
    let server = Server::start_with(&more, &[JACK]);
    let secure = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";
    let (mut jack, _) = Client::begin_with(server.address("http"), secure, "hold='1'");
    jack.fields = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\n".into();
    let (head, _) = jack.send("", "").answer();
    assert_eq!(head.status, 403);
    jack.rid -= 1;
    jack.fields = "X-Forwarded-For: 198.51.100.9\r\nX-Forwarded-Proto: https\r\n".into();
    jack.go_on("jack@chess.example/web"); // from another address, and nothing has happened to it
    let list = server.ok(&["session", "list", "--json"]);
    for expected in ["\"bosh\"", "\"tls\": \"tls\"", "198.51.100.9"] {
        assert!(list.contains(expected), "{list}");
    }
}

/// A reader that is too slow, as over TCP.
#[test]
fn a_mailbox_that_is_full() {
    let more = format!("[limits]\nmailbox_stanzas = 20\n{BRANDS}");
    let server = Server::start_with(&more, &[JACK, ANNA]);
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    for n in 0..30 {
        anna.send(&message("jack@chess.example/web", &n.to_string()));
    }
    anna.ping();
    let answer = jack.ask("", "");
    assert!(answer.to_xml("").contains("resource-constraint"), "{}", answer.to_xml(""));
    assert_eq!(condition(&answer), "remote-stream-error");
    drop(jack);
    let mut again = bound(&server, "jack@chess.example/again");
    again.send("<presence/>");
    let mut heard = Vec::new();
    while heard.len() < 30 {
        heard.extend(again.next().find("body", ns::CLIENT).map(|body| body.text_content()));
    }
    assert_eq!(heard, (0..30).map(|n| n.to_string()).collect::<Vec<_>>());
}

/// A client puts all that waits into one body: it is taken in order, as far as it can be read.
#[test]
fn a_body_is_taken_element_by_element() {
    let server = Server::start_with(BRANDS, &[JACK, ANNA]);
    let mut anna = bound(&server, "anna@chess.example/tcp");
    anna.send("<presence/>");
    anna.ping();
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    let long = "x".repeat(10_000);
    let many: String = (0..60).map(|n| message("anna@chess.example/tcp", &format!("{n} {long}"))).collect();
    assert!(jack.settle(&many).is_empty());
    for n in 0..60 {
        let body = anna.next().find("body", ns::CLIENT).unwrap().text_content();
        assert!(body.starts_with(&format!("{n} ")));
    }
    let ping = format!(
        "<iq xmlns='{}' type='get' id='before' to='chess.example'><ping xmlns='{}'/></iq>",
        ns::CLIENT,
        ns::PING
    );
    let said = format!(
        "{}{ping}<presence xmlns='jabber:client'><!-- no --></presence>",
        message("anna@chess.example/tcp", "last")
    );
    let answer = jack.ask("", &said);
    assert_eq!(condition(&answer), "remote-stream-error", "{}", answer.to_xml(""));
    assert!(answer.find("error", ns::STREAM).unwrap().find("restricted-xml", ns::STREAMS_ERR).is_some());
    assert!(answer.children().any(|child| child.get("id") == Some("before")), "{}", answer.to_xml(""));
    assert_eq!(anna.next().find("body", ns::CLIENT).unwrap().text_content(), "last");
}
