//! A connection on which a stream is being opened.

use tokio::time::{Instant, sleep_until};
use xmpp::{Document, Jid, StreamCondition, StreamError, StreamEvent, StreamHeader};

use super::Purpose;
use crate::goodbye::goodbye;
use crate::pipe::{self, Pipe, PipeError};

/// The stream has ended; the peer has been told why, unless it has left.
#[derive(Debug)]
pub(crate) struct Ended;

/// A connection, what its streams are for, and until when one must be open. The pipe is boxed, because every async function
/// that it passes through would otherwise reserve room for it.
pub(crate) struct Line<'a, P, U> {
    pub pipe: Box<P>,
    pub purpose: &'a U,
    until: Instant,
}

impl<'a, P: Pipe, U: Purpose> Line<'a, P, U> {
    pub fn new(pipe: Box<P>, purpose: &'a U, until: Instant) -> Self {
        Self { pipe, purpose, until }
    }

    /// When the opening must have ended.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// What the peer sends next.
    pub async fn event(&mut self) -> Result<StreamEvent, Ended> {
        let tasks = &self.purpose.runtime().tasks;
        let error = tokio::select! {
            event = pipe::event(&mut *self.pipe) => match event {
                Ok(Some(event)) => return Ok(event),
                Ok(None) | Err(PipeError::Io(_)) => return Err(Ended),
                Err(PipeError::Stream(error)) => error,
            },
            () = sleep_until(self.until) => {
                StreamError::new(StreamCondition::ConnectionTimeout).text("authentication timed out")
            }
            () = tasks.drained_signal() => {
                StreamError::new(StreamCondition::SystemShutdown).text("the server is shutting down")
            }
        };
        Err(self.fail(error).await)
    }

    /// The next element.
    pub async fn element(&mut self) -> Result<Document, Ended> {
        match self.event().await? {
            StreamEvent::Element(element) => Ok(element),
            StreamEvent::Open(_) => Err(self.fail(StreamError::new(StreamCondition::InvalidXml)).await),
            StreamEvent::Close => Err(self.close().await),
        }
    }

    /// Ends the stream.
    pub async fn close(&mut self) -> Ended {
        self.pipe.close();
        goodbye(&mut *self.pipe).await;
        Ended
    }

    /// Ends the stream with an error (RFC 6120 section 4.9), preceded by our header if that was not yet sent.
    pub async fn fail(&mut self, error: StreamError) -> Ended {
        if !self.pipe.opened() {
            self.answer(None, None);
        }
        tracing::debug!(address = %self.pipe.about().address, %error, "stream closed");
        self.pipe.element(&error.to_element());
        self.close().await
    }

    /// Writes our header in answer to the peer's, whose `from` is our `to` (RFC 6120 section 4.7.2). Returns its id.
    pub fn answer(&mut self, from: Option<Jid>, to: Option<Jid>) -> String {
        let id = self.purpose.runtime().random.token(96);
        self.pipe.open(&StreamHeader {
            to: to.filter(|_| U::HAS_FEATURES),
            from,
            id: Some(id.clone()),
            version: if U::HAS_FEATURES { (1, 0) } else { StreamHeader::UNVERSIONED },
            lang: Some("en".into()),
            content_ns: U::NAMESPACE.into(),
        });
        id
    }
}
