//! One element per message (RFC 7395 section 3.3).

use bytestring::ByteString;
use xmpp::{Document, ElementLimits, StreamCondition, StreamError, StreamEvent, StreamHeader, ns};

/// Messages to stream events. Without I/O.
pub(super) struct Framing {
    limits: ElementLimits,
    opened: bool,
}

impl Framing {
    pub(super) fn new(limits: ElementLimits) -> Self {
        Framing { limits, opened: false }
    }

    pub(super) fn set_limits(&mut self, limits: ElementLimits) {
        self.limits = limits;
    }

    pub(super) fn restart(&mut self) {
        self.opened = false;
    }

    /// Parses a message; `None` for a whitespace keep-alive. As over TCP, whitespace and an XML declaration in
    /// front of an element are tolerated, which RFC 7395 does not allow (sections 3.3.3 and 3.8), and an element
    /// without a namespace is taken as `jabber:client`.
    pub(super) fn event(&mut self, text: ByteString) -> Result<Option<StreamEvent>, StreamError> {
        let trimmed = text.slice_ref(text.trim_ascii_start());
        if trimmed.is_empty() && !text.is_empty() {
            return Ok(None);
        }
        self.element(xmpp::without_declaration(&trimmed)?).map(Some)
    }

    fn element(&mut self, text: ByteString) -> Result<StreamEvent, StreamError> {
        if !text.starts_with('<') {
            return Err(StreamError::new(StreamCondition::BadFormat).text("each message must be one element"));
        }
        let document = Document::parse_text(text, ns::CLIENT, &self.limits)?;
        let root = document.root();
        match (root.ns(), root.name()) {
            (ns::FRAMING, "open") => {
                self.opened = true;
                StreamHeader::from_open(root).map(StreamEvent::Open)
            }
            (ns::FRAMING, "close") => Ok(StreamEvent::Close),
            _ if self.opened => Ok(StreamEvent::Element(document)),
            _ => Err(StreamError::new(StreamCondition::BadFormat).text("expected <open/>")),
        }
    }
}
