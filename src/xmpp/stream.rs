//! From a byte stream to stream events: header, elements, end (RFC 6120 §4).

use bytes::Bytes;

use crate::document::Document;
use crate::error::{StreamCondition, StreamError};
use crate::framer::{Frame, Framer};
use crate::header::{HeaderScope, StreamHeader, check_declaration, read_header};
use crate::limits::ElementLimits;

#[derive(Clone, Debug)]
pub enum StreamEvent {
    /// The stream header.
    Open(StreamHeader),
    /// A top-level element, which inherits `jabber:client` as its default namespace.
    Element(Document),
    /// The end of the stream.
    Close,
}

/// Bytes in, events out. Without I/O: [`feed`](Self::feed) the bytes read, then take events from
/// [`next`](Self::next) until there are none. After an error no more events are returned.
///
/// Stanzas of a `jabber:server` or `jabber:component:accept` stream are read as `jabber:client`; so is
/// everything that inherits such a default namespace. The parser buffers only incomplete input.
#[derive(Debug)]
pub struct StreamParser {
    limits: ElementLimits,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were returned.
    taken: usize,
    framer: Framer,
    header: Option<Box<HeaderScope>>,
    failed: Option<StreamError>,
}

impl StreamParser {
    /// A parser that expects a stream header.
    pub fn new(limits: ElementLimits) -> Self {
        Self { limits, buffer: Vec::new(), taken: 0, framer: Framer::new(), header: None, failed: None }
    }

    /// Adds bytes read from the peer.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        if self.buffer.is_empty() {
            // Exact, since it often becomes the stanza's buffer.
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
                    let document = self.header()?.element(bytes, &self.limits)?;
                    return Ok(Some(StreamEvent::Element(document)));
                }
                Frame::Footer => return self.header()?.check_end(&bytes).map(|()| Some(StreamEvent::Close)),
            }
        }
    }

    fn skip(&mut self, length: usize) -> Bytes {
        self.taken += length;
        Bytes::new()
    }

    /// The next `length` bytes. A stanza must not keep more memory alive than its own, so they are copied
    /// unless they fill the whole buffer.
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

    fn header(&self) -> Result<&HeaderScope, StreamError> {
        self.header.as_deref().ok_or_else(|| StreamCondition::BadFormat.into())
    }

    fn open(&mut self, bytes: &[u8]) -> Result<StreamHeader, StreamError> {
        // The start tag is parsed as an empty element.
        let Some(tag) = bytes.strip_suffix(b">").filter(|tag| !tag.ends_with(b"/")) else {
            return Err(StreamError::new(StreamCondition::BadFormat)
                .text("the stream header must not be an empty element"));
        };
        let limits =
            ElementLimits { stanza_bytes: self.limits.stanza_bytes.saturating_add(1), ..self.limits };
        let document = Document::read([tag, b"/>"].concat().into(), "", &[], &limits)?;
        let (header, scope) = read_header(document.root())?;
        self.header = Some(Box::new(scope));
        Ok(header)
    }

    /// Expects a new stream header (after STARTTLS and after authentication). Buffered bytes stay; see
    /// [`buffered`](Self::buffered) and [`clear`](Self::clear).
    pub fn reset(&mut self) {
        self.framer = Framer::new();
        self.header = None;
        self.failed = None;
    }

    /// Bytes that were fed and not returned as events. After `<starttls/>` there must be none.
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.taken
    }

    /// Bytes allocated for incomplete input: none between elements.
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Drops the buffered bytes.
    pub fn clear(&mut self) {
        self.discard();
        self.reset();
    }

    /// Sets the largest element in bytes, from the next bytes on.
    pub fn set_stanza_bytes(&mut self, bytes: usize) {
        self.limits.stanza_bytes = bytes;
    }

    /// Sets the limits of an element, from the next bytes on.
    pub fn set_limits(&mut self, limits: ElementLimits) {
        self.limits = limits;
    }
}
