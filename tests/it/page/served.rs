//! What browsers are served: the page's files, the list of sites, host-meta.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::{BRANDS, start};
use crate::fixture::{PATIENCE, Server};

/// An answer: status line and fields in lower case, and the body.
struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn is(&self, status: u16) -> bool {
        self.head.starts_with(&format!("http/1.1 {status} "))
    }

    fn field(&self, name: &str) -> &str {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| *field == name).map_or("", |(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Asks the server; `fields` are lines with their ends.
fn ask(server: &Server, method: &str, path: &str, fields: &str) -> Answer {
    let mut socket = TcpStream::connect(server.address("http")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(socket, "{method} {path} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer { head: head.to_ascii_lowercase(), body: body.to_owned() }
}

fn get(server: &Server, path: &str, host: &str) -> Answer {
    ask(server, "GET", path, &format!("Host: {host}\r\n"))
}

#[test]
fn the_page_and_its_files() {
    let server = start(BRANDS);
    let page = get(&server, "/", "chess.example:5280");
    assert!(page.is(200) && page.body.starts_with("<!doctype html>"), "{}", page.head);
    let policy = page.field("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(policy.contains("connect-src 'self' ws://chess.example:5280;"), "{policy}");
    for (field, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "deny"),
    ] {
        assert_eq!(page.field(field), value, "{field}");
    }
    let script =
        page.body.split('"').find(|text| text.starts_with("page-") && text.ends_with(".js")).unwrap();
    let script = get(&server, &format!("/{script}"), "chess.example");
    assert_eq!(script.field("content-type"), "text/javascript; charset=utf-8");
    assert!(script.field("cache-control").ends_with("immutable"), "{}", script.head);

    let fields = format!("Host: chess.example\r\nIf-None-Match: {}\r\n", page.field("etag"));
    let again = ask(&server, "GET", "/", &fields);
    assert!(
        again.is(304) && again.body.is_empty() && again.field("etag") == page.field("etag"),
        "{}",
        again.head
    );
    let head = ask(&server, "HEAD", "/", "Host: chess.example\r\n");
    assert!(head.is(200) && head.body.is_empty(), "{}", head.head);
    assert_eq!(head.field("content-length"), page.body.len().to_string());
    assert!(ask(&server, "POST", "/", "Host: chess.example\r\nContent-Length: 0\r\n").is(405));
    assert!(get(&server, "/../castling.toml", "chess.example").is(404));
    assert!(get(&server, "/index.html", "chess.example").is(404));
}

#[test]
fn a_host_cannot_write_the_policy() {
    let server = start(BRANDS);
    let page = get(&server, "/", "evil.example;script-src");
    assert!(!page.field("content-security-policy").contains("evil.example"), "{}", page.head);
}

#[test]
fn the_sites_to_choose_from() {
    let server = start(BRANDS);
    let sites = get(&server, "/brands.json", "wuchess.example");
    assert_eq!(sites.field("content-type"), "application/json");
    let wu = json!({ "domain": "wuchess.example", "title": "<b>Wu</b> & \"co\"", "color": "#4477aa" });
    let chess = json!({ "domain": "chess.example", "title": "Chess", "color": "#77aa44" });
    assert_eq!(sites.json(), json!({ "brands": [wu, chess] }), "the site that was asked for is first");
    server.ok(&["domain", "disable", "wuchess.example"]);
    assert_eq!(get(&server, "/brands.json", "wuchess.example").json(), json!({ "brands": [chess] }));
}

#[test]
fn where_websocket_and_bosh_are() {
    let server = start(
        "[[domain]]\nname = \"chess.example\"\n[[domain]]\nname = \"wuchess.example\"\n\
         web = { websocket = \"wss://ws.wuchess.example/x\", bosh = \"https://wuchess.example/b\" }\n\
         [[domain]]\nname = \"bücher.example\"\n",
    );
    let links = |host: &str| {
        let answer = get(&server, "/.well-known/host-meta.json", host);
        assert_eq!(answer.field("access-control-allow-origin"), "*", "{}", answer.head);
        assert_eq!(answer.field("content-type"), "application/json");
        let links = answer.json()["links"].clone();
        [0, 1].map(|at| links[at]["href"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        links("chess.example:5280"),
        ["ws://chess.example:5280/xmpp-websocket", "http://chess.example:5280/http-bind"]
    );
    assert_eq!(links("WuChess.example"), ["wss://ws.wuchess.example/x", "https://wuchess.example/b"]);
    assert_eq!(
        links("xn--bcher-kva.example")[0],
        "ws://xn--bcher-kva.example/xmpp-websocket",
        "names in addresses are A-labels"
    );
    let xrd = get(&server, "/.well-known/host-meta", "chess.example");
    assert_eq!(xrd.field("content-type"), "application/xrd+xml; charset=utf-8");
    assert!(xrd.body.contains("href='http://chess.example/http-bind'"), "{}", xrd.body);
    let policy = get(&server, "/", "chess.example").field("content-security-policy").to_owned();
    assert!(
        policy.contains("https://wuchess.example ws://chess.example wss://ws.wuchess.example"),
        "{policy}"
    );
}

#[test]
fn nobody_asks_for_hosts_that_are_not_served() {
    let server = start(BRANDS);
    for host in ["127.0.0.1", "other.example", "", "chess.example.evil"] {
        for path in ["/.well-known/host-meta", "/.well-known/host-meta.json"] {
            let answer = get(&server, path, host);
            assert!(answer.is(404) || answer.is(400), "{host}: {}", answer.head);
        }
    }
}
