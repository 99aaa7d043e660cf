//! A stream over BOSH (XEP-0124, XEP-0206), each body strictly parsed: one request that the server holds, one that sends.

use std::collections::VecDeque;

use client::bosh::Session;
use xmpp::{Document, Element, ElementLimits, ns};

use super::pieces::pieces;
use super::transport::{Result, Wire, done};
use crate::patience::wait;

pub struct Bosh {
    session: Session,
    is_created: bool,
    /// Elements that an answer carried.
    carried: VecDeque<Element>,
    ended: bool,
}

impl Bosh {
    pub fn new(session: Session) -> Self {
        Self { session, is_created: false, carried: VecDeque::new(), ended: false }
    }

    /// Of two requests without an answer, the older one gets its answer before there is a third.
    fn room(&mut self) -> Result<&mut Session> {
        if self.session.is_full() {
            self.answer()?;
        }
        Ok(&mut self.session)
    }

    /// Sends a body.
    fn request(&mut self, content: &str) -> Result<()> {
        done(self.room()?.request("", content.as_bytes()))
    }

    /// Takes the answer to the oldest request.
    fn answer(&mut self) -> Result<()> {
        let body = done(self.session.answer())?.into_text();
        let document = Document::parse(body.into(), "", &ElementLimits::OWN);
        let body = document.map_err(|error| format!("a body is malformed: {error}"))?.to_element();
        if !body.is("body", ns::HTTPBIND) {
            return Err(format!("this is no body: {}", body.to_xml("")));
        }
        self.ended |= body.get("type") == Some("terminate");
        self.carried.extend(body.children().cloned());
        Ok(())
    }
}

impl Wire for Bosh {
    fn open(&mut self, domain: &str) -> Result<()> {
        done(self.room()?.open(domain))?;
        match std::mem::replace(&mut self.is_created, true) {
            true => Ok(()),
            false => self.answer(),
        }
    }

    fn write(&mut self, xml: &str) -> Result<()> {
        self.request(&pieces(xml).concat())
    }

    fn read(&mut self) -> Result<Option<Element>> {
        loop {
            if let Some(element) = self.carried.pop_front() {
                return Ok(Some(element));
            }
            // the reason for the end may be in the answer to another request (XEP-0124 section 17.2)
            if self.ended && !self.session.waits() {
                return Ok(None);
            }
            if !self.session.waits() {
                self.request("")?;
            }
            self.answer()?;
            if !self.session.waits() && !self.ended {
                self.request("")?; // so that the server always has a request to answer
            }
        }
    }

    fn close(&mut self) -> Result<()> {
        done(self.room()?.terminate())
    }

    fn lose(&mut self, xml: &str) -> Result<()> {
        done(self.room()?.lose(pieces(xml).concat().as_bytes()))
    }

    fn cut(&mut self) {
        wait(self.session.cut());
    }

    fn take_up(&mut self) -> Result<bool> {
        done(self.session.take_up())?;
        Ok(true)
    }
}
