//! BOSH (XEP-0124, XEP-0206): two connections at most, a request always waiting on one of them.

mod body;

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use crate::http::{Connection, Head};
use crate::place::Place;

pub use body::Body;

pub const PATH: &str = "/http-bind";

/// Seconds that the server may hold a request: what Strophe.js asks for by default.
const WAIT: u32 = 60;

/// Requests that may wait at once.
const REQUESTS: usize = 2;

pub struct Session {
    place: Arc<Place>,
    number: usize,
    /// A request's head up to the value of Content-Length.
    head: String,
    /// Empty until the session has been created.
    sid: String,
    rid: u64,
    /// Requests without an answer, oldest first.
    asked: VecDeque<Asked>,
    free: Vec<Connection>,
}

struct Asked {
    connection: Connection,
    request: Vec<u8>,
}

impl Session {
    /// Not created yet: [`open`](Self::open) asks for that.
    pub fn new(place: Arc<Place>, number: usize) -> Self {
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nHost: {}\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: ",
            place.authority()
        );
        // A server that knows no XMPP makes no sid; its requests are as long as the others'.
        let sid = if place.bare { "0".repeat(36) } else { String::new() };
        Self { place, number, head, sid, rid: 1 << 30, asked: VecDeque::new(), free: Vec::new() }
    }

    /// Sends the request that creates the session; once there is one, the restart after SASL.
    pub async fn open(&mut self, to: &str) -> Result<()> {
        let more = if self.sid.is_empty() {
            format!(" xmpp:version='1.0' ver='1.6' wait='{WAIT}' hold='1' content='text/xml; charset=utf-8'")
        } else {
            " xmpp:restart='true'".to_owned()
        };
        self.request(&format!(" to='{to}' xmlns:xmpp='urn:xmpp:xbosh'{more}"), b"").await
    }

    /// Ends the session.
    pub async fn terminate(&mut self) -> Result<()> {
        self.request(" type='terminate'", b"").await
    }

    /// Whether a request waits for its answer.
    pub fn waits(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Whether an answer has to come before the next request.
    pub fn is_full(&self) -> bool {
        self.asked.len() >= REQUESTS
    }

    /// Sends a body with these attributes.
    pub async fn request(&mut self, attributes: &str, content: &[u8]) -> Result<()> {
        let request = self.next_request(attributes, content);
        self.send(request).await
    }

    /// Loses a body on its way: its number is used, and the server never has it.
    pub async fn lose(&mut self, content: &[u8]) -> Result<()> {
        let request = self.next_request("", content);
        let connection = Connection::new(self.place.connect(self.number).await?);
        self.asked.push_back(Asked { connection, request });
        Ok(())
    }

    /// Ends all connections without a word.
    pub async fn cut(&mut self) {
        self.free.clear();
        for asked in &mut self.asked {
            asked.connection.cut().await;
        }
    }

    /// Asks again, with the same numbers, what has no answer: the answers may have been lost on their way.
    pub async fn take_up(&mut self) -> Result<()> {
        for asked in std::mem::take(&mut self.asked) {
            self.send(asked.request).await?;
        }
        Ok(())
    }

    /// The answer to the oldest request. Dropped before it is ready, it has lost nothing.
    pub async fn answer(&mut self) -> Result<Body> {
        let oldest = self.asked.front_mut().context("no request waits")?;
        let answer = oldest.connection.answer().await?;
        self.take(0, answer)
    }

    /// The answer that comes first, for a caller who does not mind the order. Dropped before it is ready, it has lost
    /// nothing.
    pub async fn any_answer(&mut self) -> Result<Body> {
        let [first, second] = self.asked.make_contiguous() else { return self.answer().await };
        let (at, answer) = tokio::select! {
            biased;
            answer = first.connection.answer() => (0, answer?),
            answer = second.connection.answer() => (1, answer?),
        };
        self.take(at, answer)
    }

    fn take(&mut self, at: usize, (head, text): (Head, Vec<u8>)) -> Result<Body> {
        self.free.extend(self.asked.remove(at).map(|asked| asked.connection));
        if head.status != 200 {
            bail!("HTTP status {}: {}", head.status, String::from_utf8_lossy(&text));
        }
        let body = Body::read(text)?;
        if self.sid.is_empty() {
            self.sid = body.attribute("sid").unwrap_or_default().to_owned();
        }
        Ok(body)
    }

    fn next_request(&mut self, attributes: &str, content: &[u8]) -> Vec<u8> {
        const END: &[u8] = b"</body>";
        let sid = if self.sid.is_empty() { String::new() } else { format!(" sid='{}'", self.sid) };
        let rid = self.rid;
        self.rid += 1;
        let tag = format!("<body xmlns='http://jabber.org/protocol/httpbind' rid='{rid}'{sid}{attributes}>");
        let head = format!("{}{}\r\n\r\n{tag}", self.head, tag.len() + content.len() + END.len());
        [head.as_bytes(), content, END].concat()
    }

    async fn send(&mut self, request: Vec<u8>) -> Result<()> {
        let mut connection = match self.free_connection().await {
            Some(connection) => connection,
            None => Connection::new(self.place.connect(self.number).await?),
        };
        connection.send(&request).await?;
        self.asked.push_back(Asked { connection, request });
        Ok(())
    }

    /// One that the server has left open.
    async fn free_connection(&mut self) -> Option<Connection> {
        loop {
            let mut free = self.free.pop()?;
            if !free.is_over().await {
                return Some(free);
            }
        }
    }
}
