//! A bound session on its pipe: stanzas in, its mailbox out, until one side ends it.

mod management;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use kernel::{Hold, Receipt};
use tokio::time::timeout;
use xmpp::{Document, Stanza, StreamCondition, StreamError, StreamEvent, ns};

use crate::acknowledging::Acknowledging;
use crate::bind::Bound;
use crate::goodbye::goodbye;
use crate::pipe::{Input, Pipe, PipeError};
use crate::sm;

/// Bytes gathered for one write.
const ROOM: usize = 16 << 10;

/// How long a client that is not read on may read nothing of what it has asked for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a client that has closed its stream may take for its last answers.
const LAST: Duration = Duration::from_secs(5);

/// How a session's connection ends.
enum End {
    /// The client has ended its stream.
    Closed,
    /// The connection is gone.
    Lost,
    /// We end the stream, with this error: the client has made a mistake.
    Mistake(StreamError),
    /// The same, for whatever other reason.
    Error(StreamError),
    /// Another connection has taken the session over.
    Superseded,
}

struct Established<P> {
    pipe: Box<P>,
    hold: Hold,
    /// Stream management is on.
    managed: bool,
    /// The client can resume.
    resumable: bool,
    /// `<r/>` was sent and not answered.
    asked: bool,
    /// Stanzas were written after that `<r/>`.
    unasked: bool,
    /// `<r/>` of the client that wait for an answer.
    asked_for: Acknowledging,
    /// The stream's language, if its header has one: the default of each stanza.
    lang: Option<Box<Language>>,
    /// The version of the domain's options whose limits hold on the pipe.
    limits: u32,
    /// Told once what was written has left.
    receipts: Option<Box<Receipts>>,
}

/// What is told once bytes have left; boxed, since only stored messages have receipts.
#[derive(Default)]
struct Receipts(Vec<Arc<dyn Receipt>>);

/// A stream's language; boxed, since few idle sessions have one.
struct Language(Arc<str>);

/// A stanza's way.
type Way<F> = Pin<Box<F>>;

/// What the loop woke up for.
enum Woken {
    Input(Result<Input, PipeError>),
    Mailbox,
    /// An `<r/>` of the client can be answered.
    Acknowledge,
}

/// Serves a session to the end of its connection.
pub(crate) async fn run<P: Pipe>(mut pipe: Box<P>, bound: Bound) {
    let Bound { hold, resumed, lang } = bound;
    if pipe.confirms() {
        hold.keep();
        pipe.bound();
    }
    // What a reload has changed since the stream began is in force from here on.
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
    };
    let end = this.serve().await;
    // Boxed: the end's state shall not weigh on the session's life.
    Box::pin(this.finish(end)).await;
}

impl<P: Pipe> Established<P> {
    async fn serve(&mut self) -> End {
        loop {
            if self.hold.superseded() {
                return End::Superseded;
            }
            self.limits();
            let ending = self.hold.ending();
            self.gather(); // also what came before the end: an answer, the reason
            if let Some(error) = ending {
                return End::Error(error);
            }
            let woken = match self.is_read_on() {
                true => self.wake(true).await,
                false => Box::pin(self.paused()).await,
            };
            let mut way = match self.handle(woken) {
                Ok(Some(way)) => way,
                Ok(None) => continue,
                Err(end) => return end,
            };
            // Mostly it ends at once.
            if poll_fn(|cx| Poll::Ready(way.as_mut().poll(cx))).await.is_pending() {
                Box::pin(self.write_during(way)).await;
            }
        }
    }

    /// What one request brings about may be more than a mailbox holds, so the next is not read before the client has read
    /// most of it. A body of BOSH is taken as a whole: its answers leave behind it.
    fn is_read_on(&self) -> bool {
        self.pipe.confirms() || !self.hold.is_answering()
    }

    /// Does what woke the loop; of a stanza, the way that it is to go.
    fn handle(&mut self, woken: Woken) -> Result<Option<Way<impl Future<Output = ()> + use<P>>>, End> {
        let event = match woken {
            Woken::Mailbox => return Ok(None),
            Woken::Acknowledge => {
                self.acknowledge();
                return Ok(None);
            }
            Woken::Input(Ok(Input::Event(event))) => event,
            Woken::Input(Ok(Input::Drained)) => {
                self.delivered();
                return Ok(None);
            }
            Woken::Input(Ok(Input::Confirmed(stanzas))) => {
                self.hold.confirm(stanzas);
                return Ok(None);
            }
            Woken::Input(Ok(Input::Lost) | Err(PipeError::Io(_))) => return Err(End::Lost),
            Woken::Input(Err(PipeError::Stream(error))) => return Err(End::Mistake(error)),
        };
        match event {
            StreamEvent::Element(element) => self.element(element).map_err(End::Mistake),
            StreamEvent::Open(_) => Err(End::Mistake(StreamError::new(StreamCondition::InvalidXml))),
            StreamEvent::Close => Err(End::Closed),
        }
    }

