//! A stream over WebSocket (RFC 7395, RFC 6455).

use std::io::Write;
use std::net::SocketAddr;

use xmpp::{Document, Element, Limits, ns};

use super::http::Http;
use super::pieces::pieces;
use super::tcp;
use super::transport::{Result, Wire, io};

/// The key of RFC 6455 section 1.3, and what a server answers to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

pub struct WebSocket {
    http: Http,
    /// The server has closed the stream or the connection.
    ended: bool,
}

impl WebSocket {
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let mut http = Http::connect(address)?;
        let fields = format!(
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Protocol: xmpp\r\n"
        );
        http.request("GET /xmpp-websocket", &fields, "")?;
        let head = http.head()?;
        let agreed = [head.get("sec-websocket-accept"), head.get("sec-websocket-protocol")];
        match head.status == 101 && agreed == [Some(ACCEPT), Some("xmpp")] {
            true => Ok(Self { http, ended: false }),
            false => Err(format!("no WebSocket: status {}, {agreed:?}", head.status)),
        }
    }

    /// Writes a frame, which is a whole message.
    fn frame(&mut self, code: u8, payload: &[u8]) -> Result<()> {
        self.http.socket.write_all(&masked(0x80 | code, payload)).map_err(io)
    }

    /// The next message; none after a close frame or the end of the connection.
    fn message(&mut self) -> Result<Option<Vec<u8>>> {
        let mut message = Vec::new();
        loop {
            let Some([first, second]) = self.take()? else { return Ok(None) };
            let (last, code) = (first & 0x80 != 0, first & 0x0f);
            if first & 0x70 != 0 || second & 0x80 != 0 {
                return Err("a frame of the server is masked or has reserved bits".into());
            }
            let length = match second {
                126 => self.take()?.map(|bytes| u64::from(u16::from_be_bytes(bytes))),
                127 => self.take()?.map(u64::from_be_bytes),
                length => Some(u64::from(length)),
            };
            let Some(length) = length else { return Ok(None) };
            let Some(payload) = self.bytes(length as usize)? else { return Ok(None) };
            match code {
                TEXT | CONTINUATION => message.extend(payload),
                PING => self.frame(PONG, &payload)?,
                PONG => {}
                CLOSE => return Ok(None),
                other => return Err(format!("a frame of the server has opcode {other}")),
            }
            if last && matches!(code, TEXT | CONTINUATION) {
                return Ok(Some(message));
            }
        }
    }

    fn take<const N: usize>(&mut self) -> Result<Option<[u8; N]>> {
        Ok(self.bytes(N)?.and_then(|bytes| bytes.try_into().ok()))
    }

    fn bytes(&mut self, length: usize) -> Result<Option<Vec<u8>>> {
        while self.http.buffer.len() < length {
            let mut buffer = [0; 4096];
            match tcp::read(&self.http.socket, &mut buffer)? {
                0 => return Ok(None),
                length => self.http.buffer.extend_from_slice(&buffer[..length]),
            }
        }
        Ok(Some(self.http.buffer.drain(..length).collect()))
    }
}

/// A masked frame with that first byte (RFC 6455 section 5.2).
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(0x80 | length as u8),
        length @ 126..65536 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    frame.extend_from_slice(&mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

impl Wire for WebSocket {
    fn open(&mut self, domain: &str) -> Result<()> {
        self.frame(TEXT, format!("<open xmlns='{}' to='{domain}' version='1.0'/>", ns::FRAMING).as_bytes())?;
        let message = self.message()?.ok_or("the connection has ended before <open/>")?;
        let element = parse(message)?;
        match element.is("open", ns::FRAMING) {
            true => Ok(()),
            false => Err(format!("no <open/>: {}", element.to_xml(""))),
        }
    }

    fn write(&mut self, xml: &str) -> Result<()> {
        pieces(xml).iter().try_for_each(|piece| self.frame(TEXT, piece.as_bytes()))
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
        self.frame(TEXT, format!("<close xmlns='{}'/>", ns::FRAMING).as_bytes())
    }

    fn cut(&mut self) {
        self.http.cut();
    }
}

/// A message is one element, which inherits nothing.
fn parse(message: Vec<u8>) -> Result<Element> {
    let document = Document::parse(message.into(), "", &Limits::OWN);
    document.map(|document| document.to_element()).map_err(|error| format!("a message is malformed: {error}"))
}
