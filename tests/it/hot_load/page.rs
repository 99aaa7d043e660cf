//! A session that outlives its connections, as that of a page in a browser does when the page is loaded anew.

use std::collections::VecDeque;

use xmpp::{Element, ns};

use crate::scenario::client::{Client, Read1};
use crate::scenario::parse::Profile;
use crate::scenario::transport::{Result, Transport, Way};

/// Stanzas after which the server is asked how many it has.
const ASKED: u32 = 10;

pub struct Page {
    client: Client,
    way: Way,
    profile: Profile,
    /// Over WebSocket: what was sent and is not acknowledged (XEP-0198), oldest first.
    unacknowledged: VecDeque<String>,
    /// Stanzas sent, those that were acknowledged included.
    sent: u32,
    /// How often it was loaded anew.
    pub reloads: u32,
}

impl Page {
    /// Logs in; over WebSocket the session can be resumed.
    pub fn connect(way: Way, profile: Profile) -> Result<Self> {
        let client = Client::connect(way, &profile)?;
        let mut page = Self { client, way, profile, unacknowledged: VecDeque::new(), sent: 0, reloads: 0 };
        if page.is_managed() {
            page.client.write(&format!("<enable xmlns='{}' resume='true'/>", ns::SM))?;
            match page.client.read()? {
                Read1::Element(element) if element.is("enabled", ns::SM) => {}
                other => return Err(format!("stream management was not enabled: {other:?}")),
            }
        }
        Ok(page)
    }

    pub fn transport(&self) -> Transport {
        self.way.transport
    }

    /// Over BOSH the transport acknowledges by itself.
    fn is_managed(&self) -> bool {
        self.way.transport == Transport::WebSocket
    }

    /// Writes a stanza.
    pub fn write(&mut self, stanza: &str) -> Result<()> {
        self.client.write(stanza)?;
        self.wrote(stanza);
        match self.is_managed() && self.sent.is_multiple_of(ASKED) {
            true => self.client.write(&format!("<r xmlns='{}'/>", ns::SM)),
            false => Ok(()),
        }
    }

    fn wrote(&mut self, stanza: &str) {
        if self.is_managed() {
            self.sent += 1;
            self.unacknowledged.push_back(stanza.to_owned());
        }
    }

    /// The next stanza.
    pub fn read(&mut self) -> Result<Element> {
        loop {
            match self.client.read()? {
                Read1::Element(element) if element.ns() == ns::SM => self.acknowledged(),
                Read1::Element(element) => return Ok(element),
                Read1::End => return Err("the stream has ended".into()),
            }
        }
    }

    fn acknowledged(&mut self) {
        let open = self.sent.saturating_sub(self.client.acknowledged) as usize;
        self.unacknowledged.drain(..self.unacknowledged.len().saturating_sub(open));
    }

    /// Loses its connections in the middle of whatever they carry, and goes on over new ones. Over BOSH by session id
    /// and request number, asking again what had no answer; over WebSocket by resumption, with what was not
    /// acknowledged sent again. `stanza` is sent just before that, and `arrives` or is lost as well.
    pub fn reload(&mut self, stanza: &str, arrives: bool) -> Result<()> {
        match arrives {
            true => self.client.write(stanza)?,
            false => self.client.lose(stanza)?,
        }
        self.wrote(stanza);
        self.client.cut();
        self.client.resume(self.way, &self.profile).map_err(|error| format!("after a reload: {error}"))?;
        self.reloads += 1;
        self.acknowledged();
        self.unacknowledged.iter().try_for_each(|stanza| self.client.write(stanza))
    }
}
