//! A stream over BOSH (XEP-0124, XEP-0206): one request that the server holds, one that sends.

use std::collections::VecDeque;
use std::net::SocketAddr;

use xmpp::{Document, Element, Limits, ns};

use super::http::Http;
use super::pieces::pieces;
use super::transport::{Result, Wire};

pub struct Bosh {
    address: SocketAddr,
    /// The session, once there is one.
    sid: Option<String>,
    rid: u64,
    /// Requests without an answer, oldest first, each with its body.
    asked: VecDeque<(Http, String)>,
    /// Connections on which nothing is asked.
    free: Vec<Http>,
    /// Elements that an answer carried.
    carried: VecDeque<Element>,
    ended: bool,
}

impl Bosh {
    pub fn new(address: SocketAddr) -> Self {
        let (asked, free, carried) = (VecDeque::new(), Vec::new(), VecDeque::new());
        Self { address, sid: None, rid: 1_573_741_820, asked, free, carried, ended: false }
    }

    /// Sends a body.
    fn request(&mut self, attributes: &str, content: &str) -> Result<()> {
        let body = self.body(attributes, content)?;
        self.post(body)
    }

    /// The next body. Of two requests without an answer, the older one gets its answer before there is a third.
    fn body(&mut self, attributes: &str, content: &str) -> Result<String> {
        if self.asked.len() == 2 {
            self.answer()?;
        }
        self.rid += 1;
        let (ns, rid) = (ns::HTTPBIND, self.rid);
        let sid = self.sid.as_ref().map(|sid| format!(" sid='{sid}'")).unwrap_or_default();
        Ok(format!("<body xmlns='{ns}' rid='{rid}'{sid}{attributes}>{content}</body>"))
    }

    fn post(&mut self, body: String) -> Result<()> {
        let mut http = match self.free.pop().filter(Http::is_open) {
            Some(http) => http,
            None => Http::connect(self.address)?,
        };
        let fields = format!("Content-Type: text/xml; charset=utf-8\r\nContent-Length: {}\r\n", body.len());
        http.request("POST /http-bind", &fields, &body)?;
        self.asked.push_back((http, body));
        Ok(())
    }

    /// Takes the answer to the oldest request.
    fn answer(&mut self) -> Result<()> {
        let (mut http, _) = self.asked.pop_front().ok_or("nothing was asked")?;
        let (head, bytes) = http.answer()?;
        if head.status != 200 {
            return Err(format!("HTTP status {}: {}", head.status, String::from_utf8_lossy(&bytes)));
        }
        let document = Document::parse(bytes.into(), "", &Limits::OWN);
        let body = document.map_err(|error| format!("a body is malformed: {error}"))?.to_element();
        if !body.is("body", ns::HTTPBIND) {
            return Err(format!("this is no body: {}", body.to_xml("")));
        }
        self.ended |= body.get("type") == Some("terminate");
        if self.sid.is_none() {
            self.sid = body.get("sid").map(str::to_owned);
        }
        self.carried.extend(body.children().cloned());
        self.free.push(http);
        Ok(())
    }
}

impl Wire for Bosh {
    fn open(&mut self, domain: &str) -> Result<()> {
        let stream = format!("to='{domain}' xmlns:xmpp='{}'", ns::XBOSH);
        match self.sid {
            Some(_) => self.request(&format!(" {stream} xmpp:restart='true'"), ""),
            None => {
                let wishes = "ver='1.6' wait='60' hold='1' content='text/xml; charset=utf-8'";
                self.request(&format!(" {stream} xmpp:version='1.0' {wishes}"), "")?;
                self.answer()
            }
        }
    }

    fn write(&mut self, xml: &str) -> Result<()> {
        self.request("", &pieces(xml).concat())
    }

    fn read(&mut self) -> Result<Option<Element>> {
        loop {
            if let Some(element) = self.carried.pop_front() {
                return Ok(Some(element));
            }
            // the reason for the end may be in the answer to another request (XEP-0124 section 17.2)
            if self.ended && self.asked.is_empty() {
                return Ok(None);
            }
            if self.asked.is_empty() {
                self.request("", "")?;
            }
            self.answer()?;
            if self.asked.is_empty() && !self.ended {
                self.request("", "")?; // so that the server always has a request to answer
            }
        }
    }

    fn close(&mut self) -> Result<()> {
        self.request(" type='terminate'", "")
    }

    fn lose(&mut self, xml: &str) -> Result<()> {
        let body = self.body("", &pieces(xml).concat())?;
        self.asked.push_back((Http::connect(self.address)?, body));
        Ok(())
    }

    fn cut(&mut self) {
        self.free.clear();
        self.asked.iter().for_each(|(http, _)| http.cut());
    }

    /// Asks again, with the same numbers, what has no answer; the answers may have been lost on their way.
    fn take_up(&mut self) -> Result<bool> {
        let asked = std::mem::take(&mut self.asked);
        asked.into_iter().try_for_each(|(_, body)| self.post(body))?;
        Ok(true)
    }
}
