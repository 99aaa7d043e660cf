//! What waits for a client, by whose share of its mailbox it takes up; and how many clients there may be.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use xmpp::{Element, ns};

use crate::fixture::{BRANDS, Server, until};
use crate::raw::{Raw, header};
use crate::stream::{ANNA, JACK, bound, server};

/// A number of `castling stats`.
pub fn stat(server: &Server, name: &str) -> u64 {
    server.stats()[name].as_u64().unwrap()
}

fn chat(to: &str, id: usize, body: &str) -> String {
    format!("<message to='{to}' type='chat' id='{id}'><body>{body}</body></message>")
}

/// The condition of a stanza error.
pub fn error_of(stanza: &Element) -> Option<&str> {
    let error = stanza.find("error", ns::CLIENT)?;
    error.children().find(|child| child.ns() == ns::STANZAS).map(Element::name)
}

#[test]
fn a_flood_ends_nobody_who_reads() {
    const COUNT: usize = 20_000;
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/desk");
    anna.send("<presence/>");
    anna.ping();
    let mut jack = bound(&server, "jack@chess.example/desk");
    let reader = std::thread::spawn(move || {
        let mut ids = Vec::new();
        while ids.last() != Some(&(COUNT - 1)) {
            let stanza = anna.next();
            assert!(!stanza.is("error", ns::STREAM), "{}", stanza.to_xml(""));
            if stanza.is("message", ns::CLIENT) {
                ids.push(stanza.get("id").unwrap().parse::<usize>().unwrap());
            }
        }
        ids
    });
    let flood: String = (0..COUNT).map(|id| chat(ANNA, id, "e4")).collect();
    jack.send(&flood);
    let bounced = jack.ping();
    assert!(bounced.is_empty(), "{} were refused, such as {}", bounced.len(), bounced[0].to_xml(""));
    assert_eq!(reader.join().unwrap(), (0..COUNT).collect::<Vec<_>>());
    assert_eq!(stat(&server, "slow_readers"), 0);
}

/// What is within the limits can be read, on every transport, with stream management and without.
#[test]
fn the_largest_roster_can_be_read() {
    const CONTACTS: usize = 5000;
    let server = server();
    let mut writer = bound(&server, "anna@chess.example/writer");
    let text = |n: usize| format!("{n:04}{}", "n".repeat(316));
    for n in 0..CONTACTS {
        let item = format!("<item jid='c{n}@wuchess.example' name='{0}'><group>{0}</group></item>", text(n));
        writer.send(&format!("<iq type='set' id='{n}'><query xmlns='jabber:iq:roster'>{item}</query></iq>"));
        if n >= 50 {
            assert_eq!(writer.next().get("type"), Some("result"));
        }
    }
    (0..50).for_each(|_| assert_eq!(writer.next().get("type"), Some("result")));
    let ask = "<iq type='get' id='any'><query xmlns='jabber:iq:roster'/></iq>";
    let items = |roster: &Element| {
        roster.find("query", "jabber:iq:roster").map_or(0, |query| query.children().count())
    };
    for managed in [false, true] {
        let mut reader = bound(&server, "anna@chess.example/reader");
        if managed {
            reader.manage();
        }
        reader.send(ask);
        assert_eq!(items(&reader.stanza()), CONTACTS);
        assert!(reader.ping().iter().all(|element| element.ns() == ns::SM));
    }
    let mut web = crate::websocket::Client::new(&server, crate::websocket::Way::Http);
    web.bound("anna@chess.example/web");
    web.say(&ask.replacen("<iq", &format!("<iq xmlns='{}'", ns::CLIENT), 1));
    assert_eq!(items(&web.stanza("iq")), CONTACTS);
    assert_eq!(items(&crate::bosh::comes_and_goes(&server, "anna@chess.example/bosh", ask)), CONTACTS);
    assert_eq!(stat(&server, "slow_readers"), 0);
}

#[test]
fn before_log_in_an_element_is_short() {
    let server = server();
    let long =
        |size: usize| format!("<auth xmlns='{}' mechanism='PLAIN'>{}</auth>", ns::SASL, "A".repeat(size));
    let mut raw = Raw::open(server.address("c2s_plain"), "chess.example");
    raw.send(&long(9_000));
    assert!(raw.next().is("failure", ns::SASL));
    raw.send(&long(20_000));
    assert_eq!(raw.stream_error(), "policy-violation");
    let mut anna = bound(&server, "anna@chess.example/a");
    anna.send(&chat(JACK, 1, &"x".repeat(200_000)));
    assert!(anna.ping().is_empty(), "logged in, it may be long");
}

