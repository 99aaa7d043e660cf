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
    fn raw_attribute(&mut self, source: &[u8], record: &AttrRecord);
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
    fn raw_close(&mut self, tag: &[u8]);
}

impl Sink for Vec<u8> {
    fn open(&mut self, name: &str) {
        self.push(b'<');
        self.extend_from_slice(name.as_bytes());
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.push(b' ');
        self.extend_from_slice(name.as_bytes());
        self.extend_from_slice(b"='");
        escape::write_attribute(self, value);
        self.push(b'\'');
    }

    fn raw_attribute(&mut self, source: &[u8], record: &AttrRecord) {
        self.push(b' ');
        self.extend_from_slice(record.raw(source));
    }

    fn opened(&mut self) {
        self.push(b'>');
    }

    fn empty(&mut self) {
        self.extend_from_slice(b"/>");
    }

    fn text(&mut self, text: &str) {
        escape::write_text(self, text);
    }

    fn content(&mut self, document: &Document, _: Range<u32>, bytes: Range<u32>) {
        let bytes = bytes.start as usize..bytes.end as usize;
        self.extend_from_slice(document.as_bytes().get(bytes).unwrap_or_default());
    }

    fn close(&mut self, name: &str) {
        self.extend_from_slice(b"</");
        self.extend_from_slice(name.as_bytes());
        self.push(b'>');
    }

    fn raw_close(&mut self, tag: &[u8]) {
        self.extend_from_slice(tag);
    }
}
