//! A server with accounts, and clients of all kinds that log in there.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::driver::Driver;
use crate::fixture::{BRANDS, Server, castling, folder};

/// Each account with a password of its own: that of one brand must not open the other.
pub const ACCOUNTS: [(&str, &str); 4] = [
    ("jack@chess.example", "jack-chess"),
    ("anna@chess.example", "anna-chess"),
    ("jack@wuchess.example", "jack-wuchess"),
    ("away@chess.example", "away-chess"),
];
const DOMAINS: [&str; 2] = ["chess.example", "wuchess.example"];

/// A server with these accounts.
pub fn start() -> Server {
    let dir = folder(BRANDS);
    let rows: String = ACCOUNTS.iter().map(|(jid, password)| format!("{jid},{password}\n")).collect();
    fs::write(dir.path().join("users.csv"), rows).unwrap();
    let added = castling(dir.path(), &["user", "add", "--from", "users.csv"], "");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    Server::start_in(dir)
}

/// The certificate that the server has made for a domain.
pub fn certificate(server: &Server, domain: &str) -> PathBuf {
    server.dir.path().join(format!("data/certificates/{domain}.crt"))
}

/// A file with the certificates of all domains.
fn certificates(server: &Server, domains: &[&str]) -> PathBuf {
    let read = |domain: &&str| fs::read_to_string(certificate(server, domain)).unwrap();
    let all: String = domains.iter().map(read).collect();
    let file = server.dir.path().join("certificates.pem");
    fs::write(&file, all).unwrap();
    file
}

fn domain(jid: &str) -> &str {
    jid.split(['@', '/']).nth(1).unwrap()
}

/// A library, and what it speaks over.
#[derive(Clone, Copy, Debug)]
pub enum Over {
    /// slixmpp.
    StartTls,
    Tls,
    /// Strophe.js over WebSocket, with and without TLS.
    StropheWss,
    StropheWs,
    /// Strophe.js over BOSH, with and without TLS.
    StropheHttps,
    StropheHttp,
    /// @xmpp/client over WebSocket, with and without TLS.
    XmppWss,
    XmppWs,
}

impl Over {
    /// How the order to log in names it; the server's certificate is verified where there is one.
    fn fields(self, server: &Server, jid: &str) -> Value {
        let ca = certificate(server, domain(jid));
        let port = |listener: &str| server.address(listener).port();
        let web = |client: &str, scheme: &str, path: &str| {
            let (host, port) = match matches!(scheme, "wss" | "https") {
                true => (domain(jid), port("https")),
                false => ("127.0.0.1", port("http")),
            };
            json!({ "client": client, "service": format!("{scheme}://{host}:{port}{path}") })
        };
        match self {
            Self::StartTls => json!({ "starttls": port("c2s"), "ca": ca }),
            Self::Tls => json!({ "tls": port("c2s_tls"), "ca": ca }),
            Self::StropheWss => web("strophe", "wss", "/xmpp-websocket"),
            Self::StropheWs => web("strophe", "ws", "/xmpp-websocket"),
            Self::StropheHttps => web("strophe", "https", "/http-bind"),
            Self::StropheHttp => web("strophe", "http", "/http-bind"),
            Self::XmppWss => web("xmpp", "wss", "/xmpp-websocket"),
            Self::XmppWs => web("xmpp", "ws", "/xmpp-websocket"),
        }
    }
}

/// The order to log in with an account's password.
pub fn log_in(server: &Server, name: &str, jid: &str, over: Over, resumes: bool) -> Value {
    let account = ACCOUNTS.iter().find(|(account, _)| jid.starts_with(account));
    let password = account.map_or("", |(_, password)| password);
    let mut order =
        json!({ "do": "log-in", "as": name, "jid": jid, "password": password, "resumes": resumes });
    let fields = over.fields(server, jid);
    fields.as_object().unwrap().iter().for_each(|(name, value)| order[name] = value.clone());
    order
}

/// A server, and its clients.
pub struct Stage {
    pub clients: Driver,
    pub server: Server,
}

impl Stage {
    pub fn start() -> Self {
        Self::on(start(), &DOMAINS)
    }

    /// A server with these domains.
    pub fn on(server: Server, domains: &[&str]) -> Self {
        Self { clients: Driver::start(&certificates(&server, domains)), server }
    }

    /// Somebody comes online.
    pub fn log_in(&mut self, name: &str, jid: &str, over: Over, resumes: bool) {
        let order = log_in(&self.server, name, jid, over, resumes);
        self.clients.obey(&order);
        self.tell(name, "online");
    }

    /// Somebody carries out an order that needs no more words.
    pub fn tell(&mut self, name: &str, order: &str) {
        self.clients.obey(&json!({ "do": order, "as": name }));
    }

    pub fn say(&mut self, name: &str, to: &str, body: &str) {
        self.clients.obey(&json!({ "do": "say", "as": name, "to": to, "body": body }));
        self.tell(name, "barrier");
    }
}
