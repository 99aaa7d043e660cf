//! Stanzas on their way out: a new start tag and the bytes that came in.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use crate::element::Element;
use crate::escape;
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Stanza, own};
use crate::tape::{AttrRecord, DECLARATION};

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
        out.push(b'<');
        out.extend_from_slice(self.kind().as_str().as_bytes());
        if framing == Framing::Declare {
            pair(out, "xmlns", ns::CLIENT);
        }
        self.write_envelope(out);
        for record in self.kept() {
            out.push(b' ');
            out.extend_from_slice(record.raw(self.root().source()));
        }
        out.extend_from_slice(self.rest());
    }

    fn write_envelope(&self, out: &mut Vec<u8>) {
        for (name, jid) in [("from", &self.from), ("to", &self.to)] {
            if let Some(jid) = jid {
                pair(out, name, jid.as_str());
            }
        }
        if let Some(lang) = &self.default_lang {
            pair(out, "xml:lang", lang);
        }
    }

    /// The start tag's attributes that are written as they came.
    fn kept(&self) -> impl Iterator<Item = &AttrRecord> {
        let source = self.root().source();
        self.root().records().iter().filter(move |record| {
            let name = record.full_name(source);
            !(name == "from" || name == "to" || name == "xmlns" && record.ns == DECLARATION)
        })
    }

    /// What follows the attributes: `/>`, or `>` and everything up to the end.
    fn rest(&self) -> &[u8] {
        let record = self.root().record();
        let start = if record.inner_start == record.end { record.end - 2 } else { record.inner_start - 1 };
        self.root().source().get(start as usize..).unwrap_or_default()
    }

    /// The stanza's XML where `jabber:client` is inherited.
    pub fn to_bytes(&self, framing: Framing) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out, framing);
        out
    }

    /// About how many bytes the stanza has on the wire and in memory.
    pub fn size(&self) -> usize {
        let jid = |jid: &Option<Jid>| jid.as_ref().map_or(0, |jid| jid.as_str().len() + 8);
        self.body.document.len() + jid(&self.from) + jid(&self.to)
    }

    /// A hash of everything but the id, the same for the same stanza as long as the program is.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let mut envelope = Vec::with_capacity(128);
        envelope.extend_from_slice(self.kind().as_str().as_bytes());
        self.write_envelope(&mut envelope);
        hasher.write(&envelope);
        let source = self.root().source();
        for record in self.kept().filter(|record| record.full_name(source) != "id") {
            hasher.write(record.raw(source));
        }
        hasher.write(self.rest());
        hasher.finish()
    }

    /// A copy with one child more at the end.
    pub fn append(&self, child: &Element) -> Stanza {
        let record = self.root().record();
        let source = self.root().source();
        let mut xml = Vec::with_capacity(source.len() + 256);
        if record.inner_start == record.end {
            xml.extend_from_slice(source.get(..record.end as usize - 2).unwrap_or_default());
            xml.push(b'>');
            child.write(&mut xml, ns::CLIENT);
            xml.extend_from_slice(format!("</{}>", self.kind().as_str()).as_bytes());
        } else {
            let (before, end) = source.split_at_checked(record.inner_end as usize).unwrap_or_default();
            xml.extend_from_slice(before);
            child.write(&mut xml, ns::CLIENT);
            xml.extend_from_slice(end);
        }
        // What stands in the start tag has not moved.
        Stanza { body: Arc::new(self.body.with_document(own(xml))), ..self.clone() }
    }
}

/// Appends ` name='value'`.
pub(crate) fn pair(out: &mut Vec<u8>, name: &str, value: &str) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"='");
    escape::write_attribute(out, value);
    out.push(b'\'');
}

impl fmt::Display for Stanza {
    /// The XML, for tests; it holds what people write to each other and belongs in no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes(Framing::Inherit)))
    }
}
