//! The start tag of a stanza: written for each, or once for all that differ only in `to`.

use std::sync::OnceLock;

use crate::ns;
use crate::sink::Sink;
use crate::stanza::Stanza;
use crate::stanza_write::Framing;
use crate::tape::{AttrRecord, DECLARATION};

/// The start tags shared by the clones of a stanza with many recipients, each written on first use.
#[derive(Debug, Default)]
pub(crate) struct SharedTag {
    inherit: OnceLock<Tag>,
    declare: OnceLock<Tag>,
}

/// A start tag without `to` and without its end.
#[derive(Debug)]
struct Tag {
    bytes: Box<[u8]>,
    /// The offset at which `to` is inserted.
    to: usize,
}

impl Stanza {
    /// The same with a start tag that is written once per framing for it and its clones, whatever their `to`:
    /// for a stanza with many recipients. A clone that gets another `from` or language no longer shares it.
    pub fn shared(mut self) -> Stanza {
        self.tag.get_or_insert_default();
        self
    }

    /// Writes the start tag without its end.
    pub(crate) fn write_tag(&self, out: &mut Vec<u8>, framing: Framing) {
        let Some(shared) = &self.tag else { return self.tag_to(out, framing) };
        let tag = match framing {
            Framing::Inherit => &shared.inherit,
            Framing::Declare => &shared.declare,
        };
        let tag = tag.get_or_init(|| {
            let mut bytes = Vec::with_capacity(128);
            self.before_to(&mut bytes, framing);
            let to = bytes.len();
            self.after_to(&mut bytes);
            Tag { bytes: bytes.into(), to }
        });
        let (before, after) = tag.bytes.split_at_checked(tag.to).unwrap_or_default();
        out.extend_from_slice(before);
        self.to_only(out);
        out.extend_from_slice(after);
    }

    /// Writes the start tag without its end to any sink.
    pub(crate) fn tag_to(&self, sink: &mut impl Sink, framing: Framing) {
        self.before_to(sink, framing);
        self.to_only(sink);
        self.after_to(sink);
    }

    fn before_to(&self, sink: &mut impl Sink, framing: Framing) {
        sink.open(self.kind().as_str());
        if framing == Framing::Declare {
            sink.attribute("xmlns", ns::CLIENT);
        }
        if let Some(from) = &self.from {
            sink.attribute("from", from.as_str());
        }
    }

    fn to_only(&self, sink: &mut impl Sink) {
        if let Some(to) = &self.to {
            sink.attribute("to", to.as_str());
        }
    }

    fn after_to(&self, sink: &mut impl Sink) {
        if let Some(lang) = &self.default_lang {
            sink.attribute("xml:lang", lang);
        }
        let source = self.root().source();
        for record in self.kept() {
            sink.raw_attribute(source, record);
        }
    }

    /// The start tag's attributes that are written verbatim.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &AttrRecord> {
        let source = self.root().source();
        self.root().records().iter().filter(move |record| {
            let name = record.full_name(source);
            !(name == "from" || name == "to" || name == "xmlns" && record.ns == DECLARATION)
        })
    }
}
