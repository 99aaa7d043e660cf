//! WebSocket (RFC 7395) over HTTP/1.1 and HTTP/2, with TLS and without.

mod client;
mod faults;
mod http2;
mod resumption;
mod tape;

use std::net::SocketAddr;

use ::client::stream::open;
use serde_json::Value;
use xmpp::{Element, ns};

use crate::fixture::{BRANDS, Server, folder, until};
use crate::raw::Raw;
use crate::scenario::http::Http;
use crate::stream::{JACK, bound, server};

use client::Frame;
pub use client::{Client, Way};

const DESK: &str = "jack@chess.example/desk";

/// A WebSocket over plain HTTP/1.1, logged in and bound.
fn desk(server: &Server) -> Client {
    let mut client = Client::new(server, Way::Http);
    client.bound(DESK);
    client
}

/// What `session list` shows of a session.
fn shown(server: &Server, jid: &str) -> Option<Value> {
    let list: Value = serde_json::from_str(&server.ok(&["session", "list", "--json"])).unwrap();
    list.as_array().unwrap().iter().find(|one| one["jid"] == jid).cloned()
}

fn gone(server: &Server, jid: &str) {
    until("the session has ended", || shown(server, jid).is_none());
}

fn message(to: &str, body: &str) -> String {
    format!("<message xmlns='{}' to='{to}' type='chat'><body>{body}</body></message>", ns::CLIENT)
}

fn body(element: &Element) -> String {
    element.find("body", ns::CLIENT).unwrap().text_content()
}

/// The mechanisms that a stream to the first brand offers.
fn mechanisms(client: &mut Client) -> Vec<String> {
    let features = client.open("chess.example");
    features.find("mechanisms", ns::SASL).unwrap().children().map(Element::text_content).collect()
}

#[test]
fn a_session_on_each_way() {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    for way in Way::ALL {
        let mut jack = Client::new(&server, way);
        jack.bound(DESK);
        let session = shown(&server, DESK).unwrap();
        let about = (session["transport"].as_str(), session["tls"].is_string());
        assert_eq!(about, (Some("ws"), way.secure()), "{way:?}");
        for length in [1, 100, 1000, 100_000] {
            let text = "x".repeat(length);
            jack.say(&message("anna@chess.example/tcp", &text));
            assert_eq!(body(&anna.next()), text, "{way:?}");
            anna.send(&message(DESK, &text));
            assert_eq!(body(&jack.stanza("message")), text, "{way:?}");
        }
        jack.say(&format!("<close xmlns='{}'/>", ns::FRAMING));
        jack.closes(1000);
        gone(&server, DESK);
    }
}