    /// Puts the domain's limits in force, if they have changed.
    fn limits(&mut self) {
        let version = self.hold.host().version();
        if std::mem::replace(&mut self.limits, version) != version {
            self.pipe.set_limits(&self.hold.host().options().limits, true);
        }
    }

    /// Moves what waits in the mailbox to the pipe, once the pipe has taken what it had.
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

    /// What was written has left.
    fn delivered(&mut self) {
        let receipts = self.receipts.take().map(|receipts| receipts.0).unwrap_or_default();
        receipts.iter().for_each(|receipt| receipt.delivered());
    }

    /// Only writes. A client that reads nothing meanwhile is too slow a reader.
    async fn paused(&mut self) -> Woken {
        match timeout(PATIENCE, self.wake(false)).await {
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
                return Poll::Ready(Woken::Mailbox); // nothing that comes after a reload is read by the former limits
            }
            if let Poll::Ready(input) = pipe.poll_input(cx, read) {
                return Poll::Ready(Woken::Input(input));
            }
            if settled.as_mut().is_some_and(|settled| settled.as_mut().poll(cx).is_ready()) {
                return Poll::Ready(Woken::Acknowledge);
            }
            // what arrives while output waits is gathered once that has left
            woken.as_mut().poll(cx).map(|()| Woken::Mailbox)
        })
        .await
    }

    /// Stamps the sender's full JID and the stream's language (RFC 6120 sections 8.1.2.1 and 8.1.5); a client that claims
    /// another address is cut off.
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

    /// Takes an element in; of a stanza, the way that it is to go. Boxed: what that needs is held only while a stanza is on
    /// it.
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

    /// A stanza waits: for the store, or for room with its recipient, who may wait for this client to read.
    async fn write_during(&mut self, mut way: Way<impl Future<Output = ()>>) {
        loop {
            self.gather();
            match self.wrote_during(way.as_mut()).await {
                None => return,
                Some(Woken::Input(Ok(Input::Drained))) => self.delivered(),
                Some(Woken::Input(Ok(Input::Confirmed(stanzas)))) => self.hold.confirm(stanzas),
                Some(Woken::Mailbox | Woken::Acknowledge | Woken::Input(Ok(Input::Event(_)))) => {}
                // The connection is gone, as whoever reads on will find too.
                Some(Woken::Input(Ok(Input::Lost) | Err(_))) => return way.await,
            }
        }
    }

    /// `None` when the stanza's fate is decided.
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

    async fn finish(mut self, end: End) {
        match end {
            End::Lost if self.resumable => self.hold.detach().await,
            End::Lost => self.hold.end().await,
            End::Superseded => {
                let error = StreamError::new(StreamCondition::Conflict);
                self.refuse(&error.text("this session was resumed on another connection"));
                drop(self.hold); // the new connection waits for this one to let go
                goodbye(&mut *self.pipe).await;
            }
            End::Closed => {
                // A client that has closed its stream reads until ours is closed (RFC 6120 section 4.4).
                self.drain().await;
                self.hold.end().await;
                self.pipe.close();
                self.leave().await;
            }
            End::Mistake(error) => {
                tracing::debug!(jid = %self.hold.jid(), %error, "session closed");
                self.drain().await; // what stood before the mistake is answered
                self.hold.end().await;
                self.refuse(&error);
                self.leave().await;
            }
            End::Error(error) => {
                tracing::debug!(jid = %self.hold.jid(), %error, "session closed");
                self.hold.end().await;
                self.refuse(&error);
                self.leave().await;
            }
        }
    }

    /// What the client has asked is answered, and what waits for it is written, as long as it reads.
    async fn drain(&mut self) {
        if timeout(LAST, self.write_all()).await.is_err() {
            tracing::debug!(jid = %self.hold.jid(), "the client did not read its last replies");
        }
    }

    async fn write_all(&mut self) {
        self.pipe.parting();
        self.write_during(Box::pin(self.hold.all_settled())).await;
        loop {
            let before = self.pipe.pending();
            self.gather();
            if self.pipe.confirms() {
                // It goes with the last response, which nobody confirms.
                self.hold.confirm(self.hold.unacknowledged());
            }
            if before == 0 && self.pipe.pending() == 0 {
                return;
            }
            match poll_fn(|cx| self.pipe.poll_input(cx, false)).await {
                Ok(Input::Drained) => self.delivered(),
                Ok(Input::Confirmed(_) | Input::Event(_)) => {}
                Ok(Input::Lost) | Err(_) => return,
            }
        }
    }

    /// The last bytes leave, and with them what was written before. Receipts of what did not leave are dropped untold.
    async fn leave(&mut self) {
        goodbye(&mut *self.pipe).await;
        if self.pipe.pending() == 0 {
            self.delivered();
        }
    }

    fn refuse(&mut self, error: &StreamError) {
        self.pipe.element(&error.to_element());
        self.pipe.close();
    }
}
