//! A session, whoever serves its stream, its client and a clock, as the input moves them.

use std::collections::BTreeMap;
use std::task::{Poll, Waker};
use std::time::Duration;

use settings::{Interval, Limit};
use tokio::time::Instant;
use xmpp::{Document, Element, Stanza, StreamEvent, ns};

use super::body::{Attributes, Payload};
use super::core::{Core, Request, Step};
use super::creation::{Creation, header};
use super::intake::Arrival;
use super::reply::Reply;
use super::terms::{BoshLimits, Terms};

const FIRST: u64 = 1000;

/// What the input decides about a session before it begins.
const LIMITS: BoshLimits = BoshLimits {
    bosh_wait: Limit::of(60),
    bosh_hold: Limit::of(2),
    bosh_inactivity: Limit::of(30),
    bosh_max_pause: Interval::of(120),
    bosh_polling: Interval::of(2),
};

struct Play {
    core: Core,
    now: Instant,
    requests: u64,
    /// The client keeps to the rules; else it sends whatever it likes, and only order counts.
    lawful: bool,
    acks: bool,
    /// The next request id of the client.
    next: u64,
    /// Requests as they were first sent, with the number of their elements.
    sent: BTreeMap<u64, (Attributes, u8)>,
    /// Requests whose connection stands and which have no answer yet.
    waiting: Vec<(u64, u32)>,
    /// What the client was answered, by request, and which stanzas that carried.
    answers: BTreeMap<u64, (Reply, Vec<usize>)>,
    /// The last element that was taken from the stream: its request, and which it was there.
    heard: (u64, u8),
    /// Stanzas to the client, and how many of them are said to have arrived.
    written: usize,
    confirmed: usize,
    over: bool,
}

/// Moves of one session: more of them show nothing new.
const MOVES: usize = 300;

/// The first two bytes say what the client asks for; then two bytes a move: what, and how.
pub fn play(data: &[u8]) {
    let [how, wishes, moves @ ..] = data else { return };
    let Some(mut play) = Play::begin(*how, *wishes) else { return };
    for pair in moves.chunks_exact(2).take(MOVES) {
        play.turn(pair[0], pair[1]);
        play.check();
    }
    play.serve();
    play.check();
}

impl Play {
    fn begin(how: u8, wishes: u8) -> Option<Self> {
        let acks = how & 1 != 0;
        let asked = Attributes {
            rid: FIRST,
            to: Some("chess.example".into()),
            ver: (how & 4 == 0).then_some((1, 6)),
            ack: acks.then_some(1),
            wait: Some(u64::from(wishes >> 3)),
            hold: Some(u64::from(wishes & 3)),
            ..Attributes::default()
        };
        let terms = Terms::of(&asked, &LIMITS);
        let requests = terms.requests();
        let creation = Creation { sid: "s".into(), rid: FIRST, secure: false, from: None, authid: None };
        let now = Instant::now();
        let (core, ticket) = Core::new(&asked, header(&asked).ok()?, terms, creation, now).ok()?;
        let mut play = Self {
            core,
            now,
            requests,
            lawful: how & 2 == 0,
            acks,
            next: FIRST + 1,
            sent: BTreeMap::from([(FIRST, (asked, 0))]),
            waiting: vec![(FIRST, ticket)],
            answers: BTreeMap::new(),
            heard: (FIRST, 0),
            written: 0,
            confirmed: 0,
            over: false,
        };
        play.core.element(&Element::new("features", ns::STREAM));
        play.serve();
        play.receive(0);
        play.core.output.count();
        Some(play)
    }

    fn turn(&mut self, what: u8, how: u8) {
        match what % 16 {
            0..=3 => self.send(how),
            4 => self.send_again(how),
            5 if !self.lawful => {
                let rid = (self.next + u64::from(how % 9)).saturating_sub(4);
                self.ask(rid, how);
            }
            6 => self.lose(how),
            7..=9 => self.receive(how),
            10 | 11 => self.write(),
            12 => self.now += Duration::from_millis(u64::from(how) * 250),
            13 if how == 255 => self.core.close(),
            13 if how == 254 => self.core.redirect("https://chess.example/"),
            13 if how == 253 => self.core.abandon(),
            _ => self.serve(),
        }
    }

