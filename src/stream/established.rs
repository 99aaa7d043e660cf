//! A bound session on its pipe: stanzas in, its mailbox out, until one side ends it.

mod ahead;
mod end;
mod management;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use kernel::{Hold, Receipt};
use tokio::time::{Instant, timeout_at};
use xmpp::{Document, Stanza, StanzaError, StreamCondition, StreamError, StreamEvent, ns};

use ahead::Ahead;

use crate::acknowledging::Acknowledging;
use crate::pipe::{Input, Pipe, PipeError};
use crate::sm;

/// Bytes gathered for one write.
const ROOM: usize = 16 << 10;

/// How long a paused client (see `is_read_on`) may go without reading its answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a client that has closed its stream may take to read its last answers.
const LAST: Duration = Duration::from_secs(5);

/// A stream with a session on it.
pub(crate) struct Bound {
    pub hold: Hold,
    /// Whether stream management is on, because the session was resumed.
    pub resumed: bool,
    /// The language given in the stream header.
    pub lang: Option<Arc<str>>,
}

/// Why a session's connection ends.
enum End {
    /// The client has closed its stream.
    Closed,
    Lost,
    /// The server closes the stream with this error because of something the client sent.
    Mistake(StreamError),
    /// The server closes the stream with this error for any other reason.
    Error(StreamError),
    /// Another connection has taken the session over.
    Superseded,
}

struct Established<P> {
    pipe: Box<P>,
    hold: Hold,
    /// Whether stream management is on.
    managed: bool,
    /// Whether the client can resume.
    resumable: bool,
    /// An `<r/>` was sent and is unanswered.
    asked: bool,
    /// Stanzas were written after that `<r/>`.
    unasked: bool,
    /// The client's pending `<r/>`.
    asked_for: Acknowledging,
    /// The stream's language, if given in its header: the default of each stanza.
    lang: Option<Box<Language>>,
    /// The version of the domain's options whose limits the pipe uses.
    limits: u32,
    /// Notified once what was written has been sent.
    receipts: Option<Box<Receipts>>,
    ahead: Option<Box<Ahead>>,
}

/// Receipts to notify once bytes have been sent; boxed, since only stored messages have receipts.
#[derive(Default)]
struct Receipts(Vec<Arc<dyn Receipt>>);

/// A stream's language; boxed, since few idle sessions have one.
struct Language(Arc<str>);

/// The processing of one stanza.
type Way<F> = Pin<Box<F>>;

/// Why the loop woke up.
enum Woken {
    Input(Result<Input, PipeError>),
    /// Something that was read ahead.
    Ahead(Result<StreamEvent, StreamError>),
    Mailbox,
    /// A pending `<r/>` of the client can be answered.
    Acknowledge,
}

/// Serves a session to the end of its connection.
pub(crate) async fn run<P: Pipe>(mut pipe: Box<P>, bound: Bound) {
    let Bound { hold, resumed, lang } = bound;
    if pipe.confirms() {
        hold.keep();
        pipe.bound();
    }
    // One behind, so that what a reload has changed since the stream began is put in force.
    let limits = hold.host().version().wrapping_sub(1);
    let mut this = Established {
        pipe,
        hold,
        managed: resumed,
        resumable: resumed,
        asked: false,
        unasked: false,
        asked_for: Acknowledging::default(),
        limits,
        lang: lang.map(|lang| Box::new(Language(lang))),
        receipts: None,
        ahead: None,
    };
    let end = this.serve().await;
    // Boxed, so that its state does not enlarge the session's.
    Box::pin(this.finish(end)).await;
}

impl<P: Pipe> Established<P> {
    async fn serve(&mut self) -> End {
        loop {
            if self.hold.superseded() {
                return End::Superseded;
            }
            if self.hold.has_vanished() {
                return End::Lost;
            }
            self.limits();
            let ending = self.hold.ending();
            self.gather(); // including what came before the end: an answer, the reason
            if let Some(error) = ending {
                return End::Error(error);
            }
            let woken = if let Some(event) = self.next_ahead() {
                Woken::Ahead(event)
            } else if self.is_read_on() && self.ahead.is_none() {
                self.wake(true).await
            } else {
                Box::pin(self.paused()).await
            };
            let mut way = match self.handle(woken) {
                Ok(Some(way)) => way,
                Ok(None) => continue,
                Err(end) => return end,
            };
            // Usually it completes at once.
            if poll_fn(|cx| Poll::Ready(way.as_mut().poll(cx))).await.is_pending() {
                Box::pin(self.write_during(way)).await;
            }
        }
    }

