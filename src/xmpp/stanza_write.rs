//! Serialization of stanzas: a new start tag and the received bytes.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, LazyLock};

use crate::jid::Jid;
use crate::sink::Sink;
use crate::stanza::Stanza;

/// Whether `jabber:client` is in force where a stanza is written.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Framing {
    /// The stream has declared it (TCP).
    Inherit,
    /// Each stanza declares it (WebSocket, BOSH).
    Declare,
}

impl Stanza {
    /// Appends the stanza's XML. Only the start tag is written anew.
    pub fn write(&self, out: &mut Vec<u8>, framing: Framing) {
        out.reserve(self.size() + 32);
        self.write_tag(out, framing);
        out.extend_from_slice(self.rest().as_bytes());
    }

    /// Writes the stanza into an enclosing element.
    pub(crate) fn write_to(&self, sink: &mut impl Sink, framing: Framing) {
        self.tag_to(sink, framing);
        let record = self.root().record();
        if record.is_empty() {
            return sink.empty();
        }
        sink.opened();
        sink.content(&self.body.document, 1..record.next, record.inner_start..record.inner_end);
        let tag = record.inner_end as usize..record.end as usize;
        sink.raw_close(self.root().source().get(tag).unwrap_or_default());
    }

    /// What follows the attributes: `/>`, or `>` and everything up to the end.
    fn rest(&self) -> &str {
        let record = self.root().record();
        let start = if record.is_empty() { record.end - 2 } else { record.inner_start - 1 };
        self.root().source().get(start as usize..).unwrap_or_default()
    }

    /// The stanza's XML.
    pub fn to_bytes(&self, framing: Framing) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out, framing);
        out
    }

    /// The approximate size of the stanza in bytes, on the wire and in memory.
    pub fn size(&self) -> usize {
        let jid = |jid: &Option<Jid>| jid.as_ref().map_or(0, |jid| jid.as_str().len() + 8);
        self.body.document.len() + jid(&self.from) + jid(&self.to)
    }

    /// A hash of everything except the id; stable only within one run of the program, and with a key of that run: whoever sees it
    /// cannot guess what was hashed.
    pub fn fingerprint(&self) -> u64 {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        let mut hasher = KEY.build_hasher();
        let mut envelope: Vec<u8> = Vec::with_capacity(128);
        envelope.extend_from_slice(self.kind().as_str().as_bytes());
        for (name, jid) in [("from", &self.from), ("to", &self.to)] {
            if let Some(jid) = jid {
                envelope.attribute(name, jid.as_str());
            }
        }
        if let Some(lang) = &self.default_lang {
            envelope.attribute("xml:lang", lang);
        }
        hasher.write(&envelope);
        let source = self.root().source();
        for record in self.kept().filter(|record| record.full_name(source) != "id") {
            hasher.write(record.raw(source).as_bytes());
        }
        hasher.write(self.rest().as_bytes());
        hasher.finish()
    }
}

impl PartialEq for Stanza {
    /// Whether both are written as the same bytes.
    fn eq(&self, other: &Self) -> bool {
        let same = Arc::ptr_eq(&self.body, &other.body) || self.rest() == other.rest();
        let tag = |stanza: &Self| {
            let mut tag: Vec<u8> = Vec::with_capacity(128);
            stanza.tag_to(&mut tag, Framing::Inherit);
            tag
        };
        same && tag(self) == tag(other)
    }
}

impl Eq for Stanza {}

impl fmt::Display for Stanza {
    /// The XML, for tests; it contains users' messages and must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes(Framing::Inherit)))
    }
}
