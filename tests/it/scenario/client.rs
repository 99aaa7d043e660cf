//! A client without a mind of its own: it writes what it is told, and reads one element at a time.

use std::collections::VecDeque;

use client::Scram;
use xmpp::{Element, Jid, ns};

use super::parse::Profile;
use super::transport::{Result, Way, Wire};

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
    wire: Box<dyn Wire>,
    /// Read already, before a step spoke of it.
    pub waiting: VecDeque<Element>,
    /// Its full JID.
    pub jid: String,
    /// The stream management id, once `<enabled/>` was read.
    pub resumption: Option<String>,
    /// Stanzas read since stream management was enabled.
    handled: u32,
    /// Stanzas that the server has acknowledged.
    pub acknowledged: u32,
    managed: bool,
}

impl Client {
    /// Logs in and binds the resource of the JID.
    pub fn connect(way: Way, profile: &Profile) -> Result<Self> {
        let mut client = Self::log_in(way, profile)?;
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

    /// Takes up its session after it has lost its connection: as its transport can by itself, or else by stream
    /// management over this way. What it was sent meanwhile is read afterwards.
    pub fn resume(&mut self, way: Way, profile: &Profile) -> Result<()> {
        if self.wire.take_up()? {
            return Ok(());
        }
        let mut new = Self::log_in(way, profile)?;
        let id = self.resumption.as_deref().ok_or("its session cannot be resumed")?;
        new.write(&format!("<resume xmlns='{}' previd='{id}' h='{}'/>", ns::SM, self.handled))?;
        let answer = new.element()?;
        if !answer.is("resumed", ns::SM) {
            return Err(format!("not resumed: {}", answer.to_xml("")));
        }
        self.wire = new.wire;
        self.count(&answer);
        Ok(())
    }

    fn log_in(way: Way, profile: &Profile) -> Result<Self> {
        match Self::try_log_in(way, profile)? {
            Ok(client) => Ok(client),
            Err(condition) => Err(format!("the log-in was refused: {condition}")),
        }
    }

    /// Logs in; the inner error is the SASL failure's condition.
    pub fn try_log_in(way: Way, profile: &Profile) -> Result<std::result::Result<Self, String>> {
        let jid = Jid::parse(&profile.jid).map_err(|error| error.to_string())?;
        let mut client = Self {
            wire: way.connect()?,
            waiting: VecDeque::new(),
            jid: String::new(),
            resumption: None,
            handled: 0,
            acknowledged: 0,
            managed: false,
        };
        client.open(jid.domain())?;
        let scram = Scram::sha256(jid.local().unwrap_or_default(), &profile.password);
        client.write(&scram.auth())?;
        let challenge = client.element()?;
        if challenge.is("challenge", ns::SASL) {
            let response = scram.response(&challenge.text_content());
            client.write(&response.map_err(|error| error.to_string())?)?;
            let outcome = client.element()?;
            if outcome.is("success", ns::SASL) {
                client.open(jid.domain())?;
                return Ok(Ok(client));
            }
            return Ok(Err(condition(&outcome)));
        }
        Ok(Err(condition(&challenge)))
    }

    /// Opens a stream and reads its features.
    fn open(&mut self, domain: &str) -> Result<()> {
        self.wire.open(domain)?;
        let features = self.element()?;
        match features.is("features", ns::STREAM) {
            true => Ok(()),
            false => Err(format!("no features: {}", features.to_xml(""))),
        }
    }

    /// Writes as it is.
    pub fn write(&mut self, xml: &str) -> Result<()> {
        self.wire.write(xml)
    }

    /// Writes what is lost on its way. After that it can only lose its connection.
    pub fn lose(&mut self, xml: &str) -> Result<()> {
        self.wire.lose(xml)
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
            let Some(element) = self.wire.read()? else { return Ok(Read1::End) };
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
        } else if element.ns() == ns::SM {
            let acknowledged = element.get("h").and_then(|h| h.parse().ok());
            self.acknowledged = acknowledged.unwrap_or(self.acknowledged);
        } else if self.managed && element.ns() == ns::CLIENT {
            self.handled += 1;
        }
    }

    /// Ends the stream and waits for the server's end.
    pub fn close(mut self) -> Result<()> {
        self.wire.close()?;
        while let Read1::Element(element) = self.read_more()? {
            self.waiting.push_back(element);
        }
        Ok(())
    }

    /// Loses its connection.
    pub fn cut(&mut self) {
        self.wire.cut();
    }
}

fn condition(failure: &Element) -> String {
    failure.children().next().map_or_else(|| failure.to_xml(""), |condition| condition.name().to_owned())
}
