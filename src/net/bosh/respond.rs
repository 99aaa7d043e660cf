//! Answering requests: in order, when there is output or when the time is up.

use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::condition::Condition;
use super::core::{Core, Step};
use super::ending::Ending;
use super::output::Payload;
use super::reply::{Reply, Tag};

/// A response with stanzas may have been lost, and only the client's next request will show it: that request
/// is held no longer than this.
const DOUBT: Duration = Duration::from_secs(2);

/// A request waits at least this long for a missing earlier one.
const GAP: Duration = Duration::from_secs(5);

impl Core {
    /// The next step for the server of the stream. Requests are answered once everything in them has been
    /// handled, so that a client sends no faster than it is served. Events are returned only if `allowed`.
    pub fn step(&mut self, allowed: bool, now: Instant) -> Step {
        if self.confirmed > 0 {
            return Step::Confirmed(std::mem::take(&mut self.confirmed));
        }
        if !allowed && !self.inbox.is_empty() {
            return Step::Wait(None);
        }
        match self.inbox.pop_front() {
            Some(Ok(event)) => return Step::Event(event),
            Some(Err(error)) => return Step::Error(error),
            None if self.ending.is_some() => return Step::Lost,
            None => self.inbox.shrink_to_fit(),
        }
        if self.respond(now) {
            return Step::Drained;
        }
        if self.inactive_at().is_some_and(|at| at <= now) {
            self.ending = Some(Ending::silent(self.legacy()));
            return Step::Lost;
        }
        Step::Wait(self.deadline())
    }

    /// Answers the requests that are due; `true` if payload was sent.
    fn respond(&mut self, now: Instant) -> bool {
        let mut left = false;
        while self.is_due(now) {
            left |= self.answer(now);
        }
        self.dismiss_early(now);
        left
    }

    /// Whether the first request must be answered now. One whose connection is lost must not delay those
    /// after it.
    fn is_due(&self, now: Instant) -> bool {
        let mut held = self.waiting.iter().filter(|one| one.rid < self.window.next);
        let Some(first) = held.next() else { return false };
        let (behind, live) = held.fold((0, false), |(count, live), one| (count + 1, live || one.live));
        let due = match first.live {
            true => self.output.len() > 0 || first.since + self.patience() <= now,
            false => live,
        };
        due || first.at_once || behind + 1 > usize::from(self.terms.hold)
    }

    fn patience(&self) -> Duration {
        if self.kept.in_doubt() { self.terms.wait().min(DOUBT) } else { self.terms.wait() }
    }

    /// Answers the first request; `true` if with payload. One whose connection is lost gets no payload, since
    /// it may not be sent again.
    fn answer(&mut self, now: Instant) -> bool {
        let Some(first) = self.waiting.first() else { return false };
        let (rid, waited_for) = (first.rid, first.live.then_some(first.ticket));
        let payload = if first.live && !first.bare { self.output.take() } else { Payload::default() };
        let reply = self.reply(rid, &payload, now);
        let filled = !payload.bytes.is_empty();
        self.kept.keep(rid, reply, waited_for, payload.stanzas, now);
        self.window.answered = rid;
        self.pace.in_vain = !filled;
        self.waiting.leave_first();
        if !self.waiting.any_live() {
            self.idle_since = Some(now);
        }
        filled
    }

    fn reply(&mut self, rid: u64, payload: &Payload, now: Instant) -> Reply {
        let newest = self.window.next - 1;
        let mut tag = match self.creation.take() {
            Some(creation) => creation.tag(&self.terms),
            None if payload.bytes.is_empty() && !self.terms.acks && self.report.is_none() => {
                return Reply::empty();
            }
            None if self.terms.acks && newest != rid => Tag::new().number("ack", newest),
            None => Tag::new(),
        };
        if let Some((missing, sent)) = self.report.take() {
            let ms = now.duration_since(sent).as_millis().min(u128::from(u16::MAX)) as u64;
            tag = tag.number("report", missing).number("time", ms);
        }
        if payload.stream { tag.stream() } else { tag }.wrap(&payload.bytes)
    }

    /// A request that has waited long enough for a missing earlier one must be sent again (XEP-0124 §17.3).
    fn dismiss_early(&mut self, now: Instant) {
        let (next, patience) = (self.window.next, self.terms.wait().max(GAP));
        for one in self.waiting.iter_mut().filter(|one| one.live && one.rid > next) {
            if one.since + patience <= now {
                one.live = false;
                one.ticket = one.ticket.wrapping_add(1 << 31); // its current waiter has another ticket
                one.waker.take().into_iter().for_each(Waker::wake);
            }
        }
        if self.idle_since.is_none() && !self.waiting.any_live() {
            self.idle_since = Some(now);
        }
    }

    /// When something is due without further input.
    fn deadline(&self) -> Option<Instant> {
        let first = self.waiting.first().filter(|first| first.live && first.rid < self.window.next);
        let answer = first.map(|first| first.since + self.patience());
        let early = self.waiting.iter().find(|one| one.live && one.rid > self.window.next);
        let dismissal = early.map(|one| one.since + self.terms.wait().max(GAP));
        answer.into_iter().chain(dismissal).chain(self.inactive_at()).min()
    }

    /// When the session ends if no request comes.
    fn inactive_at(&self) -> Option<Instant> {
        let since = self.idle_since.filter(|_| !self.waiting.any_live())?;
        Some(since + self.pause.unwrap_or(self.terms.inactivity()))
    }

    /// The answer to a held request.
    pub fn poll_answer(&mut self, rid: u64, ticket: u32, waker: &Waker) -> Poll<Reply> {
        if let Some(reply) = self.kept.get(rid, ticket) {
            return Poll::Ready(reply);
        }
        if let Some(ending) = &self.ending {
            return Poll::Ready(ending.answer(rid));
        }
        let legacy = self.legacy();
        match self.waiting.get(rid) {
            Some(one) if one.ticket == ticket => {
                one.waker = Some(waker.clone());
                Poll::Pending
            }
            Some(_) => Poll::Ready(Reply::again()),
            None => Poll::Ready(Reply::terminal(Condition::ItemNotFound, legacy)),
        }
    }

    /// The connection of a held request is gone.
    pub fn leave(&mut self, rid: u64, ticket: u32, now: Instant) {
        self.kept.unwaited(rid, ticket);
        let Some(one) = self.waiting.get(rid).filter(|one| one.ticket == ticket) else { return };
        one.live = false;
        one.waker = None;
        if !self.waiting.any_live() {
            self.idle_since = Some(now);
        }
        self.wake_driver();
    }
}