    /// The client's next request. One that keeps to the rules has no more of them unanswered than it may, whatever the
    /// order in which answers arrive; goes no further beyond an answer that it has lost (XEP-0124 §14); sends nothing
    /// only to have something to wait for, and nothing after the end.
    fn send(&mut self, how: u8) {
        let missing = || (FIRST..self.next).filter(|rid| !self.answers.contains_key(rid));
        let unanswered = missing().count() as u64;
        let lost = missing().find(|&rid| self.waiting.iter().all(|&(other, _)| other != rid));
        let beyond = lost.map_or(0, |rid| self.next - rid);
        let elements = how & 3;
        let extra = pauses(how) || terminates(how);
        let last = self.sent.last_key_value().is_some_and(|(_, (attributes, _))| attributes.terminate);
        // Who says nothing of what has arrived waits for all of it before the end.
        let waits = elements > 0 && (self.acks || !terminates(how));
        let most = self.requests + u64::from(extra);
        let may = unanswered < most && beyond < most && (waits || unanswered == 0) && !last;
        if may || !self.lawful {
            let rid = self.next;
            self.next += 1;
            self.ask(rid, how);
        }
    }

    fn send_again(&mut self, how: u8) {
        let missing = self.sent.keys().filter(|rid| !self.lawful || !self.answers.contains_key(rid));
        let missing: Vec<u64> = missing.copied().collect();
        if let Some(&rid) = missing.get(usize::from(how) % missing.len().max(1)) {
            self.ask(rid, how);
        }
    }

    /// A request, the same as before if it was sent before.
    fn ask(&mut self, rid: u64, how: u8) {
        let received = (FIRST..rid).take_while(|rid| self.answers.contains_key(rid)).last();
        let lie = !self.lawful && how & 0x80 != 0;
        let new = Attributes {
            sid: Some("s".into()),
            rid,
            ack: if lie { Some(rid + u64::from(how)) } else { received.filter(|_| self.acks) },
            pause: pauses(how).then_some(1 + u64::from(how % 120)),
            terminate: terminates(how),
            restart: how & 0x1f == 0x10,
            ..Attributes::default()
        };
        let (attributes, elements) = self.sent.entry(rid).or_insert((new, how & 3)).clone();
        let elements = (0..elements).map(|at| element(rid, at)).collect();
        self.waiting.retain(|&(other, _)| other != rid);
        match self.core.arrive(Request { attributes, payload: Payload { elements, mistake: None } }, self.now)
        {
            Arrival::Wait(ticket) => self.waiting.push((rid, ticket)),
            Arrival::Reply(reply) => self.answered(rid, reply),
        }
    }

    /// A connection breaks, with the request or its answer on it.
    fn lose(&mut self, how: u8) {
        if !self.waiting.is_empty() {
            let (rid, ticket) = self.waiting.swap_remove(usize::from(how) % self.waiting.len());
            self.core.leave(rid, ticket, self.now);
        }
    }

    /// An answer arrives, if there is one.
    fn receive(&mut self, how: u8) {
        if self.waiting.is_empty() {
            return;
        }
        let at = usize::from(how) % self.waiting.len();
        let (rid, ticket) = self.waiting[at];
        if let Poll::Ready(reply) = self.core.poll_answer(rid, ticket, Waker::noop()) {
            self.waiting.swap_remove(at);
            let ended = reply.body.windows(11).any(|word| word == b"'terminate'");
            assert!(!ended || self.core.ending.is_some(), "{rid} was let down");
            self.answered(rid, reply);
        }
    }

