//! What a stream between servers carries: stanzas of the pairs of domains that it is for, in both directions, and the elements
//! by which more pairs are proved.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use hashbrown::HashSet;
use kernel::{Inflow, Parked};
use net::{PeerCertificate, Roots};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use xmpp::{Document, Element, Jid, Stanza, StreamCondition, StreamError, ns};

use super::dialback::{self, BIDI, Between, Dialback, Outcome};
use super::figures::Facts;
use super::pair::Pair;
use super::registry::S2s;
use crate::link::{End, Output, Queue, Traffic};
use crate::sm;

/// Pairs that may be proved on one stream.
const PROVED: usize = 1000;

/// Stanzas that may be sent and not acknowledged.
const UNACKNOWLEDGED: usize = 1000;

/// A stream between servers, opened by either.
pub(super) struct ServerStream {
    pub s2s: Arc<S2s>,
    /// The id in the header of the server that received the stream: what dialback keys are for.
    pub id: String,
    /// Whether we have opened it.
    pub is_ours: bool,
    pub facts: Facts,
    opened: Instant,
    inflow: Arc<Inflow>,
    woken: Notify,
    inner: Mutex<Inner>,
    me: Weak<ServerStream>,
}

#[derive(Default)]
struct Inner {
    /// Pairs that the peer has proved: what comes may be from one to the other.
    proved: HashSet<Between>,
    /// Pairs whose stanzas go out here, in turn.
    carried: VecDeque<Arc<Pair>>,
    /// Answers of the stream's own.
    own: VecDeque<Element>,
    /// Sent, and not known to have arrived.
    undelivered: VecDeque<Sent>,
    /// Whether the peer acknowledges (XEP-0198), and an acknowledgement was asked for.
    managed: bool,
    asked: Option<Instant>,
    /// How many it has acknowledged.
    acknowledged: u32,
    /// Whether we acknowledge.
    acknowledges: bool,
    /// Whether the peer takes stanzas on a stream that it has opened (XEP-0288).
    both_ways: bool,
    ending: Option<End>,
    last: Option<Instant>,
    /// How the peer has proved what it is, or we have.
    by: Option<&'static str>,
    /// The peer's, for more domains that it may prove to be.
    certificate: Option<PeerCertificate>,
    /// Whether the peer takes dialback for other domains of ours.
    takes_more: bool,
    /// Proofs being verified.
    verifying: usize,
    /// Pairs of ours that have asked to go along, and who waits for the answer.
    asking: Vec<(Between, oneshot::Sender<Outcome>)>,
}

struct Sent {
    pair: Arc<Pair>,
    parked: Parked,
    since: Instant,
}

impl ServerStream {
    pub fn new(s2s: Arc<S2s>, id: String, is_ours: bool, facts: Facts) -> Arc<Self> {
        let inflow = Inflow::new(s2s.kernel().clone(), s2s.clone());
        let (woken, opened) = (Notify::new(), Instant::now());
        let inner = Mutex::new(Inner { last: Some(opened), ..Inner::default() });
        Arc::new_cyclic(|me| Self { s2s, id, is_ours, facts, opened, inflow, woken, inner, me: me.clone() })
    }

    pub fn set_by(&self, by: &'static str) {
        self.inner.lock().by.get_or_insert(by);
    }

