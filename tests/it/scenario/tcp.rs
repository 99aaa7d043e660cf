//! A stream over TCP (RFC 6120).

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use xmpp::{Element, Limits, StreamEvent, StreamParser, ns};

use super::transport::{Result, Wire, io};
use crate::fixture::PATIENCE;

pub struct Tcp {
    socket: TcpStream,
    parser: StreamParser,
}

impl Tcp {
    pub fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self { socket: connect(address)?, parser: StreamParser::new(Limits::default()) })
    }
}

/// A connection on which nothing may take longer than a test waits.
pub fn connect(address: SocketAddr) -> Result<TcpStream> {
    let socket = TcpStream::connect(address).map_err(io)?;
    socket.set_nodelay(true).map_err(io)?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(io)?;
    Ok(socket)
}

/// Reads some bytes; none at the end of the connection.
pub fn read(mut socket: &TcpStream, buffer: &mut [u8]) -> Result<usize> {
    match socket.read(buffer) {
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(0),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            Err(format!("nothing came within {} seconds", PATIENCE.as_secs()))
        }
        other => other.map_err(io),
    }
}

impl Wire for Tcp {
    fn open(&mut self, domain: &str) -> Result<()> {
        self.parser.reset();
        self.write(&format!(
            "<?xml version='1.0'?><stream:stream xmlns='{}' xmlns:stream='{}' to='{domain}' version='1.0'>",
            ns::CLIENT,
            ns::STREAM
        ))
    }

    fn write(&mut self, xml: &str) -> Result<()> {
        self.socket.write_all(xml.as_bytes()).map_err(io)
    }

    fn read(&mut self) -> Result<Option<Element>> {
        loop {
            match self.parser.next().map_err(|error| format!("the server's XML is malformed: {error}"))? {
                Some(StreamEvent::Element(document)) => return Ok(Some(document.to_element())),
                Some(StreamEvent::Open(_)) => {}
                Some(StreamEvent::Close) => return Ok(None),
                None => {
                    let mut buffer = [0; 4096];
                    match read(&self.socket, &mut buffer)? {
                        0 => return Ok(None),
                        length => self.parser.feed(&buffer[..length]),
                    }
                }
            }
        }
    }

    fn close(&mut self) -> Result<()> {
        self.write("</stream:stream>")
    }

    fn cut(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}
