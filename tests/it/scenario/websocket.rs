//! A stream over WebSocket (RFC 7395), each message strictly parsed.

use client::Message;
use client::stream::{CLOSE, open};
use xmpp::{Document, Element, ElementLimits, ns};

use super::pieces::pieces;
use super::transport::{Result, Wire, done};
use crate::patience::wait;

pub struct WebSocket {
    socket: client::WebSocket,
    /// The server has closed the stream or the connection.
    ended: bool,
}

impl WebSocket {
    pub fn new(socket: client::WebSocket) -> Self {
        Self { socket, ended: false }
    }

    /// The next message; none after a close frame or the end of the connection.
    fn message(&mut self) -> Result<Option<String>> {
        loop {
            match done(self.socket.next())? {
                Some(Message::Text(text)) => return Ok(Some(text)),
                Some(Message::Ping | Message::Pong(_)) => {}
                Some(Message::Close(_)) | None => return Ok(None),
                Some(Message::Binary) => return Err("a message of the server is binary".into()),
            }
        }
    }
}

impl Wire for WebSocket {
    fn open(&mut self, domain: &str) -> Result<()> {
        done(self.socket.send(&[open(domain)]))?;
        let message = self.message()?.ok_or("the connection has ended before <open/>")?;
        let element = parse(message)?;
        match element.is("open", ns::FRAMING) {
            true => Ok(()),
            false => Err(format!("no <open/>: {}", element.to_xml(""))),
        }
    }

    fn write(&mut self, xml: &str) -> Result<()> {
        done(self.socket.send(&pieces(xml)))
    }

    fn read(&mut self) -> Result<Option<Element>> {
        if self.ended {
            return Ok(None);
        }
        let message = self.message()?;
        let element = message.map(parse).transpose()?.filter(|element| !element.is("close", ns::FRAMING));
        self.ended = element.is_none();
        Ok(element)
    }

    fn close(&mut self) -> Result<()> {
        done(self.socket.send(&[CLOSE]))
    }

    fn cut(&mut self) {
        wait(self.socket.cut());
    }
}

/// A message is one element, which inherits nothing.
fn parse(message: String) -> Result<Element> {
    let document = Document::parse(message.into(), "", &ElementLimits::OWN);
    document.map(|document| document.to_element()).map_err(|error| format!("a message is malformed: {error}"))
}