    pub fn by(&self) -> Option<&'static str> {
        self.inner.lock().by
    }

    pub fn set_takes_more(&self) {
        self.inner.lock().takes_more = true;
    }

    pub fn takes_more(&self) -> bool {
        let inner = self.inner.lock();
        self.is_ours && inner.takes_more && inner.ending.is_none()
    }

    /// A pair asks to go along; the answer to come.
    pub fn ask(&self, between: Between) -> oneshot::Receiver<Outcome> {
        let (sender, answer) = oneshot::channel();
        self.inner.lock().asking.push((between, sender));
        answer
    }

    pub fn forget(&self, between: &Between) {
        self.inner.lock().asking.retain(|(asked, _)| asked != between);
    }

    fn is_answered(&self, whose: &Between, outcome: Outcome) {
        let mut inner = self.inner.lock();
        let between = whose.turned();
        if let Some(at) = inner.asking.iter().position(|(asked, _)| *asked == between) {
            // Who has asked may have given up.
            let _ = inner.asking.swap_remove(at).1.send(outcome);
        }
    }

    pub fn set_certificate(&self, certificate: Option<PeerCertificate>) {
        self.inner.lock().certificate = certificate;
    }

    /// Whether the peer's certificate is valid for this domain.
    pub fn is_certified_for(&self, domain: &Jid, roots: &Roots, now_us: i64) -> bool {
        let inner = self.inner.lock();
        let certificate = inner.certificate.as_ref();
        certificate.is_some_and(|certificate| certificate.verify(domain.domain(), roots, now_us).is_ok())
    }

    /// Another proof is being verified, unless there are as many already.
    pub fn begin_verifying(&self, most: usize) -> bool {
        let mut inner = self.inner.lock();
        let fits = inner.verifying < most;
        inner.verifying += usize::from(fits);
        fits
    }

    pub fn end_verifying(&self) {
        self.inner.lock().verifying -= 1;
    }

    /// Between which domains it is, for the log.
    pub fn words(&self) -> String {
        let inner = self.inner.lock();
        let out = inner.carried.iter().map(|pair| format!("{} → {}", pair.between.from, pair.between.to));
        let mut words: Vec<String> = out.collect();
        words.extend(inner.proved.iter().map(|one| format!("{} → {}", one.from, one.to)));
        words.truncate(6);
        words.join(", ")
    }

    pub fn wake(&self) {
        self.woken.notify_waiters();
    }

    /// Whether as much is proved here as may be.
    pub fn is_full(&self) -> bool {
        self.inner.lock().proved.len() >= PROVED
    }

    /// Since when it is open without being of use: nothing is proved, and nothing carried.
    pub fn useless_since(&self) -> Option<Instant> {
        let inner = self.inner.lock();
        let is_useless = inner.proved.is_empty() && inner.carried.is_empty() && inner.asking.is_empty();
        is_useless.then_some(self.opened)
    }

    /// The peer may send stanzas from one domain to the other.
    pub fn prove(&self, between: Between) {
        self.inner.lock().proved.insert(between);
    }

    pub fn has_proved(&self, between: &Between) -> bool {
        self.inner.lock().proved.contains(between)
    }

    /// The domains that the peer has proved to be.
    pub fn proved(&self) -> Vec<Between> {
        self.inner.lock().proved.iter().cloned().collect()
    }

    pub fn carried(&self) -> Vec<Arc<Pair>> {
        self.inner.lock().carried.iter().cloned().collect()
    }

    /// Stanzas of this pair go out here from now on, unless they go out elsewhere.
    pub fn carry(self: &Arc<Self>, pair: Arc<Pair>) -> bool {
        if !pair.attach(self) {
            return false;
        }
        self.inner.lock().carried.push_back(pair);
        self.wake();
        true
    }

    /// The peer takes stanzas on its stream (XEP-0288).
    pub fn set_both_ways(&self) {
        self.inner.lock().both_ways = true;
    }

    pub fn is_both_ways(&self) -> bool {
        self.inner.lock().both_ways
    }

    /// The peer acknowledges what it is sent from now on.
    pub fn manage(&self) {
        self.inner.lock().managed = true;
    }

    pub fn is_managed(&self) -> bool {
        self.inner.lock().managed
    }

    /// Writes an element of the stream's own.
    pub fn tell(&self, element: Element) {
        self.inner.lock().own.push_back(element);
        self.wake();
    }

    /// Ends the stream, once what waits is written.
    pub fn end(&self, end: End) {
        self.inner.lock().ending.get_or_insert(end);
        self.wake();
    }

    /// Since when the peer has not acknowledged what it was asked for.
    pub fn unanswered_since(&self) -> Option<Instant> {
        self.inner.lock().asked
    }

    /// Since when nothing has come or gone.
    pub fn quiet_since(&self) -> Option<Instant> {
        let inner = self.inner.lock();
        let is_busy = !inner.undelivered.is_empty() && !inner.managed;
        inner.last.filter(|_| !is_busy)
    }

    /// The stream has ended: what may not have arrived, by pair, and the pairs that it has carried.
    pub fn take_undelivered(&self) -> Vec<(Arc<Pair>, Queue)> {
        let mut inner = self.inner.lock();
        inner.asking.clear();
        let carried = std::mem::take(&mut inner.carried);
        let mut left: Vec<(Arc<Pair>, Queue)> =
            carried.into_iter().map(|pair| (pair, Queue::default())).collect();
        for Sent { pair, parked, since } in std::mem::take(&mut inner.undelivered) {
            if let Some((_, queue)) = left.iter_mut().find(|(one, _)| Arc::ptr_eq(one, &pair)) {
                queue.push(parked, since);
            }
        }
        left
    }
}

impl Inner {
    /// The next stanza, of the pairs in turn.
    fn stanza(&mut self) -> Option<Stanza> {
        if self.undelivered.len() >= UNACKNOWLEDGED {
            return None;
        }
        for _ in 0..self.carried.len() {
            let pair = self.carried.pop_front()?;
            self.carried.push_back(pair.clone());
            if let Some((parked, since)) = pair.pop() {
                let stanza = parked.stanza.clone();
                self.undelivered.push_back(Sent { pair, parked, since });
                return Some(stanza);
            }
        }
        None
    }
}

