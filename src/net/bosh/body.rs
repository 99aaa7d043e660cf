//! A request's `<body/>`.

use std::fmt;

use xmpp::{Document, ElementLimits, Node, StreamError, Wrapper, ns};

use super::condition::Condition;

/// Limits of the start tag.
const TAG: ElementLimits =
    ElementLimits { stanza_bytes: 8 << 10, depth: 2, attributes: 64, elements: 1, namespaces: 32 };

/// Elements in one body: clients put everything pending into one.
const MOST: usize = 16_384;

/// A body whose start tag has been read.
pub struct Body<'a> {
    pub attributes: Attributes,
    wrapper: Wrapper<'a>,
}

/// The content of a body.
#[derive(Debug)]
pub struct Payload {
    /// Elements, in order.
    pub elements: Vec<Document>,
    /// Why parsing stopped after the elements: the error that ends the stream once they have been handled.
    pub mistake: Option<StreamError>,
}

impl Payload {
    pub(super) fn is_empty(&self) -> bool {
        self.elements.is_empty() && self.mistake.is_none()
    }
}

/// The attributes of a request's `<body/>` (XEP-0124 §7 to §15, XEP-0206 §3 to §5). Numbers beyond 64 bits
/// are `u64::MAX`; `route` is ignored. `sid` and `key` authorize requests: they must not be logged, and
/// `Debug` omits them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The session id; `None` requests a new session.
    pub sid: Option<String>,
    /// The request id.
    pub rid: u64,
    /// The highest response received, or 1 in the first request, which enables acknowledgements.
    pub ack: Option<u64>,
    /// The next key of the sequence.
    pub key: Option<String>,
    /// The first key of a new sequence.
    pub newkey: Option<String>,
    /// Seconds without requests that the client asks for.
    pub pause: Option<u64>,
    /// Whether the client ends the session.
    pub terminate: bool,
    /// Whether the client restarts the XMPP stream (XEP-0206 §5).
    pub restart: bool,
    /// Whether a stream is named, as with multiple streams.
    pub stream: bool,
    /// The version of the binding, major and minor.
    pub ver: Option<(u32, u32)>,
    /// The longest time a response may take, in seconds.
    pub wait: Option<u64>,
    /// The number of requests that may be held.
    pub hold: Option<u64>,
    /// The media type requested for responses.
    pub content: Option<String>,
    /// Whether the client requests `secure`, an attribute of early versions.
    pub secure: bool,
    /// The domain.
    pub to: Option<String>,
    /// The JID the client claims.
    pub from: Option<String>,
    /// The language.
    pub lang: Option<String>,
    /// The XMPP version, as written.
    pub version: Option<String>,
}

impl<'a> Body<'a> {
    /// Parses the start tag; what follows it need not be complete.
    ///
    /// # Errors
    /// [`Condition::BadRequest`]: not the start tag of a body, or an attribute is invalid.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Condition> {
        let wrapper = Wrapper::open(bytes, &TAG).map_err(|_| Condition::BadRequest)?;
        let attributes = Attributes::read(wrapper.tag())?;
        Ok(Self { attributes, wrapper })
    }

    /// The elements inside, up to the first error: malformed XML or a refused element. Elements that inherit
    /// the body's own namespace are moved to `jabber:client`.
    pub fn payload(&self, limits: &ElementLimits) -> Payload {
        let (elements, mistake) = self.wrapper.children(limits, MOST);
        Payload { elements, mistake }
    }
}

impl Attributes {
    fn read(tag: Node<'_>) -> Result<Self, Condition> {
        if !tag.is("body", ns::HTTPBIND) {
            return Err(Condition::BadRequest);
        }
        let text = |name: &str| tag.attr(name).map(|value| value.into_owned());
        let number = |name: &str| tag.attr(name).map(|value| number(&value)).transpose();
        let xmpp = |name: &str| tag.attr_ns(name, ns::XBOSH);
        Ok(Self {
            sid: text("sid"),
            rid: number("rid")?.ok_or(Condition::BadRequest)?,
            ack: number("ack")?,
            key: text("key"),
            newkey: text("newkey"),
            pause: number("pause")?,
            terminate: tag.attr("type").is_some_and(|kind| kind == "terminate"),
            restart: xmpp("restart").is_some_and(|value| yes(&value)),
            stream: tag.attr("stream").is_some(),
            ver: tag.attr("ver").map(|value| version(&value)).transpose()?,
            wait: number("wait")?,
            hold: number("hold")?,
            content: text("content"),
            secure: tag.attr("secure").is_some_and(|value| yes(&value)),
            to: text("to").filter(|to| !to.is_empty()),
            from: text("from"),
            lang: text("xml:lang"),
            version: xmpp("version").map(|value| value.into_owned()),
        })
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attributes").field("rid", &self.rid).field("to", &self.to).finish_non_exhaustive()
    }
}

/// Parses an XML Schema boolean.
fn yes(value: &str) -> bool {
    matches!(value, "true" | "1")
}

fn number(value: &str) -> Result<u64, Condition> {
    match value.bytes().all(|b| b.is_ascii_digit()) && !value.is_empty() {
        true => Ok(value.parse().unwrap_or(u64::MAX)),
        false => Err(Condition::BadRequest),
    }
}

/// Two integers with a dot: 1.10 is later than 1.9 (XEP-0124 §7.1).
fn version(value: &str) -> Result<(u32, u32), Condition> {
    let (major, minor) = value.split_once('.').ok_or(Condition::BadRequest)?;
    let part = |part| number(part).map(|part| u32::try_from(part).unwrap_or(u32::MAX));
    Ok((part(major)?, part(minor)?))
}
