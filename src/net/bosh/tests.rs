//! The core without I/O: a session, a manual clock, and a server of its stream.

mod moves;
mod order;
mod parts;
mod rules;
mod session;
mod waits;

use std::task::{Poll, Waker};
use std::time::Duration;

use settings::{Interval, Limit};
use tokio::time::Instant;
use xmpp::{Element, Stanza, StreamError, StreamEvent, ns};

use super::body::Body;
use super::core::{Core, Request, Step};
use super::creation::{Creation, header};
use super::intake::Arrival;
use super::terms::{BoshLimits, Terms};

const LIMITS: BoshLimits = BoshLimits {
    bosh_wait: Limit::of(60),
    bosh_hold: Limit::of(2),
    bosh_inactivity: Limit::of(30),
    bosh_max_pause: Interval::of(120),
    bosh_polling: Interval::of(2),
};

const STANZA: xmpp::ElementLimits =
    xmpp::ElementLimits { stanza_bytes: 10_000, depth: 16, attributes: 16, elements: 64, namespaces: 16 };

const FIRST: u64 = 1000;

/// Both sides of a session.
struct Rig {
    core: Core,
    now: Instant,
    /// Tickets of requests that were sent and not answered yet.
    tickets: Vec<(u64, u32)>,
    /// The steps the server of the stream has seen, as text.
    heard: Vec<String>,
    confirmed: usize,
}

/// A body with these attributes and this content in the session's namespace.
fn body(attributes: &str, inside: &str) -> String {
    format!("<body {attributes} xmlns='{}' xmlns:xmpp='{}'>{inside}</body>", ns::HTTPBIND, ns::XBOSH)
}

fn stanza(id: u64) -> Stanza {
    Stanza::parse_str(&format!("<message id='{id}'/>")).unwrap()
}

fn request(xml: &str) -> Request {
    let body = Body::open(xml.as_bytes()).ok().unwrap();
    Request { payload: body.payload(&STANZA), attributes: body.attributes }
}

impl Rig {
    /// A session whose first response has been read.
    fn new(attributes: &str) -> Self {
        let (mut rig, first) = Self::begin(attributes);
        assert!(first.contains("sid="), "{first}");
        rig.core.output.count();
        rig
    }

    /// The first request, and its answer once the stream has features.
    fn begin(attributes: &str) -> (Self, String) {
        let xml = body(&format!("rid='{FIRST}' to='chess.example' ver='1.6' {attributes}"), "");
        let asked = Body::open(xml.as_bytes()).ok().unwrap().attributes;
        let terms = Terms::of(&asked, &LIMITS);
        let creation = Creation { sid: "s".into(), rid: FIRST, secure: false, from: None, authid: None };
        let now = Instant::now();
        let (core, ticket) = Core::new(&asked, header(&asked).unwrap(), terms, creation, now).unwrap();
        let mut rig = Self { core, now, tickets: vec![(FIRST, ticket)], heard: Vec::new(), confirmed: 0 };
        rig.serve();
        assert_eq!(rig.heard.pop().as_deref(), Some("open chess.example"));
        let first = rig.answer(FIRST).unwrap_or_default();
        (rig, first)
    }

    /// Sends a request without serving the stream; returns the answer if there is one at once.
    fn send(&mut self, rid: u64, attributes: &str, inside: &str) -> Option<String> {
        let xml = body(&format!("sid='s' rid='{rid}' {attributes}"), inside);
        match self.core.arrive(request(&xml), self.now) {
            Arrival::Reply(reply) => Some(String::from_utf8(reply.body.to_vec()).unwrap()),
            Arrival::Wait(ticket) => {
                self.tickets.push((rid, ticket));
                None
            }
        }
    }

    /// The same, then serves the stream; returns the answer if there is one then.
    fn ask(&mut self, rid: u64, attributes: &str, inside: &str) -> Option<String> {
        let at_once = self.send(rid, attributes, inside);
        self.serve();
        at_once.or_else(|| self.answer(rid))
    }

    /// The stream's server takes everything available; returns when something is due.
    fn serve(&mut self) -> Option<Instant> {
        loop {
            match self.core.step(true, self.now) {
                Step::Event(StreamEvent::Open(header)) => {
                    self.heard.push(format!("open {}", header.to.unwrap()));
                    if self.core.creation.is_some() {
                        self.core.element(&Element::new("features", ns::STREAM));
                    }
                }
                Step::Event(StreamEvent::Element(element)) => {
                    let id = element.root().attr("id").unwrap_or_default().into_owned();
                    self.heard.push(format!("{} {id}", element.root().name()));
                }
                Step::Event(StreamEvent::Close) => self.heard.push("close".into()),
                Step::Error(StreamError { condition, .. }) => self.heard.push(condition.as_str().into()),
                Step::Confirmed(count) => self.confirmed += count,
                Step::Drained => {}
                Step::Lost => {
                    self.heard.push("lost".into());
                    return None;
                }
                Step::Wait(until) => return until,
            }
        }
    }

    /// The answer to the latest copy of a request, as its waiter takes it.
    fn answer(&mut self, rid: u64) -> Option<String> {
        let at = self.tickets.iter().rposition(|(known, _)| *known == rid)?;
        let answer = self.poll(rid, self.tickets[at].1);
        if answer.is_some() {
            self.tickets.remove(at);
        }
        answer
    }

    fn poll(&mut self, rid: u64, ticket: u32) -> Option<String> {
        match self.core.poll_answer(rid, ticket, Waker::noop()) {
            Poll::Ready(reply) => Some(String::from_utf8(reply.body.to_vec()).unwrap()),
            Poll::Pending => None,
        }
    }

    /// A stanza for the client.
    fn push(&mut self, id: u64) {
        self.core.stanza(&stanza(id));
        self.serve();
    }

    fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
        self.serve();
    }

    /// The connection of a request is lost.
    fn lose(&mut self, rid: u64) {
        let at = self.tickets.iter().rposition(|(known, _)| *known == rid).unwrap();
        let (rid, ticket) = self.tickets.remove(at);
        self.core.leave(rid, ticket, self.now);
        self.serve();
    }
}

/// The ids of the messages in an answer.
fn ids(answer: &str) -> Vec<u64> {
    let parts = answer.split("<message xmlns='jabber:client' id='").skip(1);
    parts.map(|part| part.split('\'').next().unwrap().parse().unwrap()).collect()
}

fn is_empty(answer: Option<String>) -> bool {
    answer.as_deref() == Some("<body xmlns='http://jabber.org/protocol/httpbind'/>")
}

/// The condition with which an answer ends the session.
fn condition(answer: Option<String>) -> String {
    let answer = answer.expect("no answer");
    assert!(answer.contains("type='terminate'"), "{answer}");
    answer.split("condition='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default().to_owned()
}
