//! A stanza as a hook sees it.

use crate::bindings::castling::plugin::types::Head;
use crate::{Kind, StanzaType, call};

/// What separates the texts of a call.
const SEPARATOR: char = '\u{1f}';

/// What may be true of a stanza; for [`Stanza::has`].
pub mod facts {
    /// A message with a body.
    pub const HAS_BODY: u32 = 1;
    /// It comes from a served domain.
    pub const FROM_LOCAL: u32 = 2;
    /// It goes to a served domain.
    pub const TO_LOCAL: u32 = 4;
    /// It comes from a component.
    pub const FROM_COMPONENT: u32 = 8;
    /// It goes to a component.
    pub const TO_COMPONENT: u32 = 16;
    /// It comes from another server.
    pub const FROM_REMOTE: u32 = 32;
    /// It goes to another server.
    pub const TO_REMOTE: u32 = 64;
    /// It goes to a bare JID, or has no recipient.
    pub const TO_BARE: u32 = 128;
    /// A message carbon (XEP-0280).
    pub const IS_CARBON: u32 = 256;
    /// It has a time of arrival (XEP-0203).
    pub const HAS_DELAY: u32 = 512;
    /// Presence for one recipient.
    pub const DIRECTED_PRESENCE: u32 = 1024;
    /// The call is made on its sender's side.
    pub const OUTBOUND: u32 = 2048;
    /// Of a recipient: a resource of it is available.
    pub const IS_AVAILABLE: u32 = 4096;
}

/// The stanza of the call in progress. Its head and texts are free; the rest is requested from the host.
pub struct Stanza {
    head: Head,
    text: String,
}

impl Stanza {
    pub(crate) fn new(head: Head, text: String) -> Self {
        Self { head, text }
    }

    fn part(&self, index: usize) -> &str {
        self.text.split(SEPARATOR).nth(index).unwrap_or_default()
    }

    /// Message, presence or IQ.
    pub fn kind(&self) -> Kind {
        self.head.kind
    }

    /// Its `type`; `None` if the attribute is absent (a message is then `normal`, presence is available).
    pub fn stanza_type(&self) -> StanzaType {
        self.head.stanza_type
    }

    /// Whether this is true of it; see [`facts`].
    pub fn has(&self, fact: u32) -> bool {
        self.head.facts & fact != 0
    }

    /// The id of the local session that sent it; 0 if none did.
    pub fn session(&self) -> u64 {
        self.head.session
    }

    /// The served domain that this call belongs to.
    pub fn domain(&self) -> u32 {
        self.head.domain
    }

    /// A hash of the stanza without its id: stanzas with equal hashes differ at most in their id.
    pub fn fingerprint(&self) -> u64 {
        call::fingerprint()
    }

    /// The sender's JID; empty if absent.
    pub fn from(&self) -> &str {
        self.part(0)
    }

    /// The recipient's JID; empty if absent.
    pub fn to(&self) -> &str {
        self.part(1)
    }

    /// The id; empty if absent.
    pub fn id(&self) -> &str {
        self.part(2)
    }

    /// The namespace of the first child element; empty if there is none.
    pub fn payload_ns(&self) -> &str {
        self.part(3)
    }

    /// The name of the first child element; empty if there is none.
    pub fn payload_name(&self) -> &str {
        self.part(4)
    }

    /// Whether there is a child element in this namespace. The host is called only if the first child is in
    /// another.
    pub fn has_child_ns(&self, ns: &str) -> bool {
        self.payload_ns() == ns || (!self.payload_name().is_empty() && call::has_child_ns(ns))
    }

    /// The stanza's XML: from the call if the manifest says `want = "xml"`, else requested from the host.
    /// Needs the grant `content`.
    pub fn xml(&self) -> String {
        self.text.split(SEPARATOR).nth(5).map_or_else(call::xml, str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_separated() {
        let head =
            Head { kind: Kind::Message, stanza_type: StanzaType::Chat, facts: 5, session: 7, domain: 1 };
        let text = ["a@b", "c@d", "", "urn:x", "y", "<message/>"].join("\u{1f}");
        let stanza = Stanza::new(head, text);
        assert_eq!((stanza.from(), stanza.to(), stanza.id()), ("a@b", "c@d", ""));
        assert_eq!((stanza.payload_ns(), stanza.payload_name()), ("urn:x", "y"));
        assert!(stanza.has_child_ns("urn:x"));
        assert_eq!(stanza.xml(), "<message/>");
        assert!(stanza.has(facts::TO_LOCAL) && !stanza.has(facts::FROM_LOCAL));
    }
}
