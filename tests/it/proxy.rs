//! Behind a real nginx, with the configuration that `config/nginx.conf` recommends.

mod nginx;
mod tunnel;

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::Value;
use xmpp::ns;

use crate::fixture::Server;
use crate::scenario::client::{Client, Read1};
use crate::scenario::http::Http;
use crate::scenario::parse::Profile;
use crate::scenario::transport::{Transport, Way};

use nginx::Nginx;
use tunnel::Tunnel;

const DOMAIN: &str = "chess.example";
const JACK: &str = "jack@chess.example";
const ANNA: &str = "anna@chess.example";
const WEB: [Transport; 2] = [Transport::WebSocket, Transport::Bosh];

/// As docs/operators/behind-nginx.md says, and with a bound that is soon reached.
const CONFIG: &str = r#"
[limits]
trusted_proxies = ["127.0.0.1"]
logins_per_minute = 3
[[domain]]
name = "chess.example"
[domain.web]
websocket = "wss://chess.example/xmpp-websocket"
bosh = "https://chess.example/http-bind"
"#;

/// What somebody writes who would like to be somebody else.
const LIES: &str =
    "Forwarded: for=10.9.8.7;proto=https\r\nX-Forwarded-For: 10.9.8.7\r\nX-Forwarded-Proto: https\r\n";

struct Site {
    server: Server,
    nginx: Nginx,
}

fn start() -> Site {
    let server = Server::start_with(CONFIG, &[JACK, ANNA]);
    let nginx = Nginx::start(server.address("http"));
    Site { server, nginx }
}

/// Another machine, as far as the server can tell.
fn host(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, last)
}

impl Site {
    /// Through nginx, over TLS, from an address.
    fn through(&self, from: Ipv4Addr, headers: &str) -> SocketAddr {
        let roots = Some(self.nginx.roots.clone());
        Tunnel { from, to: self.nginx.https, roots, headers: headers.to_owned() }.open()
    }

    /// Past nginx, from an address.
    fn past(&self, from: Ipv4Addr, headers: &str) -> SocketAddr {
        Tunnel { from, to: self.server.address("http"), roots: None, headers: headers.to_owned() }.open()
    }

    /// The address and the transport that `session list` shows.
    fn shown(&self, jid: &str) -> (String, String) {
        let list: Value = serde_json::from_str(&self.server.ok(&["session", "list", "--json"])).unwrap();
        let session = list.as_array().unwrap().iter().find(|one| one["jid"] == jid);
        let session = session.unwrap_or_else(|| panic!("no session {jid} in {list}"));
        let text = |key: &str| session[key].as_str().unwrap().to_owned();
        let address = text("address");
        let address = address.parse::<SocketAddr>().map_or(address, |address| address.ip().to_string());
        (address, text("transport"))
    }
}

fn profile(jid: &str, password: &str) -> Profile {
    Profile { jid: jid.to_owned(), password: password.to_owned(), exists: true }
}

fn log_in(way: Way, jid: &str) -> Client {
    Client::connect(way, &profile(jid, "secret")).unwrap()
}

/// The mechanisms that a stream offers.
fn offered(way: Way) -> Vec<String> {
    let mut wire = way.connect().unwrap();
    wire.open(DOMAIN).unwrap();
    let features = wire.read().unwrap().expect("no features");
    let mechanisms = features.find("mechanisms", ns::SASL).expect("no mechanisms");
    mechanisms.children().map(|mechanism| mechanism.text_content()).collect()
}

/// An answer's status, its `Location` and its body.
fn get(address: SocketAddr, path: &str) -> (u16, String, String) {
    let mut http = Http::connect(address).unwrap();
    http.request(&format!("GET {path}"), "", "").unwrap();
    let (head, body) = http.answer().unwrap();
    let location = head.get("location").unwrap_or_default().to_owned();
    (head.status, location, String::from_utf8(body).unwrap())
}