    fn answered(&mut self, rid: u64, reply: Reply) {
        let ids = stanzas(&reply);
        if reply == Reply::again() {
            return;
        }
        let before = self.answers.range(..rid).rev().find_map(|(_, (_, ids))| ids.last());
        let after = self.answers.range(rid + 1..).find_map(|(_, (_, ids))| ids.first());
        let all: Vec<_> = before.into_iter().chain(&ids).chain(after).collect();
        assert!(all.is_sorted_by(|one, other| one < other), "not in order, or twice: {all:?}");
        let former = self.answers.insert(rid, (reply.clone(), ids));
        if let Some((former, _)) = former.filter(|_| !self.over && self.core.ending.is_none()) {
            assert_eq!(former, reply, "the answer to {rid} has changed");
        }
    }

    /// Stanzas are said to have arrived: they are the first that were written, and the client has them.
    fn confirm(&mut self, count: usize) {
        self.confirmed += count;
        assert!(self.confirmed <= self.written, "{} of {} have arrived", self.confirmed, self.written);
        if self.lawful {
            let arrived = self.answers.values().flat_map(|(_, ids)| ids).take(self.confirmed);
            assert!(arrived.copied().eq(0..self.confirmed), "what is said to have arrived has not");
        }
    }

    /// Whoever serves the stream writes.
    fn write(&mut self) {
        let stanza = Stanza::parse_str(&format!("<message id='{}'/>", self.written)).expect("a stanza");
        self.core.stanza(&stanza);
        self.written += 1;
    }

    /// And takes what there is.
    fn serve(&mut self) {
        for _ in 0..1000 {
            match self.core.step(true, self.now) {
                Step::Event(StreamEvent::Element(element)) => self.hear(&element),
                Step::Event(StreamEvent::Close) => self.core.close(),
                Step::Event(_) | Step::Error(_) | Step::Drained => {}
                Step::Confirmed(count) => self.confirm(count),
                Step::Lost => {
                    self.over = true;
                    return;
                }
                Step::Wait(until) => {
                    assert!(until.is_none_or(|until| until > self.now), "it waits for what is due");
                    let all =
                        (FIRST..self.core.window.next).rev().find_map(|rid| match self.sent.get(&rid) {
                            Some((_, elements @ 1..)) => Some((rid, *elements)),
                            _ => None,
                        });
                    assert!(all.is_none_or(|last| self.heard >= last), "something was not heard of: {all:?}");
                    return;
                }
            }
        }
        panic!("there is no end to it");
    }

    /// Elements come in the order of their requests, each once.
    fn hear(&mut self, element: &Document) {
        let id = element.root().attr("id").expect("an id").into_owned();
        let (rid, at) = id.split_once('.').expect("two numbers");
        let (rid, at): (u64, u8) = (rid.parse().expect("a number"), at.parse().expect("a number"));
        assert!(rid < self.core.window.next, "{id} was heard before its turn");
        let (before, last) = self.heard;
        let follows = if rid == before { at == last } else { rid > before && at == 0 };
        assert!(follows, "{id} after {:?}", self.heard);
        self.heard = (rid, at + 1);
    }

    fn check(&self) {
        let unanswered = self.core.waiting.iter().count() as u64;
        assert!(unanswered <= self.requests + 1, "{unanswered} requests are kept waiting");
    }
}

fn pauses(how: u8) -> bool {
    how & 0x1c == 0x0c
}

fn terminates(how: u8) -> bool {
    how & 0x5c == 0x5c
}

fn element(rid: u64, at: u8) -> Document {
    let xml = format!("<message id='{rid}.{at}'/>");
    Document::parse(xml.into(), ns::CLIENT, &xmpp::ElementLimits::OWN).expect("an element")
}

/// The numbers of the stanzas in an answer, which is a body.
fn stanzas(reply: &Reply) -> Vec<usize> {
    let body =
        Document::parse(reply.body.clone(), "", &xmpp::ElementLimits::OWN).expect("an answer is well-formed");
    assert!(body.root().is("body", ns::HTTPBIND));
    let messages = body.root().children().filter(|child| child.is("message", ns::CLIENT));
    messages.map(|message| message.attr("id").expect("an id").parse().expect("a number")).collect()
}
