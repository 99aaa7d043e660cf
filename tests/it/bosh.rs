//! BOSH by the letter (XEP-0124, XEP-0206): every body is the test's to write and to read.

mod attacks;
mod behind;
mod creation;
mod delivery;
mod ends;
mod order;
mod origins;
mod rules;

use std::net::SocketAddr;

use client::Scram;
use xmpp::{Document, Element, ElementLimits, ns};

use crate::fixture::Server;
use crate::scenario::http::{Head, Http};
use crate::stream::server;

const FIRST: u64 = 4_000_000_000_000;

/// A body for these attributes.
fn body(attributes: &str, inside: &str) -> String {
    format!("<body {attributes} xmlns='{}' xmlns:xmpp='{}'>{inside}</body>", ns::HTTPBIND, ns::XBOSH)
}

/// A request that was sent and is not answered yet.
struct Asked(Http);

impl Asked {
    fn answer(mut self) -> (Head, String) {
        let (head, body) = self.0.answer().unwrap();
        (head, String::from_utf8(body).unwrap())
    }

    /// The answer's body.
    fn body(self) -> Element {
        let (head, body) = self.answer();
        assert_eq!(head.status, 200, "{body}");
        assert_eq!(head.get("content-type"), Some("text/xml; charset=utf-8"));
        parse(&body)
    }

    /// An answer without a body.
    fn head(mut self) -> Head {
        self.0.head().unwrap()
    }

    /// The connection is lost.
    fn lose(mut self) {
        self.0.cut();
    }
}

fn parse(body: &str) -> Element {
    let document = Document::parse(body.as_bytes().to_vec().into(), "", &ElementLimits::OWN);
    document.unwrap_or_else(|error| panic!("{error}: {body}")).to_element()
}

/// A session that logs in, asks something with the id `any`, has its answer, and ends; the answer.
pub fn comes_and_goes(server: &Server, jid: &str, ask: &str) -> Element {
    let mut client = Client::log_in(server, jid, "hold='1'");
    let mut inside = ask;
    loop {
        let answer = client.ask("", inside);
        assert_eq!(answer.get("type"), None, "{}", answer.to_xml(""));
        if let Some(found) = answer.children().find(|stanza| stanza.get("id") == Some("any")) {
            client.ask("type='terminate'", "");
            return found.clone();
        }
        inside = "";
    }
}

/// Sends a request of any kind; `fields` are lines with their ends.
fn ask(address: SocketAddr, line: &str, fields: &str, body: &str) -> Asked {
    let mut http = Http::connect(address).unwrap();
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    http.request(line, &format!("{fields}{length}"), body).unwrap();
    Asked(http)
}

fn post(address: SocketAddr, body: &str) -> Asked {
    ask(address, "POST /http-bind", "Content-Type: text/xml; charset=utf-8\r\n", body)
}

/// The condition that a body ends its session with.
fn condition(body: &Element) -> &str {
    assert_eq!(body.get("type"), Some("terminate"), "{}", body.to_xml(""));
    body.get("condition").unwrap_or_default()
}

fn is_empty(body: &Element) -> bool {
    body.attributes().is_empty() && body.nodes().is_empty()
}

/// A session, and the number of its last request.
struct Client {
    address: SocketAddr,
    /// More lines of a request's head.
    fields: String,
    sid: String,
    rid: u64,
}

impl Client {
    /// A session as this asks for it; its first response too.
    fn begin(address: SocketAddr, attributes: &str) -> (Self, Element) {
        Self::begin_with(address, "", attributes)
    }

    fn begin_with(address: SocketAddr, fields: &str, attributes: &str) -> (Self, Element) {
        Self::begin_as(address, fields, attributes, "")
    }

    /// With this in the first request.
    fn begin_saying(address: SocketAddr, inside: &str) -> (Self, Element) {
        Self::begin_as(address, "", "", inside)
    }

