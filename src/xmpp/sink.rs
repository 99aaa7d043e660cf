//! Where XML is written: bytes only, or bytes together with the tape of the strict pass.

use std::ops::Range;

use crate::document::Document;
use crate::escape;
use crate::tape::AttrRecord;

/// Takes elements part by part. A start tag is begun with [`Sink::open`], gets its attributes and ends with
/// [`Sink::opened`] or [`Sink::empty`]; an opened element must be closed.
pub(crate) trait Sink {
    /// `<name`.
    fn open(&mut self, name: &str);
    /// ` name='value'`, escaped. Namespace declarations are attributes too.
    fn attribute(&mut self, name: &str, value: &str);
    /// An attribute of another document, verbatim.
    fn raw_attribute(&mut self, source: &str, record: &AttrRecord);
    /// `>`.
    fn opened(&mut self);
    /// `/>`.
    fn empty(&mut self);
    /// Character data, escaped.
    fn text(&mut self, text: &str);
    /// The content at `bytes` of a document: whole children of its root (the elements `nodes`) and text
    /// between them. What they inherit from the root must be in force here too.
    fn content(&mut self, document: &Document, nodes: Range<u32>, bytes: Range<u32>);
    /// `</name>`.
    fn close(&mut self, name: &str);
    /// An end tag of another document, verbatim.
    fn raw_close(&mut self, tag: &str);
}

/// Takes text and records nothing else.
pub(crate) trait Out {
    fn push_str(&mut self, text: &str);
}

impl Out for Vec<u8> {
    fn push_str(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }
}

impl Out for String {
    fn push_str(&mut self, text: &str) {
        self.push_str(text);
    }
}

impl<O: Out> Sink for O {
    fn open(&mut self, name: &str) {
        self.push_str("<");
        self.push_str(name);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.push_str(" ");
        self.push_str(name);
        self.push_str("='");
        escape::write_attribute(self, value);
        self.push_str("'");
    }

    fn raw_attribute(&mut self, source: &str, record: &AttrRecord) {
        self.push_str(" ");
        self.push_str(record.raw(source));
    }

    fn opened(&mut self) {
        self.push_str(">");
    }

    fn empty(&mut self) {
        self.push_str("/>");
    }

    fn text(&mut self, text: &str) {
        escape::write_text(self, text);
    }

    fn content(&mut self, document: &Document, _: Range<u32>, bytes: Range<u32>) {
        let bytes = bytes.start as usize..bytes.end as usize;
        self.push_str(document.as_str().get(bytes).unwrap_or_default());
    }

    fn close(&mut self, name: &str) {
        self.push_str("</");
        self.push_str(name);
        self.push_str(">");
    }

    fn raw_close(&mut self, tag: &str) {
        self.push_str(tag);
    }
}
