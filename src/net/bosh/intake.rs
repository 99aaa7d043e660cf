//! Incoming requests: in order, each once, and not too many.

use std::time::Duration;

use tokio::time::Instant;
use xmpp::{StreamCondition, StreamError, StreamEvent};

use super::body::{Attributes, Payload};
use super::condition::Condition;
use super::core::{Core, Pace, Request};
use super::creation::restarted;
use super::fault::Fault;
use super::kept::Again;
use super::reply::Reply;
use super::waiting::TooOften;
use super::window::Place;

/// Requests that empty ones may displace within this time: a reloaded page sends a request at once, while a
/// proxy keeps the old page's request open.
const DISPLACED: usize = 10;
const DISPLACED_IN: Duration = Duration::from_secs(10);

/// How old a missing response must be to be reported: a younger one may still be on its way.
const REPORT_AFTER: Duration = Duration::from_secs(1);

/// Extra responses kept for clients that do not acknowledge: one may be lost after a later one, on another
/// connection, has arrived and let the client continue.
const OVERTAKEN: u64 = 2;

/// The outcome of a request's arrival.
pub(super) enum Arrival {
    /// It is held, with this ticket.
    Wait(u32),
    /// It is answered already.
    Reply(Reply),
}

/// A request that breaks the protocol.
struct Broken {
    rid: u64,
    fault: Fault,
}

/// Text that is not XML at all is a BOSH error; XML that XMPP forbids is a stream error (XEP-0124 §17.2).
fn is_no_xml(error: &StreamError) -> bool {
    matches!(
        error.condition,
        StreamCondition::NotWellFormed
            | StreamCondition::BadFormat
            | StreamCondition::BadNamespacePrefix
            | StreamCondition::UnsupportedEncoding
    )
}

impl Pace {
    /// A request displaces another: whether too many have done so recently.
    fn displaced_too_often(&mut self, now: Instant) -> bool {
        self.displaced.retain(|at| now.duration_since(*at) < DISPLACED_IN);
        self.displaced.push(now);
        self.displaced.len() > DISPLACED
    }
}

impl Core {
    /// Takes a request. One that breaks the protocol ends the session.
    pub fn arrive(&mut self, request: Request, now: Instant) -> Arrival {
        let rid = request.attributes.rid;
        if let Some(ending) = &mut self.ending {
            // A request that was answered before the end must not get the end as its answer: what is sent
            // with that is younger than what followed its answer.
            let reply = match self.kept.again(rid) {
                Again::Reply(reply) if rid <= self.window.answered => reply,
                _ if rid <= self.window.answered => {
                    Reply::terminal(Condition::ItemNotFound, self.terms.ver.is_none())
                }
                _ => ending.late(),
            };
            self.wake_driver();
            return Arrival::Reply(reply);
        }
        let arrival = self.admit(request, now).and_then(|arrival| {
            self.take_in_order(now)?;
            Ok(arrival)
        });
        self.wake_driver();
        match arrival {
            Ok(arrival) => arrival,
            Err(Broken { rid: cause, fault }) => {
                let word = self.fail(cause, &fault);
                let told = self.ending.as_ref().map(|ending| ending.answer(rid));
                Arrival::Reply(told.unwrap_or(word))
            }
        }
    }

    fn admit(&mut self, request: Request, now: Instant) -> Result<Arrival, Broken> {
        let rid = request.attributes.rid;
        let broken = |fault: Fault| Broken { rid, fault };
        match self.window.place(rid, self.is_extra(&request.attributes)) {
            Place::Beyond => return Err(broken(Condition::ItemNotFound.into())),
            Place::TooMany => {
                return Err(broken(Fault::new(Condition::PolicyViolation, "too many concurrent requests")));
            }
            Place::Known => return self.repeated(rid, now).map_err(broken),
            Place::Early if self.waiting.get(rid).is_some() => {
                return self.repeated(rid, now).map_err(broken);
            }
            Place::Early | Place::Next => {}
        }
        (self.idle_since, self.pause) = (None, None);
        self.early.push(request);
        Ok(Arrival::Wait(self.waiting.enter(rid, now)))
    }

    /// Takes the requests that are next in order.
    fn take_in_order(&mut self, now: Instant) -> Result<(), Broken> {
        while let Some(at) = self.early.iter().position(|one| one.attributes.rid == self.window.next) {
            let request = self.early.swap_remove(at);
            let rid = request.attributes.rid;
            self.take_in(request, now).map_err(|fault| Broken { rid, fault })?;
        }
        if self.early.is_empty() {
            self.early = Vec::new();
        }
        Ok(())
    }

    /// One more request may be unanswered if it pauses or ends the session.
    fn is_extra(&self, asked: &Attributes) -> bool {
        asked.terminate || self.terms.pause(asked.pause).is_some()
    }

