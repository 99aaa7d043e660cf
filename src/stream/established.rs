//! A bound session on its pipe: stanzas in, its mailbox out, until one side ends it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use kernel::{Hold, Receipt};
use xmpp::{Condition, Document, Stanza, StreamCondition, StreamError, StreamEvent, ns};

use crate::bind::Bound;
use crate::c2s::C2s;
use crate::goodbye::goodbye;
use crate::pipe::{Input, Pipe, PipeError};
use crate::sm;

/// Bytes gathered for one write.
const ROOM: usize = 16 << 10;

/// How a session's connection ends.
enum End {
    /// The client has ended its stream.
    Closed,
    /// The connection is gone.
    Lost,
    /// We end the stream, with this error.
    Error(StreamError),
    /// Another connection has taken the session over.
    Superseded,
}

struct Established<P> {
    c2s: Arc<C2s>,
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
    /// Told once what was written has left.
    receipts: Vec<Arc<dyn Receipt>>,
}

/// What the loop woke up for.
enum Woken {
    Input(Result<Input, PipeError>),
    Mailbox,
}

/// Serves a session to the end of its connection.
pub(crate) async fn run<P: Pipe>(c2s: Arc<C2s>, mut pipe: Box<P>, bound: Bound) {
    let Bound { hold, resumed } = bound;
    if pipe.confirms() {
        hold.session.mailbox.manage();
        pipe.bound();
    }
    let mut this = Established {
        c2s,
        pipe,
        hold,
        managed: resumed,
        resumable: resumed,
        asked: false,
        unasked: false,
        receipts: Vec::new(),
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
            if let Some(error) = self.hold.session.mailbox.ending() {
                return End::Error(error);
            }
            self.gather();
            let event = match self.next().await {
                Woken::Mailbox => continue,
                Woken::Input(Ok(Input::Event(event))) => event,
                Woken::Input(Ok(Input::Drained)) => {
                    self.receipts.drain(..).for_each(|receipt| receipt.delivered());
                    self.receipts = Vec::new();
                    continue;
                }
                Woken::Input(Ok(Input::Confirmed(stanzas))) => {
                    self.hold.session.mailbox.confirm(stanzas);
                    continue;
                }
                Woken::Input(Ok(Input::Lost) | Err(PipeError::Io(_))) => return End::Lost,
                Woken::Input(Err(PipeError::Stream(error))) => return End::Error(error),
            };
            let handled = match event {
                StreamEvent::Element(element) => self.element(element).await,
                StreamEvent::Open(_) => Err(StreamError::new(StreamCondition::InvalidXml)),
                StreamEvent::Close => return End::Closed,
            };
            if let Err(error) = handled {
                return End::Error(error);
            }
        }
    }

    /// Moves what waits in the mailbox to the pipe, once the pipe has taken what it had.
    fn gather(&mut self) {
        if self.pipe.pending() > 0 {
            return;
        }
        let pipe = &mut self.pipe;
        let batch = self.hold.session.mailbox.take(ROOM, |stanza| pipe.stanza(stanza));
        self.receipts.extend(batch.receipts);
        if self.managed && batch.stanzas > 0 {
            self.ask();
        }
    }

    /// Asks what the client has handled; one question at a time.
    fn ask(&mut self) {
        self.unasked = self.asked;
        if !std::mem::replace(&mut self.asked, true) {
            self.pipe.element(&sm::ask());
        }
    }

    async fn next(&mut self) -> Woken {
        let mut woken = pin!(self.hold.session.mailbox.woken());
        let pipe = &mut self.pipe;
        poll_fn(|cx| {
            if let Poll::Ready(input) = pipe.poll_input(cx) {
                return Poll::Ready(Woken::Input(input));
            }
            // what arrives while output waits is gathered once that has left
            woken.as_mut().poll(cx).map(|()| Woken::Mailbox)
        })
        .await
    }

    async fn element(&mut self, element: Document) -> Result<(), StreamError> {
        if let Some(request) = sm::read(element.root()) {
            self.management(request)?;
            self.bound();
            return Ok(());
        }
        if element.root().ns() != ns::CLIENT {
            return Err(StreamError::new(StreamCondition::UnsupportedStanzaType));
        }
        let (kernel, session) = (&self.c2s.kernel, &self.hold.session);
        match Stanza::from_document(element) {
            Ok(stanza) => {
                let stanza = stamp(stanza, session.jid())?;
                // Boxed: what a stanza's way needs is held only while a stanza is on it.
                Box::pin(kernel.process(session, stanza)).await;
                Ok(())
            }
            Err(malformed) => {
                if malformed.kind.is_none() {
                    return Err(StreamError::new(StreamCondition::UnsupportedStanzaType));
                }
                let reply = malformed.error_reply().map(|reply| reply.with_to(Some(session.jid().clone())));
                kernel.refuse(session, reply);
                Ok(())
            }
        }
    }

    fn management(&mut self, request: sm::Request) -> Result<(), StreamError> {
        match request {
            _ if self.pipe.confirms() => self.pipe.element(&sm::not_here()),
            sm::Request::Enable { .. } if self.managed => {
                self.pipe.element(&sm::failed(Condition::UnexpectedRequest));
            }
            sm::Request::Enable { resume } => self.enable(resume),
            sm::Request::Resume { .. } | sm::Request::Bad => {
                self.pipe.element(&sm::failed(Condition::UnexpectedRequest));
            }
            sm::Request::Ask => self.pipe.element(&sm::answer(self.hold.session.handled())),
            sm::Request::Answer { h } => {
                let mailbox = &self.hold.session.mailbox;
                let before = mailbox.unacknowledged();
                mailbox.acknowledge(h).map_err(sm::too_high)?;
                let left = mailbox.unacknowledged();
                self.asked = false;
                // A client that answers before it has handled anything is not asked the same again at once.
                if left > 0 && (self.unasked || left < before) {
                    self.ask();
                }
            }
        }
        Ok(())
    }

    /// Answers of stream management go past the mailbox: a client that only asks and does not read is too slow a reader.
    fn bound(&self) {
        let session = &self.hold.session;
        let bytes = session.host().options().limits.mailbox_bytes;
        // what was gathered for one write may be as large as the mailbox by itself
        if bytes > 0 && self.pipe.pending() > bytes.saturating_mul(2).saturating_add(ROOM) {
            session.close(StreamError::new(StreamCondition::ResourceConstraint).text("too slow a reader"));
        }
    }

    fn enable(&mut self, resume: bool) {
        let session = &self.hold.session;
        session.manage();
        self.managed = true;
        let seconds = session.host().options().limits.resume_seconds;
        self.resumable = resume && seconds > 0;
        let token = self.resumable.then(|| (self.c2s.kernel.make_resumable(session), seconds));
        self.pipe.element(&sm::enabled(token));
    }

    async fn finish(mut self, end: End) {
        let (kernel, session) = (self.c2s.kernel.clone(), self.hold.session.clone());
        match end {
            End::Lost if self.resumable => kernel.detach(&session),
            End::Lost => kernel.end(&session).await,
            End::Superseded => {
                self.refuse(&StreamError::new(StreamCondition::Conflict).text("resumed elsewhere"));
                drop(self.hold); // the new connection waits for this one to let go
                goodbye(&mut *self.pipe).await;
            }
            End::Closed => {
                kernel.end(&session).await;
                self.pipe.close();
                self.leave().await;
            }
            End::Error(error) => {
                tracing::debug!(jid = %session.jid(), %error, "a session ends with an error");
                kernel.end(&session).await;
                self.refuse(&error);
                self.leave().await;
            }
        }
    }

    /// The last bytes leave, and with them what was written before. Receipts of what did not leave are dropped untold.
    async fn leave(&mut self) {
        goodbye(&mut *self.pipe).await;
        if self.pipe.pending() == 0 {
            self.receipts.drain(..).for_each(|receipt| receipt.delivered());
        }
    }

    fn refuse(&mut self, error: &StreamError) {
        self.pipe.element(&error.to_element());
        self.pipe.close();
    }
}

/// Stamps the sender's full JID; whoever claims to be somebody else is cut off (RFC 6120 section 8.1.2.1).
fn stamp(stanza: Stanza, jid: &xmpp::Jid) -> Result<Stanza, StreamError> {
    match stanza.from() {
        None => {}
        Some(from) if from == jid || from.as_str() == jid.bare_str() => {}
        Some(_) => return Err(StreamError::new(StreamCondition::InvalidFrom)),
    }
    Ok(stanza.with_from(jid.clone()))
}
