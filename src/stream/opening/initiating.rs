//! The states of a stream that we open.

use net::TlsClientConfig;
use tokio::time::{Instant, timeout_at};
use xmpp::{Document, Element, Jid, StreamCondition, StreamError, StreamEvent, StreamHeader, ns};

use crate::pipe::{self, Pipe, PipeError};
use crate::tcp::Tcp;

/// Why a stream could not be opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// The connection has broken, or the peer has closed the stream without a word.
    Lost,
    TimedOut,
    /// The peer has ended the stream with this.
    Theirs(StreamError),
    /// What the peer has sent is no such stream.
    Ours(StreamError),
    /// The peer does not do this, or has refused it.
    Refused(&'static str),
    Tls(String),
}

/// A connection on which we open streams of this kind.
pub(crate) struct Initiating<P> {
    pub pipe: Box<P>,
    header: StreamHeader,
    until: Instant,
}

/// Headers have been exchanged, and the peer has said what it offers.
pub(crate) struct Initiated<P> {
    pub line: Initiating<P>,
    /// The id in the peer's header.
    pub id: String,
    pub features: Document,
}

impl<P: Pipe> Initiating<P> {
    /// A stream from a domain here to one elsewhere. It must be open by `until`.
    pub fn between_servers(pipe: Box<P>, from: &Jid, to: &Jid, until: Instant) -> Self {
        let header = StreamHeader {
            to: Some(to.clone()),
            from: Some(from.clone()),
            id: None,
            version: (1, 0),
            lang: None,
            content_ns: ns::SERVER.into(),
        };
        Self { pipe, header, until }
    }

    /// Opens a stream, and waits for the peer's header and features.
    pub async fn open(mut self) -> Result<Initiated<P>, OpenError> {
        self.pipe.open(&self.header);
        let header = match self.event().await? {
            StreamEvent::Open(header) => header,
            StreamEvent::Element(_) | StreamEvent::Close => return Err(OpenError::Lost),
        };
        if header.content_ns != self.header.content_ns {
            return Err(OpenError::Ours(StreamCondition::InvalidNamespace.into()));
        }
        if header.version.0 < 1 {
            return Err(OpenError::Refused("it speaks a version of XMPP that has no TLS"));
        }
        let id = header.id.unwrap_or_default();
        let features = self.element().await?;
        match features.root().is("features", ns::STREAM) {
            true => Ok(Initiated { line: self, id, features }),
            false => Err(OpenError::Ours(StreamCondition::UnsupportedFeature.into())),
        }
    }

    async fn event(&mut self) -> Result<StreamEvent, OpenError> {
        match timeout_at(self.until, pipe::event(&mut *self.pipe)).await {
            Ok(Ok(Some(event))) => Ok(event),
            Ok(Ok(None) | Err(PipeError::Io(_))) => Err(OpenError::Lost),
            Ok(Err(PipeError::Stream(error))) => Err(OpenError::Ours(error)),
            Err(_) => Err(OpenError::TimedOut),
        }
    }

    /// The next element that is no stream error.
    pub async fn element(&mut self) -> Result<Document, OpenError> {
        match self.event().await? {
            StreamEvent::Element(element) => match StreamError::from_document(&element) {
                Some(error) => Err(OpenError::Theirs(error)),
                None => Ok(element),
            },
            StreamEvent::Open(_) => Err(OpenError::Ours(StreamCondition::InvalidXml.into())),
            StreamEvent::Close => Err(OpenError::Lost),
        }
    }
}

impl<P: Pipe> Initiated<P> {
    pub fn offers(&self, name: &str, ns: &str) -> bool {
        self.features.root().child(name, ns).is_some()
    }

    /// Whether the peer offers this SASL mechanism.
    pub fn offers_mechanism(&self, mechanism: &str) -> bool {
        let list = self.features.root().child("mechanisms", ns::SASL);
        list.is_some_and(|list| {
            list.children().any(|one| one.name() == "mechanism" && one.text().trim() == mechanism)
        })
    }

    /// A mechanism whose only message is this (base64). On success the stream begins anew, else it goes on as it was.
    pub async fn authenticate(
        mut self,
        mechanism: &'static str,
        message: String,
    ) -> Result<Attempted<P>, OpenError> {
        let auth = Element::new("auth", ns::SASL).attr("mechanism", mechanism).text(message);
        self.line.pipe.element(&auth);
        let answer = self.line.element().await?;
        if answer.root().is("success", ns::SASL) {
            self.line.pipe.restart();
            return Ok(Attempted::Done(self.line.open().await?));
        }
        let condition = answer.root().children().next().map(|condition| condition.name().to_owned());
        Ok(Attempted::Failed(self, condition.unwrap_or_default()))
    }
}

/// How an attempt to authenticate has ended.
pub(crate) enum Attempted<P> {
    Done(Initiated<P>),
    /// With the peer's condition.
    Failed(Initiated<P>, String),
}

impl Initiated<Tcp> {
    /// Encrypts the connection (RFC 6120 section 5.4); the stream begins anew.
    pub async fn encrypt(mut self, config: TlsClientConfig, domain: &str) -> Result<Self, OpenError> {
        if !self.offers("starttls", ns::TLS) {
            return Err(OpenError::Refused("it does not offer TLS"));
        }
        self.line.pipe.element(&Element::new("starttls", ns::TLS));
        if !self.line.element().await?.root().is("proceed", ns::TLS) {
            return Err(OpenError::Refused("it refuses TLS, which it has offered"));
        }
        let Initiating { pipe, header, until } = self.line;
        match timeout_at(until, Box::pin(pipe.connection.starttls_client(config, domain))).await {
            Ok(Ok(connection)) => {
                Initiating { pipe: Box::new(Tcp::new(connection)), header, until }.open().await
            }
            Ok(Err(error)) => Err(OpenError::Tls(error.to_string())),
            Err(_) => Err(OpenError::TimedOut),
        }
    }
}
