//! A stream of bytes to stream events: header, elements, end (RFC 6120 §4).

use bytes::Bytes;

use crate::document::Document;
use crate::error::{StreamCondition, StreamError};
use crate::framer::{Frame, Framer};
use crate::jid::Jid;
use crate::limits::Limits;
use crate::node::Node;
use crate::ns;
use crate::tape::Outer;

/// What the peer's stream header says (RFC 6120 §4.7).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StreamHeader {
    /// The server it wants, or the client it answers.
    pub to: Option<Jid>,
    /// Who it says it is.
    pub from: Option<Jid>,
    /// The stream's id, in an answer.
    pub id: Option<String>,
    /// Major and minor; (0, 9) if none is given.
    pub version: (u8, u8),
    /// The default language of what follows.
    pub lang: Option<String>,
    /// `jabber:client`, `jabber:server` or another namespace of stanzas.
    pub content_ns: String,
}

/// What a stream consists of.
#[derive(Clone, Debug)]
pub enum StreamEvent {
    /// The stream header.
    Open(StreamHeader),
    /// A top-level element, which inherits `jabber:client` as its default namespace.
    Element(Document),
    /// The end of the stream.
    Close,
}

/// Bytes in, events out. Without I/O: [`feed`](Self::feed) what was read, then take events from
/// [`next`](Self::next) until there are none. After an error nothing more comes out.
///
/// Stanzas of a `jabber:server` or `jabber:component:accept` stream are read as `jabber:client`; so is
/// everything that inherits such a default namespace. What the parser holds is what is not yet whole.
#[derive(Debug)]
pub struct StreamParser {
    limits: Limits,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were given out.
    taken: usize,
    framer: Framer,
    header: Option<Box<HeaderScope>>,
    failed: Option<StreamError>,
}

/// The namespaces that the stream header has declared.
#[derive(Debug)]
struct HeaderScope {
    /// The footer's text: the name in the header.
    name: String,
    default_ns: String,
    prefixes: Vec<Outer>,
}

impl StreamParser {
    /// A parser that waits for a stream header.
    pub fn new(limits: Limits) -> Self {
        Self { limits, buffer: Vec::new(), taken: 0, framer: Framer::new(), header: None, failed: None }
    }

    /// Adds what was read from the peer.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        if self.buffer.is_empty() {
            // Exactly what is needed, since it often becomes the stanza.
            self.buffer = bytes.to_vec();
        } else {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next event; `None` if more bytes are needed.
    #[expect(clippy::should_implement_trait, reason = "an iterator could not end and go on")]
    pub fn next(&mut self) -> Result<Option<StreamEvent>, StreamError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let event = self.advance();
        if let Err(error) = &event {
            self.failed = Some(error.clone());
            self.discard();
        }
        event
    }

    fn advance(&mut self) -> Result<Option<StreamEvent>, StreamError> {
        loop {
            let rest = self.buffer.get(self.taken..).unwrap_or_default();
            let Some((frame, length)) =
                self.framer.next(rest, self.limits.stanza_bytes, self.limits.depth)?
            else {
                if self.framer.is_idle() {
                    self.discard();
                }
                return Ok(None);
            };
            let bytes = if frame == Frame::Space { self.skip(length) } else { self.take(length) };
            match frame {
                Frame::Space => {}
                Frame::Declaration => check_declaration(&bytes)?,
                Frame::Header => return self.open(&bytes).map(|header| Some(StreamEvent::Open(header))),
                Frame::Element => {
                    return self.element(bytes).map(|document| Some(StreamEvent::Element(document)));
                }
                Frame::Footer => return self.close(&bytes).map(|()| Some(StreamEvent::Close)),
            }
        }
    }

    fn skip(&mut self, length: usize) -> Bytes {
        self.taken += length;
        Bytes::new()
    }

    /// The next `length` bytes. A stanza must not keep more alive than itself, so they are copied
    /// unless they are the whole buffer and fill it.
    fn take(&mut self, length: usize) -> Bytes {
        let whole = self.taken == 0 && self.buffer.len() == length;
        if whole && self.buffer.capacity() == length {
            return std::mem::take(&mut self.buffer).into();
        }
        let start = self.taken;
        self.taken += length;
        let bytes = Bytes::copy_from_slice(self.buffer.get(start..self.taken).unwrap_or_default());
        if self.taken == self.buffer.len() {
            self.discard();
        }
        bytes
    }

    fn discard(&mut self) {
        self.buffer = Vec::new();
        self.taken = 0;
    }

    fn element(&self, bytes: Bytes) -> Result<Document, StreamError> {
        let Some(header) = &self.header else {
            return Err(StreamCondition::BadFormat.into());
        };
        let document = Document::read(bytes, &header.default_ns, &header.prefixes, &self.limits)?;
        if header.default_ns == ns::CLIENT {
            return Ok(document);
        }
        // The default namespace is not what stanzas are read with: write it again with its own.
        Document::own(document.to_element().to_xml(ns::CLIENT).into_bytes(), ns::CLIENT)
    }

    fn open(&mut self, bytes: &[u8]) -> Result<StreamHeader, StreamError> {
        // The start tag is read as an empty element.
        let Some(tag) = bytes.strip_suffix(b">").filter(|tag| !tag.ends_with(b"/")) else {
            return Err(StreamError::new(StreamCondition::BadFormat).text("a stream that is empty"));
        };
        let limits = Limits { stanza_bytes: self.limits.stanza_bytes + 1, ..self.limits };
        let document = Document::read([tag, b"/>"].concat().into(), "", &[], &limits)?;
        let (header, scope) = read_header(document.root())?;
        self.header = Some(Box::new(scope));
        Ok(header)
    }

    fn close(&self, bytes: &[u8]) -> Result<(), StreamError> {
        let name = bytes.strip_prefix(b"</").and_then(|tag| tag.strip_suffix(b">"));
        let opened = self.header.as_ref().map(|header| header.name.as_bytes());
        if name.map(<[u8]>::trim_ascii_end) == opened {
            Ok(())
        } else {
            Err(crate::attributes::malformed("an end tag that closes nothing"))
        }
    }

    /// Expects a new stream header (after STARTTLS and after authentication). What is buffered stays;
    /// see [`buffered`](Self::buffered) and [`clear`](Self::clear).
    pub fn reset(&mut self) {
        self.framer = Framer::new();
        self.header = None;
        self.failed = None;
    }

    /// Bytes that were fed and have not come out as events. After `<starttls/>` there must be none.
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.taken
    }

    /// Drops what is buffered.
    pub fn clear(&mut self) {
        self.discard();
        self.reset();
    }

    /// Sets how many bytes one element may have, from the next bytes on.
    pub fn set_stanza_bytes(&mut self, bytes: usize) {
        self.limits.stanza_bytes = bytes;
    }
}