#[test]
fn both_transports_lead_through_nginx() {
    let site = start();
    let [mut jack, mut anna] = [(WEB[0], "jack@chess.example/w", 2), (WEB[1], "anna@chess.example/b", 3)]
        .map(|(transport, jid, last)| log_in(Way { transport, address: site.through(host(last), "") }, jid));
    for (one, other, to) in [(0, 1, "anna@chess.example/b"), (1, 0, "jack@chess.example/w")] {
        let both = [&mut jack, &mut anna];
        let message =
            format!("<message xmlns='{}' to='{to}' type='chat'><body>e4</body></message>", ns::CLIENT);
        both[one].write(&message).unwrap();
        match both[other].read().unwrap() {
            Read1::Element(element) => assert!(element.is("message", ns::CLIENT), "{}", element.to_xml("")),
            Read1::End => panic!("the stream has ended"),
        }
    }
    jack.close().unwrap();
    anna.close().unwrap();
}

#[test]
fn plain_is_offered_because_the_proxy_says_https() {
    let site = start();
    let plain = |transport, address| offered(Way { transport, address }).contains(&"PLAIN".to_owned());
    for transport in WEB {
        assert!(plain(transport, site.through(host(2), "")), "{transport:?} through nginx");
        assert!(
            plain(transport, site.through(host(2), "X-Forwarded-Proto: http\r\n")),
            "{transport:?}, lying"
        );
        assert!(!plain(transport, site.past(host(2), "")), "{transport:?} past nginx");
        assert!(!plain(transport, site.past(host(2), LIES)), "{transport:?} past nginx, lying");
        assert!(
            !plain(transport, site.past(host(1), "")),
            "{transport:?} from a proxy that does not say https"
        );
    }
}

#[test]
fn clients_have_their_own_addresses_whatever_they_claim() {
    let site = start();
    let names = ["ws", "bosh"];
    for (transport, name) in WEB.into_iter().zip(names) {
        for (last, headers) in [(2, ""), (3, LIES)] {
            for (way, address) in
                [("through", site.through(host(last), headers)), ("past", site.past(host(last), headers))]
            {
                let jid = format!("{JACK}/{name}-{way}-{last}");
                let client = log_in(Way { transport, address }, &jid);
                let (shown, over) = site.shown(&jid);
                assert_eq!((shown, over), (host(last).to_string(), name.to_owned()), "{jid}");
                client.close().unwrap();
            }
        }
    }
}

#[test]
fn failed_log_ins_lock_out_their_own_address() {
    let site = start();
    for (transport, guesser, other) in [(WEB[0], 2, 3), (WEB[1], 4, 5)] {
        // a lie that changes with every attempt does not help
        for attempt in 0..3 {
            let lie = format!("Forwarded: for=10.0.0.{attempt}\r\nX-Forwarded-For: 10.0.0.{attempt}\r\n");
            let way = Way { transport, address: site.through(host(guesser), &lie) };
            let refused = Client::try_log_in(way, &profile(JACK, "guess")).unwrap().err();
            assert_eq!(refused.as_deref(), Some("not-authorized"), "{transport:?}, attempt {attempt}");
        }
        let way = Way { transport, address: site.through(host(guesser), "") };
        let refused = Client::try_log_in(way, &profile(JACK, "secret")).unwrap().err();
        assert_eq!(refused.as_deref(), Some("temporary-auth-failure"), "{transport:?}");
        let way = Way { transport, address: site.through(host(other), "") };
        log_in(way, &format!("{JACK}/{transport:?}")).close().unwrap();
    }
}

#[test]
fn discovery_and_the_page_are_there_and_http_leads_to_https() {
    let site = start();
    let through = site.through(host(2), "");
    let (status, _, found) = get(through, "/.well-known/host-meta.json");
    assert_eq!(status, 200);
    let found: Value = serde_json::from_str(&found).unwrap();
    let hrefs: Vec<_> = found["links"].as_array().unwrap().iter().map(|link| link["href"].clone()).collect();
    assert!(hrefs.contains(&Value::from("wss://chess.example/xmpp-websocket")), "{found}");
    assert!(hrefs.contains(&Value::from("https://chess.example/http-bind")), "{found}");
    assert_eq!(get(through, "/.well-known/host-meta").0, 200);
    assert_eq!(get(through, "/").0, 200);

    let open = Tunnel { from: host(2), to: site.nginx.http, roots: None, headers: String::new() }.open();
    let (status, location, _) = get(open, "/http-bind?x=1");
    assert_eq!((status, location.as_str()), (308, "https://chess.example/http-bind?x=1"));
}