impl Traffic for ServerStream {
    fn sent(&self) {
        let mut inner = self.inner.lock();
        if !inner.managed {
            inner.undelivered = VecDeque::new();
        }
    }

    fn next(&self) -> Option<Output> {
        let mut inner = self.inner.lock();
        if let Some(element) = inner.own.pop_front() {
            return Some(Output::Element(element));
        }
        if let Some(stanza) = inner.stanza() {
            inner.last = Some(Instant::now());
            return Some(Output::Stanza(stanza));
        }
        let asks = inner.managed && inner.asked.is_none() && !inner.undelivered.is_empty();
        asks.then(|| {
            inner.asked = Some(Instant::now());
            Output::Element(sm::ask())
        })
    }

    fn woken(&self) -> &Notify {
        &self.woken
    }

    fn ending(&self) -> Option<End> {
        self.inner.lock().ending.clone()
    }

    async fn take(&self, element: Document) -> Result<Option<Output>, StreamError> {
        self.inner.lock().last = Some(Instant::now());
        if let Some(dialback) = dialback::read(&element) {
            return self.dialback(dialback).map(|answer| answer.map(Output::Element));
        }
        if let Some(request) = sm::read(element.root()) {
            return self.management(request).map(|answer| answer.map(Output::Element));
        }
        if element.root().is("bidi", BIDI) && !self.is_ours {
            self.set_both_ways();
            return Ok(None);
        }
        if element.root().ns() != ns::CLIENT {
            return Err(StreamCondition::UnsupportedStanzaType.into());
        }
        match Stanza::from_document(element) {
            Ok(stanza) => self.stanza(stanza).await,
            Err(malformed) if malformed.kind.is_none() => Err(StreamCondition::UnsupportedStanzaType.into()),
            Err(malformed) => Ok(malformed.error_reply().map(Output::Stanza)),
        }
    }
}

impl ServerStream {
    /// Both addresses are needed (RFC 6120 section 8.1), between domains that the peer has proved to be and we are.
    async fn stanza(&self, stanza: Stanza) -> Result<Option<Output>, StreamError> {
        let (Some(from), Some(to)) = (stanza.from(), stanza.to()) else {
            return Err(StreamCondition::ImproperAddressing.into());
        };
        let between = Between { from: from.domain_jid(), to: to.domain_jid() };
        if !self.has_proved(&between) {
            let error = StreamError::new(StreamCondition::InvalidFrom);
            return Err(error.text(format!("{} is not authenticated here for {}", between.from, between.to)));
        }
        self.inflow.take(&between.from, stanza).await;
        Ok(None)
    }

    fn management(&self, request: sm::Request) -> Result<Option<Element>, StreamError> {
        match request {
            sm::Request::Enable { .. } => {
                self.inner.lock().acknowledges = true;
                self.inflow.manage();
                Ok(Some(sm::enabled(None)))
            }
            sm::Request::Ask if self.inner.lock().acknowledges => Ok(Some(sm::answer(self.inflow.handled()))),
            sm::Request::Answer { h } => {
                self.acknowledge(h)?;
                Ok(None)
            }
            sm::Request::Ask | sm::Request::Resume { .. } | sm::Request::Bad => {
                Ok(Some(sm::failed(xmpp::Condition::UnexpectedRequest)))
            }
        }
    }

    fn acknowledge(&self, h: u32) -> Result<(), StreamError> {
        let mut inner = self.inner.lock();
        let arrived = h.wrapping_sub(inner.acknowledged);
        let sent = inner.undelivered.len();
        if arrived as usize > sent {
            let sent = inner.acknowledged.wrapping_add(sent as u32);
            return Err(sm::too_high(kernel::TooHigh { h, sent }));
        }
        inner.undelivered.drain(..arrived as usize);
        (inner.acknowledged, inner.asked) = (h, None);
        drop(inner);
        self.wake();
        Ok(())
    }

    fn dialback(&self, dialback: Dialback) -> Result<Option<Element>, StreamError> {
        let Some(this) = self.me.upgrade() else { return Ok(None) };
        match dialback {
            Dialback::Prove(between, key) => self.s2s.proves(&this, between, key),
            Dialback::Ask { between, id, key } => Ok(Some(self.s2s.is_asked(&between, &id, &key))),
            Dialback::Proved(whose, outcome) if self.is_ours => {
                self.is_answered(&whose, outcome);
                Ok(None)
            }
            // Nothing was asked.
            Dialback::Answered { .. } if self.is_ours => Ok(None),
            Dialback::Proved(..) | Dialback::Answered { .. } | Dialback::Malformed => {
                Err(StreamCondition::ImproperAddressing.into())
            }
        }
    }
}