    fn begin_as(address: SocketAddr, fields: &str, attributes: &str, inside: &str) -> (Self, Element) {
        let mut client = Self { address, fields: fields.to_owned(), sid: String::new(), rid: FIRST };
        let wishes = format!("to='chess.example' ver='1.6' xmpp:version='1.0' rid='{FIRST}' {attributes}");
        let first = client.post(&body(&wishes, inside)).body();
        client.sid = first.get("sid").unwrap_or_else(|| panic!("{}", first.to_xml(""))).to_owned();
        (client, first)
    }

    fn post(&self, body: &str) -> Asked {
        ask(self.address, "POST /http-bind", &self.fields, body)
    }

    fn xml(&self, rid: u64, attributes: &str, inside: &str) -> String {
        body(&format!("sid='{}' rid='{rid}' {attributes}", self.sid), inside)
    }

    /// Sends a request with this number.
    fn send_as(&self, rid: u64, attributes: &str, inside: &str) -> Asked {
        self.post(&self.xml(rid, attributes, inside))
    }

    /// Sends the next request.
    fn send(&mut self, attributes: &str, inside: &str) -> Asked {
        self.rid += 1;
        self.send_as(self.rid, attributes, inside)
    }

    /// Sends the next request and waits for its answer.
    fn ask(&mut self, attributes: &str, inside: &str) -> Element {
        self.send(attributes, inside).body()
    }

    /// Logged in with the usual password, a resource bound.
    fn log_in(server: &Server, jid: &str, attributes: &str) -> Self {
        let (mut client, _) = Self::begin(server.address("http"), attributes);
        client.go_on(jid);
        client
    }

    fn authenticate(&mut self, local: &str) {
        let scram = Scram::sha256(local, "secret");
        let answer = self.ask("", &scram.auth());
        let challenge = answer.find("challenge", ns::SASL).unwrap().text_content();
        let response = scram.response(&challenge).unwrap();
        assert!(self.ask("", &response).find("success", ns::SASL).is_some());
    }

    fn go_on(&mut self, jid: &str) {
        let (account, resource) = jid.split_once('/').unwrap();
        self.authenticate(account.split_once('@').unwrap().0);
        let restarted = self.ask("xmpp:restart='true' to='chess.example'", "");
        let features = restarted.find("features", ns::STREAM).unwrap();
        assert!(features.find("bind", ns::BIND).is_some() && features.find("sm", ns::SM).is_none());
        let bind = format!("<bind xmlns='{}'><resource>{resource}</resource></bind>", ns::BIND);
        let answer = self.ask("", &format!("<iq xmlns='jabber:client' type='set' id='bind'>{bind}</iq>"));
        assert!(answer.to_xml("").contains(jid), "{}", answer.to_xml(""));
    }

    /// Available, and everything that came before the server took note of it.
    fn online(server: &Server, jid: &str, attributes: &str) -> Self {
        let mut client = Self::log_in(server, jid, attributes);
        client.settle("<presence/>");
        client
    }

    /// Sends these stanzas and goes on asking until the server has taken them.
    fn settle(&mut self, stanzas: &str) -> Vec<Element> {
        let ping = format!("<ping xmlns='{}'/>", ns::PING);
        let mut inside = format!("{stanzas}<iq type='get' id='settled' to='chess.example'>{ping}</iq>");
        let mut found: Vec<Element> = Vec::new();
        while !found.iter().any(|stanza| stanza.get("id") == Some("settled")) {
            let answer = self.ask("", &std::mem::take(&mut inside));
            assert_eq!(answer.get("type"), None, "{}", answer.to_xml(""));
            found.extend(answer.children().cloned());
        }
        found.retain(|stanza| stanza.get("id") != Some("settled"));
        found
    }
}

/// The texts of the messages in a body.
fn texts(body: &Element) -> Vec<String> {
    let bodies = body.children().filter_map(|stanza| stanza.find("body", ns::CLIENT));
    bodies.map(Element::text_content).collect()
}

fn message(to: &str, text: &str) -> String {
    format!("<message xmlns='jabber:client' type='chat' to='{to}'><body>{text}</body></message>")
}
