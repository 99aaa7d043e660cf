//! A request's `<body/>`.

use std::fmt;

use xmpp::{Document, Limits, Node, StreamError, Wrapper, ns};

use super::condition::Condition;

/// What the start tag may have at most.
const TAG: Limits = Limits { stanza_bytes: 8 << 10, depth: 2, attributes: 64, elements: 1, namespaces: 32 };

/// Elements in one body: clients put all that waits into one.
const MOST: usize = 16_384;

/// A body whose start tag has been read.
pub struct Body<'a> {
    pub attributes: Attributes,
    wrapper: Wrapper<'a>,
}

/// What is inside of a body.
#[derive(Debug)]
pub struct Payload {
    /// Elements, in order.
    pub elements: Vec<Document>,
    /// Why nothing behind them is read: what the stream is to end with, when it is the turn of what should stand there.
    pub mistake: Option<StreamError>,
}

impl Payload {
    pub(super) fn is_empty(&self) -> bool {
        self.elements.is_empty() && self.mistake.is_none()
    }
}

/// The attributes of a request's `<body/>` (XEP-0124 §7 to §15, XEP-0206 §3 to §5). Numbers beyond 64 bits are
/// `u64::MAX`; `route` is of no consequence here. Who knows `sid` and `key` can go on with a session: they belong in no
/// log, and `Debug` tells little.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The session; none asks for a new one.
    pub sid: Option<String>,
    /// The request's number.
    pub rid: u64,
    /// The highest response received, or 1 in the first request: responses will be acknowledged.
    pub ack: Option<u64>,
    /// The key that follows the one before.
    pub key: Option<String>,
    /// The first key of another sequence.
    pub newkey: Option<String>,
    /// Seconds that no request will come for.
    pub pause: Option<u64>,
    /// The client ends the session.
    pub terminate: bool,
    /// The client wants a new XMPP stream (XEP-0206 §5).
    pub restart: bool,
    /// A stream is named, as if there could be several.
    pub stream: bool,
    /// The version of the binding, major and minor.
    pub ver: Option<(u32, u32)>,
    /// The longest time that an answer may take, in seconds.
    pub wait: Option<u64>,
    /// Requests that may be kept waiting.
    pub hold: Option<u64>,
    /// The media type that the client wants for responses.
    pub content: Option<String>,
    /// The client asks for `secure`, of early versions.
    pub secure: bool,
    /// The domain.
    pub to: Option<String>,
    /// Who the client says it is.
    pub from: Option<String>,
    /// The language.
    pub lang: Option<String>,
    /// The version of XMPP, as it is written.
    pub version: Option<String>,
}

impl<'a> Body<'a> {
    /// Reads the start tag; what follows it need not be whole.
    ///
    /// # Errors
    /// [`Condition::BadRequest`]: it is no start tag of a body, or an attribute is not what it must be.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Condition> {
        let wrapper = Wrapper::open(bytes, &TAG).map_err(|_| Condition::BadRequest)?;
        let attributes = Attributes::read(wrapper.tag())?;
        Ok(Self { attributes, wrapper })
    }

    /// The elements inside, up to the first mistake: the body is not well-formed, or an element is refused. Those that
    /// inherit the body's own namespace are in `jabber:client`.
    pub fn payload(&self, limits: &Limits) -> Payload {
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

/// A boolean of XML Schema.
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
