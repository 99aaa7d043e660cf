//! A parsed, self-contained element.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use crate::element::Element;
use crate::error::{StreamCondition, StreamError};
use crate::limits::ElementLimits;
use crate::node::Node;
use crate::ns;
use crate::recorder::Recorder;
use crate::refusal::{malformed, too_large, violation};
use crate::scan;
use crate::sink::Sink;
use crate::tape::{AttrRecord, DECLARATION, Outer, Tape};

/// An element as received, validated, with a table of offsets. Cloned by reference count.
///
/// It declares every prefix it uses. Its default namespace may be inherited: then its bytes must be written
/// where the same default namespace is in force.
#[derive(Clone)]
pub struct Document {
    inner: Arc<Inner>,
}

struct Inner {
    text: ByteString,
    tape: Tape,
}

impl Document {
    /// Parses `bytes`, which must be one element (surrounding whitespace is dropped) without an XML
    /// declaration. The error is to be sent to the peer; `inherited_ns` is the outer default namespace.
    pub fn parse(bytes: Bytes, inherited_ns: &str, limits: &ElementLimits) -> Result<Document, StreamError> {
        Self::parse_text(utf8(bytes)?, inherited_ns, limits)
    }

    /// The same for bytes that are known to be UTF-8.
    pub fn parse_text(
        text: ByteString,
        inherited_ns: &str,
        limits: &ElementLimits,
    ) -> Result<Document, StreamError> {
        let trimmed = text.trim_ascii();
        let text = if trimmed.len() == text.len() { text } else { text.slice_ref(trimmed) };
        Self::read_text(text, inherited_ns, &[], limits)
    }

    /// Parses what the server has written itself, where `jabber:client` is in force.
    pub(crate) fn own(xml: String) -> Result<Document, StreamError> {
        Self::read_text(xml.into(), ns::CLIENT, &[], &ElementLimits::OWN)
    }

    /// Writes an element where `jabber:client` is in force. An error if it exceeds [`ElementLimits::OWN`] or has an
    /// invalid name.
    pub(crate) fn from_element(element: &Element) -> Result<Document, StreamError> {
        let mut recorder = Recorder::new(256);
        element.write_to(&mut recorder, ns::CLIENT);
        recorder.finish()
    }

    /// A document from the tape recorded while it was written. The tests of this crate and the fuzz targets
    /// parse it as well.
    pub(crate) fn composed(xml: String, tape: Tape, inherited_ns: &str) -> Document {
        let document = Self { inner: Arc::new(Inner { text: xml.into(), tape }) };
        if cfg!(any(test, fuzzing)) {
            assert!(
                document.is_as_read(inherited_ns),
                "recorded otherwise than read: {document:?} {:?}",
                document.tape()
            );
        }
        document
    }

    /// Whether the strict pass over the bytes agrees with the tape. It may still find that limits are
    /// exceeded.
    fn is_as_read(&self, inherited_ns: &str) -> bool {
        match Self::read_text(self.inner.text.clone(), inherited_ns, &[], &ElementLimits::OWN) {
            Ok(read) => self.tape().same(read.tape(), self.as_str()),
            Err(error) => error.condition == StreamCondition::PolicyViolation,
        }
    }

    /// Parses one element where the prefixes `outer` are in force; those it uses are declared in the result.
    pub(crate) fn read(
        bytes: Bytes,
        inherited_ns: &str,
        outer: &[Outer],
        limits: &ElementLimits,
    ) -> Result<Document, StreamError> {
        Self::read_text(utf8(bytes)?, inherited_ns, outer, limits)
    }

    fn read_text(
        text: ByteString,
        inherited_ns: &str,
        outer: &[Outer],
        limits: &ElementLimits,
    ) -> Result<Document, StreamError> {
        if text.len() > limits.stanza_bytes {
            return Err(too_large(limits.stanza_bytes));
        }
        let text = line_feeds(text);
        let tape = scan::scan(&text, inherited_ns, outer, limits)?;
        if tape.borrowed.is_empty() {
            return Ok(Self { inner: Arc::new(Inner { text, tape }) });
        }
        declare(&text, tape, outer, inherited_ns)
    }

    pub fn root(&self) -> Node<'_> {
        Node::new(self, 0)
    }

    pub fn as_bytes(&self) -> &Bytes {
        self.inner.text.as_bytes()
    }

    pub fn as_str(&self) -> &str {
        &self.inner.text
    }

    /// Length of its XML in bytes.
    #[expect(clippy::len_without_is_empty, reason = "a document is never empty")]
    pub fn len(&self) -> usize {
        self.inner.text.len()
    }

    pub(crate) fn tape(&self) -> &Tape {
        &self.inner.tape
    }

    /// The tree, rebuilt.
    pub fn to_element(&self) -> Element {
        self.root().to_element()
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Document").field(&self.as_str()).finish()
    }
}

impl PartialEq for Document {
    /// Whether the bytes are equal.
    fn eq(&self, other: &Self) -> bool {
        self.inner.text == other.inner.text
    }
}

fn utf8(bytes: Bytes) -> Result<ByteString, StreamError> {
    ByteString::try_from(bytes)
        .map_err(|_| StreamError::new(StreamCondition::UnsupportedEncoding).text("invalid UTF-8"))
}

/// XML §2.11: later code, and the recipients of the bytes, never see a carriage return.
fn line_feeds(text: ByteString) -> ByteString {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text;
    }
    text.replace("\r\n", "\n").replace('\r', "\n").into()
}

/// The same element with the outer declarations it uses added to its start tag.
fn declare(text: &str, tape: Tape, outer: &[Outer], inherited_ns: &str) -> Result<Document, StreamError> {
    let root = tape.nodes.first().ok_or_else(|| malformed("missing start tag"))?;
    if usize::from(root.attr_count) + tape.borrowed.len() > ElementLimits::OWN.attributes {
        return Err(violation("too many attributes"));
    }
    let prefix = if root.prefix_len == 0 { 0 } else { usize::from(root.prefix_len) + 1 };
    let (head, rest) = text.split_at_checked(1 + prefix + usize::from(root.name_len)).unwrap_or_default();
    let mut out = String::with_capacity(text.len() + 64 * tape.borrowed.len());
    out.push_str(head);
    let mut declarations = Vec::with_capacity(tape.borrowed.len());
    for (prefix, name) in tape.borrowed.iter().filter_map(|&at| outer.get(at)) {
        let start = out.len() + 1;
        out.attribute(&format!("xmlns:{prefix}"), name);
        declarations.push(AttrRecord {
            start: start as u32,
            value_start: (start + "xmlns:".len() + prefix.len() + "='".len()) as u32,
            value_end: (out.len() - 1) as u32,
            prefix_len: "xmlns".len() as u16,
            name_len: prefix.len() as u16,
            ns: DECLARATION,
        });
    }
    let by = (out.len() - head.len()) as u32;
    out.push_str(rest);
    if out.len() > ElementLimits::OWN.stanza_bytes {
        return Err(too_large(ElementLimits::OWN.stanza_bytes));
    }
    Ok(Document::composed(out, tape.declare(&declarations, by), inherited_ns))
}