/// `<?xml version='1.0' encoding='UTF-8' standalone='yes'?>` (XML §2.8), of which the last two may be missing.
fn check_declaration(bytes: &[u8]) -> Result<(), StreamError> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| StreamError::from(StreamCondition::UnsupportedEncoding))?;
    let inner = text.strip_prefix("<?xml").and_then(|text| text.strip_suffix("?>")).unwrap_or_default();
    let mut attributes = crate::attributes::RawAttributes::new(inner);
    let mut order = ["version", "encoding", "standalone"].iter();
    let mut version = false;
    while let Some(attribute) = attributes.read()? {
        if !order.any(|&name| name == attribute.name) {
            return Err(crate::attributes::malformed("an XML declaration that is not allowed"));
        }
        let allowed = match attribute.name {
            "version" => attribute.value == "1.0",
            "standalone" => matches!(attribute.value, "yes" | "no"),
            _ if attribute.value.eq_ignore_ascii_case("utf-8") => true,
            _ => {
                return Err(
                    StreamError::new(StreamCondition::UnsupportedEncoding).text("only UTF-8 is supported")
                );
            }
        };
        version |= attribute.name == "version";
        if !allowed {
            return Err(crate::attributes::malformed("an XML declaration that is not allowed"));
        }
    }
    if version { Ok(()) } else { Err(crate::attributes::malformed("an XML declaration without a version")) }
}

fn read_header(root: Node<'_>) -> Result<(StreamHeader, HeaderScope), StreamError> {
    if root.ns() != ns::STREAM {
        return Err(StreamCondition::InvalidNamespace.into());
    }
    if root.name() != "stream" {
        return Err(StreamCondition::BadFormat.into());
    }
    let (mut default_ns, mut prefixes) = (String::new(), Vec::new());
    for (prefix, name) in root.declarations() {
        match prefix {
            "" => default_ns = name.into_owned(),
            _ => prefixes.push((prefix.into(), name.as_ref().into())),
        }
    }
    let content_ns = content_ns(&default_ns, &prefixes)?;
    if stanzas(&default_ns) {
        default_ns = ns::CLIENT.to_owned();
    }
    let text = |name| root.attr(name).map(|value| value.into_owned());
    let header = StreamHeader {
        to: address(root, "to")?,
        from: address(root, "from")?,
        id: text("id"),
        version: version(root)?,
        lang: text("xml:lang"),
        content_ns,
    };
    let name = match root.prefix() {
        "" => root.name().to_owned(),
        prefix => format!("{prefix}:{}", root.name()),
    };
    Ok((header, HeaderScope { name, default_ns, prefixes }))
}

fn stanzas(name: &str) -> bool {
    matches!(name, ns::CLIENT | ns::SERVER | ns::COMPONENT)
}

/// The namespace of stanzas: the default, or where streams are the default, one that has a prefix
/// (RFC 6120 §4.8.2).
fn content_ns(default_ns: &str, prefixes: &[Outer]) -> Result<String, StreamError> {
    let prefixed = || prefixes.iter().map(|(_, name)| name.as_ref()).find(|name| stanzas(name));
    let found = match default_ns {
        ns::STREAM | "" => prefixed(),
        other => Some(other).filter(|name| stanzas(name)),
    };
    found.map(str::to_owned).ok_or_else(|| StreamCondition::InvalidNamespace.into())
}

fn address(root: Node<'_>, name: &str) -> Result<Option<Jid>, StreamError> {
    let improper = |_| StreamError::from(StreamCondition::ImproperAddressing);
    root.attr(name).map(|jid| Jid::parse(&jid).map_err(improper)).transpose()
}

fn version(root: Node<'_>) -> Result<(u8, u8), StreamError> {
    let Some(text) = root.attr("version") else { return Ok((0, 9)) };
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let parsed = text.split_once('.').and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
    parsed.ok_or_else(|| StreamCondition::UnsupportedVersion.into())
}