/// Does the server hold this connection, on which the beginning of a stream is written?
fn is_held(address: SocketAddr) -> Option<TcpStream> {
    let mut socket = TcpStream::connect(address).unwrap();
    let _ = socket.write_all(header("chess.example").as_bytes());
    matches!(socket.read(&mut [0; 1]), Ok(1)).then_some(socket)
}

#[test]
fn connections_are_counted_and_bounded() {
    let server = Server::start_with(&format!("[limits]\nconnections = 3\n{BRANDS}"), &[]);
    let address = server.address("c2s_plain");
    let held: Vec<_> = (0..3).map(|_| is_held(address).unwrap()).collect();
    assert!(is_held(address).is_none());
    assert_eq!((stat(&server, "connections"), stat(&server, "connections_refused")), (3, 1));
    let file = server.dir.path().join("castling.toml");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("connections = 3", "connections = 4"))
        .unwrap();
    server.ok(&["reload"]);
    let fourth = is_held(address).unwrap();
    drop((held, fourth));
    until("their ends are seen", || stat(&server, "connections") == 0);
    assert!(is_held(address).is_some());
}

/// Asks over HTTP as a proxy does for its client; whether that is answered. The connection stays.
fn asks(address: SocketAddr, client: &str) -> (TcpStream, bool) {
    let mut socket = TcpStream::connect(address).unwrap();
    let line = format!("PROXY TCP4 {client} 192.0.2.9 4711 80\r\n");
    let _ =
        socket.write_all(format!("{line}GET /http-bind HTTP/1.1\r\nHost: chess.example\r\n\r\n").as_bytes());
    let answered = matches!(socket.read(&mut [0; 1]), Ok(1));
    (socket, answered)
}

#[test]
fn clients_behind_a_proxy_count_by_their_own_address() {
    let limits = "[limits]\ntrusted_proxies = [\"127.0.0.1\"]\nconnections_per_address = 2\n";
    let server = Server::start_with(&format!("{limits}{BRANDS}"), &[]);
    let address = server.address("http");
    let held: Vec<_> = (0..2).map(|_| asks(address, "198.51.100.1")).collect();
    assert!(held.iter().all(|(_, answered)| *answered));
    assert!(!asks(address, "198.51.100.1").1);
    assert!(asks(address, "198.51.100.2").1);
    drop(held);
    until("their ends are seen", || asks(address, "198.51.100.1").1);
}

/// What a reload sets holds for who is logged in already, from the next stanza on.
#[test]
fn a_reload_sets_the_limits_of_sessions() {
    let limits = |bytes: u32| format!("[limits]\nstanza_bytes = {bytes}\n");
    let server = Server::start_with(&format!("{}{BRANDS}", limits(50_000)), &[JACK, ANNA]);
    let mut anna = bound(&server, "anna@chess.example/a");
    let mut jack = bound(&server, "jack@chess.example/a");
    let mut jack_web = crate::websocket::Client::new(&server, crate::websocket::Way::Http);
    jack_web.bound("jack@chess.example/web");
    let long = chat("carl@chess.example", 1, &"x".repeat(30_000));
    let long_web = long.replacen("<message", &format!("<message xmlns='{}'", ns::CLIENT), 1);
    anna.send(&long);
    assert!(error_of(&anna.next()).is_some());
    jack_web.say(&long_web);
    assert!(error_of(&jack_web.next()).is_some());
    let set = |from: u32, to: u32| {
        let file = server.dir.path().join("castling.toml");
        fs::write(&file, fs::read_to_string(&file).unwrap().replace(&limits(from), &limits(to))).unwrap();
        server.ok(&["reload"]);
    };
    set(50_000, 20_000);
    anna.send(&long);
    assert_eq!(anna.stream_error(), "policy-violation");
    jack_web.say(&long_web);
    jack_web.ends("policy-violation", 1009);
    set(20_000, 60_000);
    jack.send(&long);
    assert!(error_of(&jack.next()).is_some(), "it may be longer again");
}