    /// Whether the next request may be read. One request may be answered with more than a mailbox holds, so
    /// the next is not read before the client has read most of that. A BOSH body is taken as a whole: its
    /// answers can only leave after it.
    fn is_read_on(&self) -> bool {
        let full = self.ahead.as_ref().is_some_and(|ahead| ahead.is_full());
        self.pipe.confirms() || !(self.hold.is_answering() || full)
    }

    /// Handles a wake-up; for a stanza, returns its processing.
    fn handle(&mut self, woken: Woken) -> Result<Option<Way<impl Future<Output = ()> + use<P>>>, End> {
        let event = match woken {
            Woken::Ahead(event) => event,
            Woken::Mailbox => return Ok(None),
            Woken::Acknowledge => {
                self.acknowledge();
                return Ok(None);
            }
            Woken::Input(Ok(Input::Event(event))) => {
                if self.asked {
                    self.hold.heard();
                }
                match self.read_ahead(Ok(event)) {
                    Some(event) => event,
                    None => return Ok(None),
                }
            }
            Woken::Input(Err(PipeError::Stream(error))) => match self.read_ahead(Err(error)) {
                Some(event) => event,
                None => return Ok(None),
            },
            Woken::Input(Ok(Input::Drained)) => {
                self.delivered();
                return Ok(None);
            }
            Woken::Input(Ok(Input::Confirmed(stanzas))) => {
                self.hold.confirm(stanzas);
                return Ok(None);
            }
            Woken::Input(Ok(Input::Lost) | Err(PipeError::Io(_))) => return Err(End::Lost),
        };
        match event.map_err(End::Mistake)? {
            StreamEvent::Element(element) => self.element(element).map_err(End::Mistake),
            StreamEvent::Open(_) => Err(End::Mistake(StreamError::new(StreamCondition::InvalidXml))),
            StreamEvent::Close => Err(End::Closed),
        }
    }

    /// Applies the domain's limits if they have changed.
    fn limits(&mut self) {
        let version = self.hold.host().version();
        if std::mem::replace(&mut self.limits, version) != version {
            self.pipe.set_limits(&self.hold.host().options().limits, true);
        }
    }

    /// Moves stanzas from the mailbox to the pipe, once the pipe has sent what it had.
    fn gather(&mut self) {
        if self.pipe.pending() > 0 {
            return;
        }
        let pipe = &mut self.pipe;
        let batch = self.hold.gather(ROOM, |stanza| pipe.stanza(stanza));
        if !batch.receipts.is_empty() {
            self.receipts.get_or_insert_default().0.extend(batch.receipts);
        }
        if self.managed && batch.stanzas > 0 {
            self.ask();
        }
    }

    /// What was written has been sent.
    fn delivered(&mut self) {
        let receipts = self.receipts.take().map(|receipts| receipts.0).unwrap_or_default();
        receipts.iter().for_each(|receipt| receipt.delivered());
    }

    /// Writes, and reads if more can be read ahead. A client that reads nothing meanwhile, or does not acknowledge what it has
    /// read, is closed as too slow.
    async fn paused(&mut self) -> Woken {
        let read = self.is_read_on();
        let until = self.ahead_until().unwrap_or_else(|| Instant::now() + PATIENCE);
        match timeout_at(until, self.wake(read)).await {
            Ok(woken) => woken,
            Err(_) => {
                self.hold.too_slow();
                Woken::Mailbox
            }
        }
    }

