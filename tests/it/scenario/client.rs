//! A client without a mind of its own: it writes what it is told, and reads one element at a time.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use xmpp::{Document, Element, Jid, Limits, StreamEvent, StreamParser, ns};

use super::parse::Profile;
use super::scram::Scram;
use crate::fixture::PATIENCE;

/// What a client reads.
#[derive(Debug)]
pub enum Read1 {
    /// An element of its stream.
    Element(Element),
    /// The end of the stream, or of the connection.
    End,
}

/// A connected client.
pub struct Client {
    socket: TcpStream,
    parser: StreamParser,
    /// Read already, before a step spoke of it.
    pub waiting: VecDeque<Element>,
    /// Its full JID.
    pub jid: String,
    /// The stream management id, once `<enabled/>` was read.
    pub resumption: Option<String>,
    /// Stanzas read since stream management was enabled.
    handled: u32,
    managed: bool,
}

type Result<T> = std::result::Result<T, String>;

fn io(error: std::io::Error) -> String {
    format!("the connection failed: {error}")
}

impl Client {
    /// Logs in and binds the resource of the JID.
    pub fn connect(address: SocketAddr, profile: &Profile) -> Result<Self> {
        let mut client = Self::log_in(address, profile)?;
        let resource = match profile.jid.split_once('/') {
            Some((_, resource)) => format!("<resource>{resource}</resource>"),
            None => String::new(),
        };
        client
            .write(&format!("<iq type='set' id='bind'><bind xmlns='{}'>{resource}</bind></iq>", ns::BIND))?;
        let answer = client.element()?;
        let jid = answer.find("bind", ns::BIND).and_then(|bind| bind.find("jid", ns::BIND));
        client.jid = jid.ok_or_else(|| format!("not bound: {}", answer.to_xml("")))?.text_content();
        Ok(client)
    }

    /// Takes up the session of a client whose connection is lost. What it was sent meanwhile is read afterwards.
    pub fn resume(address: SocketAddr, profile: &Profile, lost: &Lost) -> Result<Self> {
        let mut client = Self::log_in(address, profile)?;
        let id = lost.resumption.as_deref().ok_or("its session cannot be resumed")?;
        client.write(&format!("<resume xmlns='{}' previd='{id}' h='{}'/>", ns::SM, lost.handled))?;
        let answer = client.element()?;
        if !answer.is("resumed", ns::SM) {
            return Err(format!("not resumed: {}", answer.to_xml("")));
        }
        client.jid.clone_from(&lost.jid);
        client.resumption.clone_from(&lost.resumption);
        client.handled = lost.handled;
        client.managed = true;
        Ok(client)
    }

    fn log_in(address: SocketAddr, profile: &Profile) -> Result<Self> {
        match Self::try_log_in(address, profile)? {
            Ok(client) => Ok(client),
            Err(condition) => Err(format!("the log-in was refused: {condition}")),
        }
    }

    /// Logs in; the inner error is the SASL failure's condition.
    pub fn try_log_in(address: SocketAddr, profile: &Profile) -> Result<std::result::Result<Self, String>> {
        let jid = Jid::parse(&profile.jid).map_err(|error| error.to_string())?;
        let socket = TcpStream::connect(address).map_err(io)?;
        socket.set_nodelay(true).map_err(io)?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(io)?;
        let parser = StreamParser::new(Limits::default());
        let mut client = Self {
            socket,
            parser,
            waiting: VecDeque::new(),
            jid: String::new(),
            resumption: None,
            handled: 0,
            managed: false,
        };
        client.open(jid.domain())?;
        let scram = Scram::new(jid.local().unwrap_or_default(), &profile.password);
        let first = scram.first();
        client.write(&format!("<auth xmlns='{}' mechanism='SCRAM-SHA-256'>{first}</auth>", ns::SASL))?;
        let challenge = client.element()?;
        if challenge.is("challenge", ns::SASL) {
            let last = scram.last(&challenge.text_content());
            client.write(&format!("<response xmlns='{}'>{last}</response>", ns::SASL))?;
            let outcome = client.element()?;
            if outcome.is("success", ns::SASL) {
                client.parser.reset();
                client.open(jid.domain())?;
                return Ok(Ok(client));
            }
            return Ok(Err(condition(&outcome)));
        }
        Ok(Err(condition(&challenge)))
    }

