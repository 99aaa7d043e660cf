//! BOSH (XEP-0124, XEP-0206), the client's side: two connections at most, a request always waiting on one of them.
//!
//! Answers are taken as they come, not in the order of their rids: whoever counts stanzas does not mind, and where
//! order matters, in the log-in, only one request is under way.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use crate::duplex::{self, Io};
use crate::framer::{Framer, attribute};
use crate::http;
use crate::place::Place;

pub const PATH: &str = "/http-bind";
/// Seconds that the server may hold a request: what Strophe.js asks for by default.
const WAIT: u32 = 60;

/// A connection, and whether a request waits on it.
#[derive(Default)]
struct Slot {
    io: Option<Io>,
    raw: Vec<u8>,
    waits: bool,
}

pub struct Bosh {
    place: Arc<Place>,
    number: usize,
    /// The request's head up to the value of Content-Length.
    head: String,
    sid: String,
    rid: u64,
    slots: [Slot; 2],
}

impl Bosh {
    pub fn new(place: Arc<Place>, number: usize) -> Self {
        let host = place.host();
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: "
        );
        // A server that knows no XMPP makes no sid; its requests are as long as the others'.
        let sid = if place.bare { "0".repeat(36) } else { String::new() };
        Self { place, number, head, sid, rid: 1 << 30, slots: Default::default() }
    }

    /// The request that creates the session; once there is one, the restart after SASL.
    pub async fn open(&mut self, into: &mut Vec<u8>) -> Result<()> {
        let more = if self.sid.is_empty() {
            format!(" hold='1' wait='{WAIT}' ver='1.6' content='text/xml; charset=utf-8' xmpp:version='1.0'")
        } else {
            " xmpp:restart='true'".to_owned()
        };
        let to = &self.place.domain;
        let attributes = format!(" to='{to}' xml:lang='en' xmlns:xmpp='urn:xmpp:xbosh'{more}");
        self.post(&attributes, b"", into).await
    }

    pub async fn close(&mut self, into: &mut Vec<u8>) -> Result<()> {
        self.post(" type='terminate'", b"", into).await
    }

    /// Sends stanzas, once one of the two connections is free.
    pub async fn send(&mut self, payload: &[u8], into: &mut Vec<u8>) -> Result<()> {
        self.post("", payload, into).await
    }

    /// Waits for an answer, if need be with a new request, and appends what is in it to `into`.
    pub async fn fill(&mut self, into: &mut Vec<u8>) -> Result<()> {
        if !self.slots.iter().any(|slot| slot.waits) {
            self.write(0, "", b"").await?;
        }
        let [first, second] = &mut self.slots;
        let at = tokio::select! {
            read = first.read(), if first.waits => read.map(|()| 0),
            read = second.read(), if second.waits => read.map(|()| 1),
        }?;
        self.take(at, into)
    }

    async fn post(&mut self, attributes: &str, payload: &[u8], into: &mut Vec<u8>) -> Result<()> {
        loop {
            let free = self.slots.iter().position(|slot| !slot.waits);
            match free {
                Some(at) => return self.write(at, attributes, payload).await,
                None => self.fill(into).await?,
            }
        }
    }

    async fn write(&mut self, at: usize, attributes: &str, payload: &[u8]) -> Result<()> {
        let sid = if self.sid.is_empty() { String::new() } else { format!(" sid='{}'", self.sid) };
        let body =
            format!("<body xmlns='http://jabber.org/protocol/httpbind' rid='{}'{sid}{attributes}>", self.rid);
        self.rid += 1;
        const END: &[u8] = b"</body>";
        let length = body.len() + payload.len() + END.len();
        let head = format!("{}{length}\r\n\r\n{body}", self.head);
        let request = [head.as_bytes(), payload, END].concat();
        let slot = &mut self.slots[at];
        // Servers close connections that were idle for some time.
        if let Some(io) = &mut slot.io
            && duplex::is_over(io).await
        {
            slot.io = None;
        }
        let io = match &mut slot.io {
            Some(io) => io,
            none => none.insert(self.place.connect(self.number).await?),
        };
        slot.waits = true;
        duplex::write(io, &request, &mut slot.raw).await
    }

    /// Takes the answer of one connection, if it is whole.
    fn take(&mut self, at: usize, into: &mut Vec<u8>) -> Result<()> {
        let slot = &mut self.slots[at];
        let Some(head) = http::head(&slot.raw)? else { return Ok(()) };
        let Some(body) = slot.raw.get(head.length..head.length + head.body) else { return Ok(()) };
        if head.status != 200 {
            bail!("answered with {}: {}", head.status, String::from_utf8_lossy(body));
        }
        let (tag, content) = unwrap(body)?;
        if attribute(tag, "type") == Some("terminate") {
            bail!("the server ended the session: {}", String::from_utf8_lossy(body));
        }
        if self.sid.is_empty() {
            self.sid = attribute(tag, "sid").context("no sid")?.to_owned();
        }
        into.extend_from_slice(content);
        slot.raw.drain(..head.length + head.body);
        slot.waits = false;
        Ok(())
    }
}

impl Slot {
    async fn read(&mut self) -> Result<()> {
        duplex::read(self.io.as_mut().context("no connection")?, &mut self.raw).await
    }
}

/// The start tag of a `<body/>` and what stands in it.
fn unwrap(body: &[u8]) -> Result<(&[u8], &[u8])> {
    let mut framer = Framer::default();
    framer.buffer.extend_from_slice(body);
    let (_, tag) = framer.next_event().context("no body")?;
    let content = body[tag.end..].trim_ascii_end();
    let content = if content.is_empty() {
        content
    } else {
        content.strip_suffix(b"</body>").context("a body cut short")?
    };
    Ok((&body[tag], content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_unwrapped() -> Result<()> {
        assert_eq!(unwrap(b"<body a='>'><x/></body>\n")?, (&b"<body a='>'>"[..], &b"<x/>"[..]));
        assert_eq!(unwrap(b"<body/>")?, (&b"<body/>"[..], &b""[..]));
        assert!(unwrap(b"<body><x/>").is_err());
        Ok(())
    }
}
