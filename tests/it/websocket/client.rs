//! A client of RFC 7395 that speaks by the letter: every frame is the test's to write and to read.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

use rustls::StreamOwned;
use xmpp::{Document, Element, Limits, ns};

use super::http2;
use crate::fixture::{PATIENCE, Server};
use crate::raw;
use crate::scenario::scram::Scram;
use crate::scenario::tcp;
use crate::scenario::websocket::masked;

pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;

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

pub trait Duplex: Read + Write + Send {}

impl<S: Read + Write + Send> Duplex for S {}

/// A WebSocket. What does not go as a test expects panics.
pub struct Client(Box<dyn Duplex>);

impl Client {
    pub fn new(server: &Server, way: Way) -> Self {
        let listener = if way.secure() { "https" } else { "http" };
        let address = server.address(listener);
        match way {
            Way::Http => Self::upgraded(Box::new(tcp::connect(address).unwrap()), ""),
            Way::Https => {
                let mut socket = tcp::connect(address).unwrap();
                let mut tls = raw::client("chess.example", &["http/1.1"], None);
                while tls.is_handshaking() {
                    tls.complete_io(&mut socket).unwrap();
                }
                Self::upgraded(Box::new(StreamOwned::new(tls, socket)), "")
            }
            Way::Http2 | Way::Https2 => Self(Box::new(http2::tunnel(address, way.secure()))),
        }
    }

    /// Over plain HTTP/1.1, with more header lines.
    pub fn with(address: SocketAddr, headers: &str) -> Self {
        Self::upgraded(Box::new(tcp::connect(address).unwrap()), headers)
    }

    /// The connection begins with other bytes.
    pub fn behind(address: SocketAddr, line: &str) -> Self {
        let mut socket = tcp::connect(address).unwrap();
        socket.write_all(line.as_bytes()).unwrap();
        Self::upgraded(Box::new(socket), "")
    }

    /// What is answered to who asks for one, with more header lines.
    pub fn asked(address: SocketAddr, headers: &str) -> String {
        Self::ask(&mut tcp::connect(address).unwrap(), headers)
    }

    fn ask(stream: &mut dyn Duplex, headers: &str) -> String {
        let head = format!(
            "GET /xmpp-websocket HTTP/1.1\r\nHost: chess.example\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\
             Sec-WebSocket-Extensions: permessage-deflate\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        String::from_utf8(answer).unwrap().to_lowercase()
    }

    fn upgraded(mut stream: Box<dyn Duplex>, headers: &str) -> Self {
        let answer = Self::ask(&mut *stream, headers);
        assert!(answer.starts_with("http/1.1 101 "), "{answer}");
        assert!(answer.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{answer}");
        assert!(answer.contains("\r\nsec-websocket-protocol: xmpp\r\n"), "{answer}");
        assert!(!answer.contains("extensions"), "no extension is agreed on: {answer}");
        Self(stream)
    }

    /// Writes as it is.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).and_then(|()| self.0.flush()).unwrap();
    }

    /// Writes a frame with that first byte.
    pub fn send(&mut self, first: u8, payload: &[u8]) {
        self.raw(&masked(first, payload));
    }

    pub fn say(&mut self, xml: &str) {
        self.send(TEXT, xml.as_bytes());
    }

    /// The next frame.
    pub fn hear(&mut self) -> Frame {
        let Some(head) = self.bytes(2) else { return Frame::End };
        let length = match head[1] {
            126 => self.number(2),
            127 => self.number(8),
            length => usize::from(length),
        };
        let payload = self.bytes(length).expect("the connection ended within a frame");
        match head[0] {
            0x81 => Frame::Text(String::from_utf8(payload).unwrap()),
            0x88 => Frame::Close(payload.try_into().ok().map(u16::from_be_bytes)),
            0x8A => Frame::Pong(payload),
            other => panic!("a frame that begins with {other:#x}"),
        }
    }

    fn number(&mut self, size: usize) -> usize {
        self.bytes(size).unwrap().iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
    }

    fn bytes(&mut self, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        match self.0.read_exact(&mut bytes) {
            Ok(()) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                panic!("nothing came within {} seconds", PATIENCE.as_secs())
            }
            Err(_) => None,
        }
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
        Document::parse(text.into(), "", &Limits::OWN).expect("no document by itself").to_element()
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
        let scram = Scram::new(local, "secret");
        self.say(&format!("<auth xmlns='{}' mechanism='SCRAM-SHA-256'>{}</auth>", ns::SASL, scram.first()));
        let challenge = self.next().text_content();
        self.say(&format!("<response xmlns='{}'>{}</response>", ns::SASL, scram.last(&challenge)));
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

pub fn open(domain: &str) -> String {
    format!("<open xmlns='{}' to='{domain}' version='1.0'/>", ns::FRAMING)
}
