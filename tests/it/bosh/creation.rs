//! How a session begins, and what is no beginning.

use xmpp::ns;

use super::{Client, ask, body, condition, parse, post, server};
use crate::fixture::{BRANDS, Server};

fn mechanisms(first: &xmpp::Element) -> Vec<String> {
    let features = first.find("features", ns::STREAM).unwrap();
    let list = features.find("mechanisms", ns::SASL).unwrap();
    list.children().map(xmpp::Element::text_content).collect()
}

#[test]
fn the_first_response_tells_everything() {
    let server = server();
    let asked = "wait='99' hold='9' ack='1' content='text/html' route='xmpp:elsewhere:5222' from='jack@chess.example' \
                 xml:lang='de' secure='true'";
    let (_, first) = Client::begin(server.address("http"), asked);
    for (name, value) in [
        ("wait", "60"),
        ("hold", "2"),
        ("requests", "3"),
        ("inactivity", "60"),
        ("polling", "2"),
        ("maxpause", "120"),
        ("ver", "1.6"),
        ("ack", "4000000000000"),
        ("charsets", "UTF-8"),
        ("from", "chess.example"),
    ] {
        assert_eq!(first.get(name), Some(value), "{name}: {}", first.to_xml(""));
    }
    assert!(first.get("sid").unwrap().len() == 32 && first.get("authid").is_some());
    assert_eq!(first.get("secure"), None, "it is not");
    let xbosh = |name: &str| {
        let found =
            first.attributes().iter().find(|a| a.name.ends_with(name) && a.ns.as_deref() == Some(ns::XBOSH));
        found.map(|a| a.value.clone())
    };
    assert_eq!((xbosh("restartlogic").as_deref(), xbosh(":version").as_deref()), (Some("true"), Some("1.0")));
    assert!(mechanisms(&first).iter().all(|name| name.starts_with("SCRAM")), "no PLAIN without TLS");
}

#[test]
fn session_ids_differ() {
    let server = server();
    let (one, _) = Client::begin(server.address("http"), "");
    let (two, _) = Client::begin(server.address("http"), "");
    assert_ne!(one.sid, two.sid);
}

#[test]
fn over_tls_says_a_trusted_proxy() {
    let server = Server::start(&format!("[limits]\ntrusted_proxies = [\"127.0.0.1\"]\n{BRANDS}"));
    let fields = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";
    let (_, first) = Client::begin_with(server.address("http"), fields, "secure='true'");
    assert_eq!(first.get("secure"), Some("true"));
    assert!(mechanisms(&first).contains(&"PLAIN".to_owned()));
}

#[test]
fn what_is_no_beginning() {
    let server = server();
    let refused = |attributes: &str| {
        let answer = post(server.address("http"), &body(&format!("ver='1.6' {attributes}"), "")).body();
        condition(&answer).to_owned()
    };
    for (attributes, expected) in [
        ("rid='1' to='unknown.example'", "host-unknown"),
        ("rid='1'", "improper-addressing"),
        ("rid='1' to=''", "improper-addressing"),
        ("rid='1' to='@'", "improper-addressing"),
        ("rid='0' to='chess.example'", "bad-request"),
        ("rid='9007199254740992' to='chess.example'", "bad-request"),
        ("rid='1' to='chess.example' newkey='short'", "bad-request"),
        ("rid='1' sid='0123456789abcdef0123456789abcdef'", "item-not-found"),
        ("rid='1' sid=''", "item-not-found"),
    ] {
        assert_eq!(refused(attributes), expected, "{attributes}");
    }
    let old =
        post(server.address("http"), &body("ver='1.6' rid='1' to='chess.example' xmpp:version='0.9'", ""));
    assert!(old.body().to_xml("").contains("unsupported-version"));
}

/// Clients of before version 1.6 know HTTP's status codes only.
#[test]
fn old_clients_are_told_by_status() {
    let server = server();
    let status = |xml: &str| post(server.address("http"), xml).answer().0.status;
    assert_eq!(status(&body("rid='1' to=''", "")), 200, "has no status of its own");
    assert_eq!(status(&body("rid='0' to='chess.example'", "")), 400);
    assert_eq!(status("<body"), 400);
    assert_eq!(status("hello"), 400);
    let wishes = body("rid='5' to='chess.example' hold='1'", "");
    let first = post(server.address("http"), &wishes).body();
    assert_eq!(first.get("ver"), None);
    let sid = first.get("sid").unwrap();
    let (head, answer) = post(server.address("http"), &body(&format!("sid='{sid}' rid='99'"), "")).answer();
    assert_eq!((head.status, condition(&parse(&answer))), (404, "item-not-found"));
}

#[test]
fn whoever_opens_the_address_in_a_browser_reads_what_it_is() {
    let server = server();
    let get = |line: &str| ask(server.address("http"), line, "", "");
    let (head, text) = get("GET /http-bind").answer();
    assert_eq!((head.status, head.get("content-type")), (200, Some("text/plain; charset=utf-8")));
    assert!(text.contains("BOSH"), "{text}");
    let (head, _) = get("PUT /http-bind").answer();
    assert_eq!((head.status, head.get("allow")), (405, Some("GET, POST, OPTIONS")));
    assert_eq!(get("GET /http-bind/").answer().0.status, 200, "with a slash behind it is the same address");
    assert_eq!(get("GET /http-bind//").answer().0.status, 404);
}

#[test]
fn bodies_in_other_encodings() {
    let server = server();
    let begin = body("rid='1' to='chess.example' ver='1.6'", "");
    for (fields, expected) in [
        ("Content-Type: text/xml; charset=ISO-8859-1\r\n", 415),
        ("Content-Encoding: gzip\r\n", 415),
        ("Content-Type: text/plain; charset=\"UTF-8\"\r\nContent-Encoding: identity\r\n", 200),
        ("", 200),
    ] {
        let (head, _) = ask(server.address("http"), "POST /http-bind", fields, &begin).answer();
        assert_eq!(head.status, expected, "{fields}");
    }
}

/// What comes with the first request is taken after it.
#[test]
fn a_first_request_that_says_more() {
    let server = server();
    let auth = format!("<auth xmlns='{}' mechanism='NTLM'/>", ns::SASL);
    let (mut jack, first) = Client::begin_saying(server.address("http"), &auth);
    let mut said = first.to_xml("");
    while !said.contains("invalid-mechanism") {
        said += &jack.ask("", "").to_xml("");
    }
    jack.go_on("jack@chess.example/web");
}

#[test]
fn a_domain_that_has_moved() {
    let web = "see_other_uri = [\"wss://elsewhere.example/ws\", \"https://elsewhere.example/bosh?a&b\"]";
    let server = Server::start(&format!("[[domain]]\nname = \"chess.example\"\nweb = {{ {web} }}\n"));
    let answer = post(server.address("http"), &body("rid='1' to='chess.example' ver='1.6'", "")).body();
    assert_eq!(condition(&answer), "see-other-uri");
    assert_eq!(
        answer.find("uri", ns::HTTPBIND).unwrap().text_content(),
        "https://elsewhere.example/bosh?a&b"
    );
}
