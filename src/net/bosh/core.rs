//! A session without I/O. `intake` handles requests, `respond` answers.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;
use xmpp::{Element, Stanza, StreamError, StreamEvent, StreamHeader, ns};

use super::body::{Attributes, Payload};
use super::condition::Condition;
use super::creation::Creation;
use super::ending::Ending;
use super::fault::Fault;
use super::kept::Kept;
use super::key::Keys;
use super::output::Output;
use super::reply::Reply;
use super::terms::Terms;
use super::waiting::Queue;
use super::window::Window;

pub(super) struct Request {
    pub attributes: Attributes,
    pub payload: Payload,
}

/// What the server of a session's stream must do next.
#[derive(Debug)]
pub(super) enum Step {
    Event(StreamEvent),
    Error(StreamError),
    /// This many stanzas have arrived.
    Confirmed(usize),
    /// Payload has been sent.
    Drained,
    /// The client is gone.
    Lost,
    /// Idle until that instant or until input.
    Wait(Option<Instant>),
}

pub(super) struct Core {
    pub(super) terms: Terms,
    /// The client's stream header, reused for restarts.
    pub(super) header: Box<StreamHeader>,
    pub(super) window: Window,
    pub(super) waiting: Queue,
    /// Requests that arrived before an earlier one.
    pub(super) early: Vec<Request>,
    pub(super) kept: Kept,
    pub(super) keys: Keys,
    pub(super) inbox: VecDeque<Result<StreamEvent, StreamError>>,
    pub(super) output: Output,
    /// Present until the first response.
    pub(super) creation: Option<Box<Creation>>,
    pub(super) pace: Pace,
    /// Since when no request is held.
    pub(super) idle_since: Option<Instant>,
    /// How long no request needs to be held, once.
    pub(super) pause: Option<Duration>,
    /// Stanzas whose arrival must be reported.
    pub(super) confirmed: usize,
    /// A response that may have been lost, and since when (XEP-0124 §9.2).
    pub(super) report: Option<(u64, Instant)>,
    pub(super) ending: Option<Ending>,
    /// The stream error that was written.
    failure: Option<(Condition, Vec<u8>)>,
    pub(super) driver: Option<Waker>,
}

/// Facts about recent requests, used to detect polling that is too frequent.
pub(super) struct Pace {
    /// When the last one arrived.
    pub at: Instant,
    /// Whether it was empty.
    pub empty: bool,
    /// Whether its response had no payload.
    pub in_vain: bool,
    /// When empty requests arrived that made the server answer others early.
    pub displaced: Vec<Instant>,
}

impl Core {
    /// A session with the terms of its first request; also returns the request's ticket.
    pub fn new(
        first: &Attributes,
        header: StreamHeader,
        terms: Terms,
        creation: Creation,
        now: Instant,
    ) -> Result<(Self, u32), Condition> {
        let mut core = Self {
            window: Window::new(first.rid, terms.requests()),
            terms,
            waiting: Queue::default(),
            early: Vec::new(),
            kept: Kept::default(),
            keys: Keys::begin(first.newkey.as_deref())?,
            inbox: VecDeque::from([Ok(StreamEvent::Open(header.clone()))]),
            header: Box::new(header),
            output: Output::default(),
            creation: Some(Box::new(creation)),
            pace: Pace { at: now, empty: false, in_vain: false, displaced: Vec::new() },
            idle_since: None,
            pause: None,
            confirmed: 0,
            report: None,
            ending: None,
            failure: None,
            driver: None,
        };
        core.window.next = first.rid + 1;
        let ticket = core.waiting.enter(first.rid, now);
        Ok((core, ticket))
    }

    /// Whether the client gave no `ver`.
    pub fn legacy(&self) -> bool {
        self.terms.ver.is_none()
    }

    /// Sets the server's stream header: its addresses go into the first response.
    pub fn opened(&mut self, header: &StreamHeader) {
        if let Some(creation) = &mut self.creation {
            creation.from.clone_from(&header.from);
            creation.authid.clone_from(&header.id);
        }
    }

    /// Writes a stanza; returns the number of bytes pending.
    pub fn stanza(&mut self, stanza: &Stanza) -> usize {
        self.output.stanza(stanza);
        self.output.len()
    }

    /// Writes an element. A stream error is kept for the end.
    pub fn element(&mut self, element: &Element) {
        if !element.is("error", ns::STREAM) {
            return self.output.element(element);
        }
        let name = element.children().next().map_or("", Element::name);
        let mut bytes = Vec::new();
        element.write_prefixed(&mut bytes, "stream", ns::HTTPBIND);
        self.failure = Some((Condition::of_stream_error(name), bytes));
    }

    /// The server closes the stream: with the stream error that was written, else without a condition.
    pub fn close(&mut self) {
        match self.failure.take() {
            None => {
                // What was written before is sent with it.
                let last = self.output.take();
                self.end(Reply::farewell(last.stream, &last.bytes), Reply::empty());
            }
            Some((condition, error)) => {
                let mut last = self.output.last();
                let enclosed = condition == Condition::RemoteStreamError;
                if enclosed {
                    last.bytes.extend_from_slice(&error);
                }
                let stream = last.stream || enclosed;
                let word = Reply::terminal_with(condition, self.legacy(), stream, &last.bytes);
                self.end(word, Reply::terminal(condition, self.legacy()));
            }
        }
    }

    /// Redirects the client.
    pub fn redirect(&mut self, uri: &str) {
        let mut bytes = Vec::new();
        Element::new("uri", ns::HTTPBIND).text(uri).write(&mut bytes, ns::HTTPBIND);
        let word = Reply::terminal_with(Condition::SeeOtherUri, self.legacy(), false, &bytes);
        self.end(word, Reply::terminal(Condition::SeeOtherUri, self.legacy()));
    }

    /// The stream is no longer served: the session ends with `remote-connection-failed`, unless it has ended
    /// before.
    pub fn abandon(&mut self) {
        let word = Reply::terminal(Condition::RemoteConnectionFailed, self.legacy());
        self.end(word.clone(), word);
    }

    /// Ends the session because of a request; returns the answer to that.
    pub fn fail(&mut self, rid: u64, fault: &Fault) -> Reply {
        let legacy = self.legacy();
        let word = fault.reply(legacy);
        self.ending.get_or_insert(Ending::caused_by(rid, word.clone(), legacy));
        self.over();
        word
    }

    fn end(&mut self, word: Reply, rest: Reply) {
        if self.ending.is_none() {
            let oldest = self.waiting.iter().find(|one| one.live).map(|one| one.rid);
            self.ending = Some(Ending::new(word, rest, oldest, self.legacy()));
            self.over();
        }
    }

    fn over(&mut self) {
        self.early = Vec::new();
        self.waiting.wake_all();
        self.wake_driver();
    }

    pub(super) fn wake_driver(&mut self) {
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
    }
}