    /// Opens a stream and reads its features.
    fn open(&mut self, domain: &str) -> Result<()> {
        self.write(&format!(
            "<?xml version='1.0'?><stream:stream xmlns='{}' xmlns:stream='{}' to='{domain}' version='1.0'>",
            ns::CLIENT,
            ns::STREAM
        ))?;
        let features = self.element()?;
        match features.is("features", ns::STREAM) {
            true => Ok(()),
            false => Err(format!("no features: {}", features.to_xml(""))),
        }
    }

    /// Writes as it is.
    pub fn write(&mut self, xml: &str) -> Result<()> {
        self.socket.write_all(xml.as_bytes()).map_err(io)
    }

    fn element(&mut self) -> Result<Element> {
        match self.read()? {
            Read1::Element(element) => Ok(element),
            Read1::End => Err("the stream has ended".into()),
        }
    }

    /// The next element that a script can speak of.
    pub fn read(&mut self) -> Result<Read1> {
        match self.waiting.pop_front() {
            Some(element) => Ok(Read1::Element(element)),
            None => self.read_more(),
        }
    }

    /// The next element from the connection. Requests for acknowledgement are answered, with what has been read so
    /// far.
    pub fn read_more(&mut self) -> Result<Read1> {
        loop {
            let Some(document) = self.document()? else { return Ok(Read1::End) };
            let element = document.to_element();
            if element.is("r", ns::SM) {
                // may find the connection closed already; what follows is still to be read
                let _ = self.write(&format!("<a xmlns='{}' h='{}'/>", ns::SM, self.handled));
            } else {
                self.count(&element);
                return Ok(Read1::Element(element));
            }
        }
    }

    fn count(&mut self, element: &Element) {
        if element.is("enabled", ns::SM) {
            self.managed = true;
            self.handled = 0;
            self.resumption = element.get("id").map(str::to_owned);
        } else if self.managed && element.ns() == ns::CLIENT {
            self.handled += 1;
        }
    }

    fn document(&mut self) -> Result<Option<Document>> {
        loop {
            match self.parser.next().map_err(|error| format!("the server's XML is malformed: {error}"))? {
                Some(StreamEvent::Element(document)) => return Ok(Some(document)),
                Some(StreamEvent::Open(_)) => {}
                Some(StreamEvent::Close) => return Ok(None),
                None => {
                    let mut buffer = [0; 4096];
                    match self.socket.read(&mut buffer) {
                        Ok(0) => return Ok(None),
                        Ok(length) => self.parser.feed(&buffer[..length]),
                        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return Ok(None),
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                            return Err(format!("nothing came within {} seconds", PATIENCE.as_secs()));
                        }
                        Err(error) => return Err(io(error)),
                    }
                }
            }
        }
    }

    /// Ends the stream and waits for the server's end.
    pub fn close(mut self) -> Result<()> {
        self.write("</stream:stream>")?;
        while let Read1::Element(element) = self.read_more()? {
            self.waiting.push_back(element);
        }
        Ok(())
    }

    /// Loses its connection. What is left of it is needed to resume.
    pub fn cut(self) -> Lost {
        let _ = self.socket.shutdown(Shutdown::Both);
        Lost { jid: self.jid, resumption: self.resumption, handled: self.handled }
    }
}

/// What a client knows of its session when its connection is lost.
pub struct Lost {
    jid: String,
    resumption: Option<String>,
    handled: u32,
}

fn condition(failure: &Element) -> String {
    failure.children().next().map_or_else(|| failure.to_xml(""), |condition| condition.name().to_owned())
}
