//! A client of RFC 7395 that speaks by the letter: every frame is the test's to write and to read.

use std::net::SocketAddr;

use client::frame::masked;
use client::stream::open;
use client::{Io, Message, Scram, WebSocket};
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsConnector;
use xmpp::{Document, Element, ElementLimits, ns};

use super::http2;
use super::tape::{Tape, taped};
use crate::fixture::Server;
use crate::patience::wait;
use crate::raw;

pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

/// One is offered; none may be agreed on.
const EXTENSION: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/// The four ways to a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Http,
    Https,
    Http2,
    Https2,
}

impl Way {
    pub const ALL: [Self; 4] = [Self::Http, Self::Https, Self::Http2, Self::Https2];

    pub fn secure(self) -> bool {
        matches!(self, Self::Https | Self::Https2)
    }
}

/// What the server sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    Text(String),
    Pong(Vec<u8>),
    /// The code, if there is one.
    Close(Option<u16>),
    /// The connection has ended.
    End,
}

/// A WebSocket. What does not go as a test expects panics.
pub struct Client {
    socket: WebSocket,
    /// What the server has sent, of which not all has been looked at.
    tape: Tape,
}

impl Client {
    pub fn new(server: &Server, way: Way) -> Self {
        let address = server.address(if way.secure() { "https" } else { "http" });
        match way {
            Way::Http => Self::with(address, ""),
            Way::Https => Self::upgraded(secured(address), ""),
            Way::Http2 | Way::Https2 => {
                let (io, tape) = taped(wait(http2::tunnel(address, way.secure())));
                Self { socket: wait(WebSocket::within(io)), tape }
            }
        }
    }

    /// Over plain HTTP/1.1, with more header lines.
    pub fn with(address: SocketAddr, headers: &str) -> Self {
        Self::upgraded(connected(address), headers)
    }

    /// The connection begins with other bytes.
    pub fn behind(address: SocketAddr, line: &str) -> Self {
        let mut io = connected(address);
        wait(io.write_all(line.as_bytes())).unwrap();
        Self::upgraded(io, "")
    }

    /// The status that is answered to a client that asks for one, with more header lines.
    pub fn asked(address: SocketAddr, headers: &str) -> u16 {
        let (_, answer) = wait(WebSocket::upgrade(connected(address), "chess.example", headers)).unwrap();
        answer.status().as_u16()
    }

    fn upgraded(io: Io, headers: &str) -> Self {
        let (io, mut tape) = taped(io);
        let fields = format!("{EXTENSION}{headers}");
        let (socket, answer) = wait(WebSocket::upgrade(io, "chess.example", &fields)).unwrap();
        let socket = socket.unwrap_or_else(|| panic!("{answer:?}"));
        let field = |name| answer.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(field("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert_eq!(field("sec-websocket-protocol"), Some("xmpp"));
        assert_eq!(field("sec-websocket-extensions"), None);
        tape.skip_head();
        Self { socket, tape }
    }

    /// Writes as it is: what tungstenite would not write, too.
    pub fn raw(&mut self, bytes: &[u8]) {
        wait(self.socket.raw(bytes)).unwrap();
    }

    /// Writes a frame with that first byte.
    pub fn send(&mut self, first: u8, payload: &[u8]) {
        self.raw(&masked(first, payload));
    }

    pub fn say(&mut self, xml: &str) {
        self.send(TEXT, xml.as_bytes());
    }

    /// The next message, which is one frame: the server fragments nothing and masks nothing.
    pub fn hear(&mut self) -> Frame {
        let Some(message) = wait(self.socket.next()).unwrap() else { return Frame::End };
        let (first, frame) = match message {
            Message::Text(text) => (TEXT, Frame::Text(text)),
            Message::Close(code) => (CLOSE, Frame::Close(code)),
            Message::Pong(payload) => (PONG, Frame::Pong(payload)),
            other => panic!("{other:?}"),
        };
        let head = self.tape.frame();
        assert_eq!(head.first, first);
        if matches!(frame, Frame::Close(_)) {
            assert!(head.length <= 4, "a close frame has a code at most");
        }
        frame
    }

    /// The text of the next message.
    pub fn text(&mut self) -> String {
        match self.hear() {
            Frame::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    /// The next message, which is a document by itself.
    pub fn next(&mut self) -> Element {
        let text = self.text();
        assert!(text.starts_with('<'), "{text}");
        Document::parse(text.into(), "", &ElementLimits::OWN).expect("no document by itself").to_element()
    }

    /// The next stanza of that name.
    pub fn stanza(&mut self, name: &str) -> Element {
        loop {
            let element = self.next();
            if element.is(name, ns::CLIENT) {
                return element;
            }
        }
    }

    /// Opens a stream, anew if there was one; its features.
    pub fn open(&mut self, domain: &str) -> Element {
        self.say(&open(domain));
        let opened = self.next();
        assert!(opened.is("open", ns::FRAMING), "{}", opened.to_xml(""));
        let features = self.next();
        assert!(features.is("features", ns::STREAM), "{}", features.to_xml(""));
        features
    }

    /// Opens a stream and logs in with the usual password; the stream after it is open.
    pub fn log_in(&mut self, account: &str) {
        let (local, domain) = account.split_once('@').unwrap();
        self.open(domain);
        self.authenticate(local);
        self.open(domain);
    }

    /// SCRAM on an open stream.
    pub fn authenticate(&mut self, local: &str) {
        let scram = Scram::sha256(local, "secret");
        self.say(&scram.auth());
        let challenge = self.next().text_content();
        self.say(&scram.response(&challenge).unwrap());
        let outcome = self.next();
        assert!(outcome.is("success", ns::SASL), "{}", outcome.to_xml(""));
    }

    /// Logs in and binds: `name@domain/resource`.
    pub fn bound(&mut self, jid: &str) {
        let (account, resource) = jid.split_once('/').unwrap();
        self.log_in(account);
        let bind = format!("<bind xmlns='{}'><resource>{resource}</resource></bind>", ns::BIND);
        self.say(&format!("<iq xmlns='{}' type='set' id='bind'>{bind}</iq>", ns::CLIENT));
        assert_eq!(self.stanza("iq").get("type"), Some("result"));
    }

    /// The stream ends with this error, and the connection with this code.
    pub fn ends(&mut self, condition: &str, code: u16) {
        let mut error = self.next();
        while !error.is("error", ns::STREAM) {
            error = self.next();
        }
        assert_eq!(raw::condition(&error), condition);
        self.closes(code);
    }

    /// The stream ends without an error, and the connection with this code.
    pub fn closes(&mut self, code: u16) {
        assert_eq!(self.text(), "<close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" />");
        assert_eq!(self.hear(), Frame::Close(Some(code)));
        assert_eq!(self.hear(), Frame::End);
    }
}

fn connected(address: SocketAddr) -> Io {
    Box::new(wait(client::connect(address, None)).unwrap())
}

fn secured(address: SocketAddr) -> Io {
    let connector = TlsConnector::from(raw::config(&["http/1.1"], None));
    let name = ServerName::try_from("chess.example").unwrap();
    Box::new(wait(connector.connect(name, connected(address))).unwrap())
}