#[test]
fn the_framing_of_the_rfc() {
    let server = server();
    let mut client = Client::new(&server, Way::Http);
    client.say(&open("chess.example"));
    let opened = client.text();
    // Clients look for these as texts.
    assert!(opened.starts_with("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='"), "{opened}");
    assert!(opened.contains(" from='chess.example'") && opened.ends_with(" version='1.0'/>"), "{opened}");
    let features = client.text();
    let start = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>";
    assert!(features.starts_with(start) && features.ends_with("</stream:features>"), "{features}");
    client.authenticate("jack");
    client.open("chess.example");
    // A client that declares no namespace is understood as over TCP.
    client.say("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    assert!(client.text().starts_with("<iq xmlns='jabber:client' "));
}

fn refusal(address: SocketAddr, line: &str, fields: &str) -> (u16, String) {
    let mut http = Http::connect(address).unwrap();
    http.request(line, fields, "").unwrap();
    let (head, body) = http.answer().unwrap();
    (head.status, String::from_utf8(body).unwrap())
}

#[test]
fn what_is_no_websocket_is_refused_in_words() {
    let server = server();
    let address = server.address("http");
    let right = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let get = "GET /xmpp-websocket";
    assert_eq!(refusal(address, get, right), (400, "the subprotocol \"xmpp\" is required\n".into()));
    let other = format!("{right}Sec-WebSocket-Protocol: chat\r\n");
    assert_eq!(refusal(address, get, &other).0, 400);
    assert_eq!(refusal(address, get, ""), (426, "use a WebSocket client\n".into()));
    let old = right.replace("13", "8");
    assert_eq!(refusal(address, get, &old), (426, "WebSocket version 13 is required\n".into()));
    assert_eq!(refusal(address, "POST /xmpp-websocket", right).0, 405);
}

const ORIGINS: &str = r#"
[[domain]]
name = "chess.example"
origins = ["https://chess.example"]
[[domain]]
name = "wuchess.example"
"#;

#[test]
fn pages_of_other_origins_are_not_let_in() {
    let server = Server::start_with(ORIGINS, &[JACK]);
    let address = server.address("http");
    for wrong in [
        "https://evil.example",
        "http://chess.example",
        "https://chess.example.evil.example",
        "null",
        "\u{e4}",
    ] {
        let mut client = Client::with(address, &format!("Origin: {wrong}\r\n"));
        client.say(&open("chess.example"));
        assert!(client.next().is("open", ns::FRAMING));
        client.ends("policy-violation", 1000);
        // A brand that names no origins takes all.
        Client::with(address, &format!("Origin: {wrong}\r\n")).open("wuchess.example");
    }
    Client::with(address, "Origin: https://chess.example\r\n").open("chess.example");
    // What is no page has no origin.
    Client::with(address, "").open("chess.example");
}

#[test]
fn clients_are_sent_elsewhere() {
    let config = "[[domain]]\nname = \"chess.example\"\n[domain.web]\nsee_other_uri = [\"https://new.example/bosh\", \"wss://new.example/xmpp\"]\n";
    let server = Server::start(config);
    let mut client = Client::new(&server, Way::Http);
    client.say(&open("chess.example"));
    assert!(client.next().is("open", ns::FRAMING));
    let close = client.next();
    assert!(close.is("close", ns::FRAMING));
    assert_eq!(close.get("see-other-uri"), Some("wss://new.example/xmpp"));
    assert_eq!(client.hear(), Frame::Close(Some(1000)));
}

#[test]
fn a_plain_password_is_for_https_only() {
    let server = server();
    let scram = ["SCRAM-SHA-256", "SCRAM-SHA-1"];
    for way in Way::ALL {
        let offered = mechanisms(&mut Client::new(&server, way));
        match way.secure() {
            true => assert_eq!(offered, [scram.as_slice(), &["PLAIN"]].concat()),
            false => assert_eq!(offered, scram),
        }
    }
}

#[test]
fn only_trusted_proxies_are_believed() {
    let trusting = format!("[limits]\ntrusted_proxies = [\"127.0.0.0/8\"]\n{BRANDS}");
    let lies = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n";
    let address_of = |server: &Server, mut client: Client| {
        client.bound(DESK);
        let session = shown(server, DESK).unwrap();
        let address = session["address"].as_str().unwrap().parse::<SocketAddr>().unwrap();
        (address.ip().to_string(), session["tls"].is_string())
    };
    let server = server();
    let client = Client::with(server.address("http"), lies);
    assert_eq!(address_of(&server, client), ("127.0.0.1".into(), false));
    let server = Server::start_with(&trusting, &[JACK]);
    let address = server.address("http");
    assert_eq!(address_of(&server, Client::with(address, lies)), ("192.0.2.1".into(), true));
    let line = Client::behind(address, "PROXY TCP4 192.0.2.2 127.0.0.1 4711 80\r\n");
    assert_eq!(address_of(&server, line), ("192.0.2.2".into(), false));
    assert!(mechanisms(&mut Client::with(address, lies)).contains(&"PLAIN".to_owned()));
}

#[test]
fn a_log_in_that_takes_too_long() {
    let config = format!("[limits]\nlogin_seconds = 5\n{BRANDS}");
    let server = Server::start(&config);
    let mut silent = Client::new(&server, Way::Http);
    let mut slow = Client::new(&server, Way::Http2);
    slow.open("chess.example");
    assert!(silent.next().is("open", ns::FRAMING));
    silent.ends("connection-timeout", 1000);
    slow.ends("connection-timeout", 1000);
}

#[test]
fn a_server_that_stops_says_so() {
    let server = server();
    let mut clients: Vec<_> = Way::ALL.map(|way| Client::new(&server, way)).into_iter().collect();
    clients[0].bound(DESK);
    clients[1].open("chess.example");
    clients[2].bound("anna@chess.example/desk");
    clients[3].open("chess.example");
    let stopping = std::thread::spawn(move || server.stop().0);
    for mut client in clients {
        client.ends("system-shutdown", 1000);
    }
    assert_eq!(stopping.join().unwrap(), Some(0));
}

#[test]
fn https_shows_each_domain_its_certificate() {
    let dir = folder(BRANDS);
    let server = Server::start_in(dir);
    let address = server.address("https");
    let shown = |sni: &str| Raw::connect(address, sni).handshake(sni, &["h2", "http/1.1"], None);
    let (chess, wuchess) = (shown("chess.example").unwrap(), shown("wuchess.example").unwrap());
    assert_ne!(chess.certificate(), wuchess.certificate());
    assert_eq!(chess.protocol().as_deref(), Some("h2"));
    assert!(shown("other.example").is_err());
}

#[test]
fn what_was_asked_before_the_end_is_answered() {
    let server = server();
    let mut jack = desk(&server);
    for id in 0..10 {
        let (client, ping) = (ns::CLIENT, ns::PING);
        jack.say(&format!(
            "<iq xmlns='{client}' type='get' id='{id}' to='chess.example'><ping xmlns='{ping}'/></iq>"
        ));
    }
    jack.say("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    for id in 0..10 {
        assert_eq!(jack.next().get("id"), Some(&*id.to_string()));
    }
    jack.closes(1000);
}
