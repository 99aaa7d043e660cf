//! A stream over TCP (RFC 6120), strictly parsed.

use std::io::ErrorKind;

use client::Io;
use client::stream::{DECLARATION, END, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use xmpp::{Element, ElementLimits, StreamEvent, StreamParser};

use super::transport::{Result, Wire, done};
use crate::patience::wait;

pub struct Tcp {
    io: Io,
    parser: StreamParser,
}

impl Tcp {
    pub fn new(io: Io) -> Self {
        Self { io, parser: StreamParser::new(ElementLimits::default()) }
    }
}

impl Wire for Tcp {
    fn open(&mut self, domain: &str) -> Result<()> {
        self.parser.reset();
        self.write(&format!("{DECLARATION}{}", header(domain)))
    }

    fn write(&mut self, xml: &str) -> Result<()> {
        done(self.io.write_all(xml.as_bytes()))
    }

    fn read(&mut self) -> Result<Option<Element>> {
        loop {
            match self.parser.next().map_err(|error| format!("the server's XML is malformed: {error}"))? {
                Some(StreamEvent::Element(document)) => return Ok(Some(document.to_element())),
                Some(StreamEvent::Open(_)) => {}
                Some(StreamEvent::Close) => return Ok(None),
                None => {
                    let mut buffer = [0; 4096];
                    let read = async {
                        match self.io.read(&mut buffer).await {
                            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(0),
                            read => read,
                        }
                    };
                    match done(read)? {
                        0 => return Ok(None),
                        length => self.parser.feed(&buffer[..length]),
                    }
                }
            }
        }
    }

    fn close(&mut self) -> Result<()> {
        self.write(END)
    }

    fn cut(&mut self) {
        let _ = wait(self.io.shutdown());
    }
}
