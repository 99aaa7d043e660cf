//! What waits for a request to be answered with it.

use xmpp::{Element, Framing, Stanza, ns};

/// Payload in order.
#[derive(Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    /// Stanzas of the session's mailbox in it.
    stanzas: u32,
    /// The prefix `stream` is in use.
    stream: bool,
    /// A session is bound: stanzas come from its mailbox.
    counting: bool,
}

/// What was taken of the output.
#[derive(Default)]
pub(super) struct Payload {
    pub bytes: Vec<u8>,
    pub stanzas: u32,
    pub stream: bool,
}

impl Output {
    pub fn stanza(&mut self, stanza: &Stanza) {
        stanza.write(&mut self.bytes, Framing::Declare);
        self.stanzas += u32::from(self.counting);
    }

    pub fn element(&mut self, element: &Element) {
        match element.ns() == ns::STREAM {
            true => element.write_prefixed(&mut self.bytes, "stream", ns::HTTPBIND),
            false => element.write(&mut self.bytes, ns::HTTPBIND),
        }
        self.stream |= element.ns() == ns::STREAM;
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn take(&mut self) -> Payload {
        Payload {
            bytes: std::mem::take(&mut self.bytes),
            stanzas: std::mem::take(&mut self.stanzas),
            stream: std::mem::take(&mut self.stream),
        }
    }

    /// Stanzas are counted from now on.
    pub fn count(&mut self) {
        self.counting = true;
    }

    /// Stanzas are not counted any more: what there is goes with the last word.
    pub fn uncount(&mut self) {
        (self.counting, self.stanzas) = (false, 0);
    }

    /// What goes with the last word. A bound session's stanzas do not: they were not received, and are on their way
    /// elsewhere.
    pub fn last(&mut self) -> Payload {
        let last = self.take();
        if self.counting { Payload::default() } else { last }
    }
}
