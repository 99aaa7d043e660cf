//! One element per message (RFC 7395 section 3.3).

use bytestring::ByteString;
use xmpp::{Document, Limits, StreamCondition, StreamError, StreamEvent, StreamHeader, ns};

/// Messages to stream events. Without I/O.
pub(super) struct Framing {
    limits: Limits,
    opened: bool,
}

impl Framing {
    pub(super) fn new(limits: Limits) -> Self {
        Framing { limits, opened: false }
    }

    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub(super) fn restart(&mut self) {
        self.opened = false;
    }

    /// Parses a message. It must begin with `<`; whitespace keep-alives are not allowed here (section 3.8).
    /// An element without a namespace is taken as `jabber:client`, as it would be over TCP, and an XML
    /// declaration in front of it is tolerated, as there.
    pub(super) fn event(&mut self, text: ByteString) -> Result<StreamEvent, StreamError> {
        let text = xmpp::without_declaration(&text)?;
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
