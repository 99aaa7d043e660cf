//! As much of HTTP/1.1 as a client of XMPP needs.

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::tcp;
use super::transport::{Result, io};

/// A connection. Requests on it are answered one after another.
pub struct Http {
    pub socket: TcpStream,
    host: String,
    /// Read already, and not yet part of an answer.
    pub buffer: Vec<u8>,
}

/// The head of an answer.
pub struct Head {
    pub status: u16,
    /// Lines of the head after the first.
    lines: Vec<String>,
}

impl Head {
    /// A field's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        let fields = self.lines.iter().filter_map(|line| line.split_once(':'));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

impl Http {
    pub fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self { socket: tcp::connect(address)?, host: address.to_string(), buffer: Vec::new() })
    }

    /// Writes a request; `fields` are lines with their ends.
    pub fn request(&mut self, line: &str, fields: &str, body: &str) -> Result<()> {
        let head = format!("{line} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", self.host);
        self.socket.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).map_err(io)
    }

    /// Reads the head of an answer.
    pub fn head(&mut self) -> Result<Head> {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.more()?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end + 4);
        let mut lines = head.split("\r\n").map(str::to_owned);
        let first = lines.next().unwrap_or_default();
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| format!("this is no answer in HTTP: {first}"))?;
        Ok(Head { status, lines: lines.collect() })
    }

    /// Reads an answer with its body.
    pub fn answer(&mut self) -> Result<(Head, Vec<u8>)> {
        let head = self.head()?;
        let length = head.get("content-length").and_then(|length| length.parse().ok());
        let length: usize = length.ok_or("an answer without Content-Length")?;
        while self.buffer.len() < length {
            self.more()?;
        }
        let body = self.buffer.drain(..length).collect();
        Ok((head, body))
    }

    fn more(&mut self) -> Result<()> {
        let mut buffer = [0; 4096];
        match tcp::read(&self.socket, &mut buffer)? {
            0 => Err("the connection ended before an answer".into()),
            length => {
                self.buffer.extend_from_slice(&buffer[..length]);
                Ok(())
            }
        }
    }

    /// Whether the server has left the connection open, on which no answer is due.
    pub fn is_open(&self) -> bool {
        let quiet = self.socket.set_nonblocking(true).is_ok();
        let peeked = self.socket.peek(&mut [0]);
        let open = quiet && peeked.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        open && self.socket.set_nonblocking(false).is_ok()
    }

    /// Ends the connection in the middle of whatever it carries.
    pub fn cut(&self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}
