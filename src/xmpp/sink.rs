//! Where XML is written to: bytes alone, or bytes together with what the strict pass would find in them.

use std::ops::Range;

use crate::document::Document;
use crate::escape;
use crate::tape::AttrRecord;

/// Takes elements part by part. A start tag is begun with [`Sink::open`], gets its attributes and ends with
/// [`Sink::opened`] or [`Sink::empty`]; what has been opened is closed.
pub(crate) trait Sink {
    /// `<name`.
    fn open(&mut self, name: &str);
    /// ` name='value'`, escaped. Declarations of namespaces are attributes too.
    fn attribute(&mut self, name: &str, value: &str);
    /// An attribute of another document, as it stands there.
    fn raw_attribute(&mut self, source: &str, record: &AttrRecord);
    /// `>`.
    fn opened(&mut self);
    /// `/>`.
    fn empty(&mut self);
    /// Character data, escaped.
    fn text(&mut self, text: &str);
    /// What stands at `bytes` of a document, which are whole children of its root and text between them: the elements
    /// `nodes`. What they inherit from the root must be in force here too.
    fn content(&mut self, document: &Document, nodes: Range<u32>, bytes: Range<u32>);
    /// `</name>`.
    fn close(&mut self, name: &str);
    /// An end tag of another document, as it stands there.
    fn raw_close(&mut self, tag: &str);
}

/// Takes text and keeps nothing beside it.
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