    async fn wake(&mut self, read: bool) -> Woken {
        let mut woken = pin!(self.hold.woken());
        let mut settled = self.asked_for.ready(&self.hold);
        let (pipe, hold, limits) = (&mut self.pipe, &self.hold, self.limits);
        poll_fn(|cx| {
            if hold.host().version() != limits {
                return Poll::Ready(Woken::Mailbox); // else input after a reload is read under the old limits
            }
            if let Poll::Ready(input) = pipe.poll_input(cx, read) {
                return Poll::Ready(Woken::Input(input));
            }
            if settled.as_mut().is_some_and(|settled| settled.as_mut().poll(cx).is_ready()) {
                return Poll::Ready(Woken::Acknowledge);
            }
            // what arrives while output waits is gathered once that is sent
            woken.as_mut().poll(cx).map(|()| Woken::Mailbox)
        })
        .await
    }

    /// Stamps the sender's full JID and the stream's language (RFC 6120 sections 8.1.2.1 and 8.1.5); a wrong
    /// `from` is a stream error.
    fn stamp(&self, stanza: Stanza) -> Result<Stanza, StreamError> {
        let jid = self.hold.jid();
        match stanza.from() {
            None => {}
            Some(from) if from == jid || from.as_str() == jid.bare_str() => {}
            Some(_) => return Err(StreamError::new(StreamCondition::InvalidFrom)),
        }
        let stanza = stanza.with_from(jid.clone());
        Ok(match &self.lang {
            Some(lang) => stanza.with_lang_default(lang.0.clone()),
            None => stanza,
        })
    }

    /// Handles an element; for a stanza, returns its processing. Boxed: its state is needed only while a
    /// stanza is processed.
    fn element(
        &mut self,
        element: Document,
    ) -> Result<Option<Way<impl Future<Output = ()> + use<P>>>, StreamError> {
        if let Some(request) = sm::read(element.root()) {
            self.management(request)?;
            self.bound();
            return Ok(None);
        }
        if element.root().ns() != ns::CLIENT {
            return Err(StreamError::new(StreamCondition::UnsupportedStanzaType));
        }
        let read = match Stanza::from_document(element) {
            Ok(stanza) if self.is_beyond_acknowledgement() && stanza.is_request() => {
                let error = StanzaError::resource_constraint().text("too many answers are not acknowledged");
                Err(self.stamp(stanza)?.error_reply(&error))
            }
            Ok(stanza) => Ok(self.stamp(stanza)?),
            Err(malformed) if malformed.kind.is_none() => {
                return Err(StreamError::new(StreamCondition::UnsupportedStanzaType));
            }
            Err(malformed) => {
                Err(malformed.error_reply().map(|reply| reply.with_to(Some(self.hold.jid().clone()))))
            }
        };
        Ok(Some(Box::pin(self.hold.take_in(read))))
    }

    /// A stanza waits: for the store, or for room with its recipient, which may itself be waiting for this
    /// client to read.
    async fn write_during(&mut self, mut way: Way<impl Future<Output = ()>>) {
        loop {
            self.gather();
            match self.wrote_during(way.as_mut()).await {
                None => return,
                Some(Woken::Input(Ok(Input::Drained))) => self.delivered(),
                Some(Woken::Input(Ok(Input::Confirmed(stanzas)))) => self.hold.confirm(stanzas),
                Some(
                    Woken::Mailbox | Woken::Acknowledge | Woken::Ahead(_) | Woken::Input(Ok(Input::Event(_))),
                ) => {}
                // The connection is gone; the next read will find that too.
                Some(Woken::Input(Ok(Input::Lost) | Err(_))) => return way.await,
            }
        }
    }

    /// Returns `None` when the stanza is done.
    async fn wrote_during(&mut self, mut way: Pin<&mut impl Future<Output = ()>>) -> Option<Woken> {
        let mut woken = pin!(self.hold.woken());
        let pipe = &mut self.pipe;
        poll_fn(|cx| {
            if way.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            match pipe.poll_input(cx, false) {
                Poll::Ready(input) => Poll::Ready(Some(Woken::Input(input))),
                Poll::Pending => woken.as_mut().poll(cx).map(|()| Some(Woken::Mailbox)),
            }
        })
        .await
    }
}