    /// The request is a repetition (XEP-0124 §14.3).
    fn repeated(&mut self, rid: u64, now: Instant) -> Result<Arrival, Fault> {
        let too_often = Fault::new(Condition::PolicyViolation, "the same request was repeated too often");
        match self.waiting.again(rid, now) {
            Some(Err(TooOften)) => return Err(too_often),
            Some(Ok(ticket)) => {
                self.idle_since = None;
                return Ok(Arrival::Wait(ticket));
            }
            None => {}
        }
        match self.kept.again(rid) {
            Again::Gone => Err(Condition::ItemNotFound.into()),
            Again::TooOften => Err(too_often),
            Again::Reply(reply) => {
                self.idle_since = self.idle_since.map(|_| now);
                Ok(Arrival::Reply(reply))
            }
        }
    }

    /// Takes the next request in order.
    fn take_in(&mut self, request: Request, now: Instant) -> Result<(), Fault> {
        let Request { attributes: asked, payload } = request;
        self.keys.follow(asked.key.as_deref(), asked.newkey.as_deref())?;
        let empty = payload.is_empty();
        let poll = empty && !asked.restart && !self.is_extra(&asked);
        self.check_pace(asked.rid, poll, now)?;
        self.window.next = asked.rid + 1;
        self.confirm(&asked, poll, now);
        if asked.stream && !empty {
            return Err(Fault::new(Condition::ItemNotFound, "only one stream per session is supported"));
        }
        self.begin_pause(&asked);
        if asked.restart {
            self.inbox.push_back(Ok(StreamEvent::Open(restarted(&self.header, &asked))));
            return Ok(());
        }
        let Payload { elements, mistake } = payload;
        let first = elements.is_empty();
        self.inbox.extend(elements.into_iter().map(|element| Ok(StreamEvent::Element(element))));
        match mistake {
            Some(error) if first && is_no_xml(&error) => return Err(Fault::malformed(error)),
            // What precedes the error is handled and answered first.
            Some(error) => self.inbox.push_back(Err(error)),
            None => {}
        }
        if asked.terminate {
            self.inbox.push_back(Ok(StreamEvent::Close));
        }
        Ok(())
    }

    /// All requests are answered at once, and the client need not send any for a while (XEP-0124 §10).
    fn begin_pause(&mut self, asked: &Attributes) {
        self.pause = self.terms.pause(asked.pause);
        if self.pause.is_none() {
            return;
        }
        for one in self.waiting.iter_mut().filter(|one| one.rid <= asked.rid) {
            one.at_once = true;
            one.bare = one.rid == asked.rid;
        }
    }

    /// Too many empty requests in too short a time (XEP-0124 §11, §12).
    fn check_pace(&mut self, rid: u64, poll: bool, now: Instant) -> Result<(), Fault> {
        let (at, empty) =
            (std::mem::replace(&mut self.pace.at, now), std::mem::replace(&mut self.pace.empty, poll));
        let in_vain = std::mem::take(&mut self.pace.in_vain);
        let fault = match (poll, self.terms.polls()) {
            (false, _) => None,
            (true, true) => {
                let too_often = empty && in_vain && now.duration_since(at) < self.terms.polling();
                too_often.then_some("polling too frequently")
            }
            (true, false) => {
                let too_often = self.displaces(rid) && self.pace.displaced_too_often(now);
                too_often.then_some("too many empty requests while another one is waiting")
            }
        };
        match fault.filter(|_| self.terms.polling() > Duration::ZERO) {
            Some(text) => Err(Fault::new(Condition::PolicyViolation, text)),
            None => Ok(()),
        }
    }

    /// So many requests are held that the oldest is answered because of this one.
    fn displaces(&self, rid: u64) -> bool {
        let unanswered = self.waiting.iter().filter(|one| one.live && one.rid <= rid).count() as u64;
        unanswered >= self.terms.requests()
    }

    /// Records which responses this request shows to have arrived (XEP-0124 §9.2): those it acknowledges, if
    /// the client does so. Otherwise: a client never exceeds its limit of unanswered requests, provided all
    /// answers have been handed out; and a client that polls has none unanswered, since with one it need not
    /// poll, nor has one that ends the session, unless one is held.
    fn confirm(&mut self, asked: &Attributes, poll: bool, now: Instant) {
        let answered = self.window.answered;
        let before = asked.rid - 1;
        let acknowledges = self.terms.acks || asked.ack.is_some();
        let none_held = answered == before && (poll || asked.terminate);
        let told = match asked.ack {
            Some(ack) => ack,
            None if self.terms.acks || none_held => before,
            None => 0,
        };
        let extra = acknowledges || self.terms.pause(asked.pause).is_some();
        let sure = self.window.surely_received(asked.rid, extra).min(self.kept.handed_out());
        let told = if acknowledges { told } else { told.min(self.kept.handed_out()) };
        let received = told.min(answered).max(sure);
        self.confirmed += self.kept.confirm(received);
        self.kept.forget(if acknowledges { received } else { sure.saturating_sub(OVERTAKEN) });
        if asked.ack.is_some() && received < answered {
            self.report_missing(asked.rid, received + 1, now);
        }
    }

    fn report_missing(&mut self, rid: u64, missing: u64, now: Instant) {
        let sent = self.kept.sent(missing).filter(|&sent| now.duration_since(sent) >= REPORT_AFTER);
        if let (Some(sent), Some(one)) = (sent, self.waiting.get(rid)) {
            one.at_once = true;
            self.report = Some((missing, sent));
        }
    }
}
