//! A stanza as a hook sees it.

use crate::call;
use crate::{Kind, Subtype};

use crate::bindings::castling::plugin::types::Head;

/// The stanza of the call in progress. What is in its head is free; the rest is requested from the host.
pub struct Stanza {
    head: Head,
    text: String,
}

impl Stanza {
    pub(crate) fn new(head: Head, text: String) -> Self {
        Self { head, text }
    }

    fn part(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Message, presence or IQ.
    pub fn kind(&self) -> Kind {
        self.head.kind
    }

    /// Its `type`; `None` if the attribute is absent (a message is then `normal`, presence is available).
    pub fn subtype(&self) -> Subtype {
        self.head.subtype
    }

    /// Whether it has this trait; see [`traits`].
    pub fn has(&self, bit: u32) -> bool {
        self.head.traits & bit != 0
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
        self.head.fingerprint
    }

    /// The sender's JID; empty if absent.
    pub fn from(&self) -> &str {
        self.part(0, self.head.from_end)
    }

    /// The recipient's JID; empty if absent.
    pub fn to(&self) -> &str {
        self.part(self.head.from_end, self.head.to_end)
    }

    /// The id; empty if absent.
    pub fn id(&self) -> &str {
        self.part(self.head.to_end, self.head.id_end)
    }

    /// The namespace of the first child element; empty if there is none.
    pub fn payload_ns(&self) -> &str {
        self.part(self.head.id_end, self.head.ns_end)
    }

    /// The name of the first child element; empty if there is none.
    pub fn payload_name(&self) -> &str {
        self.part(self.head.ns_end, self.head.name_end)
    }

    /// Whether there is a child element in this namespace. The host is called only if the first child is in
    /// another.
    pub fn has_child_ns(&self, ns: &str) -> bool {
        self.payload_ns() == ns || (!self.payload_name().is_empty() && call::has_child_ns(ns))
    }

    /// The stanza's XML: from the call if the manifest says `want = "xml"`, else requested from the host.
    pub fn xml(&self) -> String {
        match self.text.get(self.head.name_end as usize..) {
            Some(xml) if !xml.is_empty() => xml.to_owned(),
            _ => call::xml(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_lie_one_after_the_other() {
        let head = Head {
            kind: Kind::Message,
            subtype: Subtype::Chat,
            traits: 5,
            session: 7,
            domain: 1,
            fingerprint: 9,
            from_end: 3,
            to_end: 6,
            id_end: 6,
            ns_end: 11,
            name_end: 12,
        };
        let stanza = Stanza::new(head, "a@bc@durn:xy<message/>".to_owned());
        assert_eq!((stanza.from(), stanza.to(), stanza.id()), ("a@b", "c@d", ""));
        assert_eq!((stanza.payload_ns(), stanza.payload_name()), ("urn:x", "y"));
        assert!(stanza.has_child_ns("urn:x"));
        assert_eq!(stanza.xml(), "<message/>");
        assert!(stanza.has(4) && !stanza.has(2));
    }
}
