//! Output waiting for a request to answer.

use xmpp::{Element, Framing, Stanza, ns};

/// Payload in order.
#[derive(Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    /// The number of stanzas from the session's mailbox in it.
    stanzas: u32,
    /// Whether the prefix `stream` is used.
    stream: bool,
    /// Whether a session is bound, so that stanzas come from its mailbox.
    counting: bool,
}

/// What was taken from the output.
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

    /// Counts stanzas from now on.
    pub fn count(&mut self) {
        self.counting = true;
    }

    /// Stops counting stanzas: pending output goes with the last response.
    pub fn uncount(&mut self) {
        (self.counting, self.stanzas) = (false, 0);
    }

    /// The output for the last response. A bound session's stanzas are left out: they count as not received,
    /// and are redelivered.
    pub fn last(&mut self) -> Payload {
        let last = self.take();
        if self.counting { Payload::default() } else { last }
    }
}
