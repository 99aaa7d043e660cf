//! Composes a document: its tape is recorded as it is written, so that the server's own output is not parsed.

use std::ops::Range;

use crate::document::Document;
use crate::error::StreamError;
use crate::limits::ElementLimits;
use crate::ns;
use crate::refusal::malformed;
use crate::scope::Namespace;
use crate::sink::Sink;
use crate::tape::{AttrRecord, DECLARATION, NO_NS, NodeRecord, Tape, slice};
use crate::work::{Work, split_name};

/// An element being composed, which inherits `jabber:client`.
pub(crate) struct Recorder {
    text: String,
    work: Work,
    /// Whether it has an invalid name, an undeclared prefix or a duplicate attribute.
    malformed: bool,
}

impl Recorder {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { text: String::with_capacity(capacity), work: Work::take(ns::CLIENT), malformed: false }
    }

    /// Begins with a copy of the start tag of a document's root: its attributes do not move.
    pub(crate) fn reopen(document: &Document, capacity: usize) -> Self {
        let mut recorder = Self::new(capacity);
        let root = document.root();
        let record = root.record();
        let end = if record.is_empty() { record.end - 2 } else { record.inner_start - 1 };
        recorder.copy(document, 0..1, 0..end);
        // The copied node is incomplete.
        let Some(mut node) = recorder.work.nodes.pop() else { return recorder };
        let mark = recorder.work.scope.mark();
        for declaration in root.records().iter().filter(|record| record.ns == DECLARATION) {
            recorder.declare(declaration);
        }
        node.inner_start = end + 1;
        recorder.work.enter(node, mark);
        recorder.text.push('>');
        recorder
    }

    /// The document. An error if it exceeds [`ElementLimits::OWN`], or has an invalid name, an undeclared prefix or
    /// a duplicate attribute.
    pub(crate) fn finish(self) -> Result<Document, StreamError> {
        let limits = &ElementLimits::OWN;
        let fits = self.text.len() <= limits.stanza_bytes
            && self.work.nodes.len() <= limits.elements
            && self.work.scope.namespaces() <= limits.namespaces
            && self.work.depth as usize <= limits.depth;
        if fits && !self.malformed {
            return Ok(self.into_document());
        }
        // To give the lists back.
        let _ = self.work.finish(Vec::new());
        match self.malformed {
            true => Err(malformed("element is not well-formed XML")),
            // The depth is an upper bound: the strict pass finds the exact one.
            false => Document::own(self.text),
        }
    }

    /// The document, if its names are known to be valid and its size to be within the limits.
    pub(crate) fn into_document(self) -> Document {
        Document::composed(self.text, self.work.finish(Vec::new()), ns::CLIENT)
    }

    fn declare(&mut self, record: &AttrRecord) {
        self.malformed |= self.work.declare(&self.text, record, &ElementLimits::OWN).is_err();
    }

    /// Records an attribute whose name begins at `start` and whose value is at `value`.
    fn record(&mut self, name: &str, start: usize, value: Range<usize>) {
        let Ok((prefix, local)) = split_name(name) else {
            self.malformed = true;
            return;
        };
        let declaration = prefix == "xmlns" || name == "xmlns";
        let record = AttrRecord {
            start: start as u32,
            value_start: value.start as u32,
            value_end: value.end as u32,
            prefix_len: prefix.len() as u16,
            name_len: local.len() as u16,
            ns: if declaration { DECLARATION } else { NO_NS },
        };
        if declaration {
            self.declare(&record);
        }
        self.work.attrs.push(record);
    }

    /// Resolves the prefixes of the start tag, once all its declarations are known.
    fn resolve(&mut self) {
        let Some(&(index, _)) = self.work.open.last() else { return };
        let Some(mut node) = self.work.nodes.get(index as usize).copied() else { return };
        let (first, end) = (node.attrs as usize, self.work.attrs.len());
        for index in first..end {
            let Some(&record) = self.work.attrs.get(index) else { continue };
            if record.ns == DECLARATION || record.prefix_len == 0 {
                continue;
            }
            let ns = self.namespace(record.start, record.prefix_len);
            if let Some(record) = self.work.attrs.get_mut(index) {
                record.ns = ns;
            }
        }
        self.malformed |= end - first > ElementLimits::OWN.attributes;
        self.malformed |= self.work.duplicates(&self.text, first).is_err();
        node.attr_count = (end - first) as u16;
        node.ns = self.namespace(node.start + 1, node.prefix_len);
        node.inner_start = self.text.len() as u32;
        if let Some(record) = self.work.nodes.get_mut(index as usize) {
            *record = node;
        }
    }

    fn namespace(&mut self, start: u32, prefix_len: u16) -> u16 {
        let start = start as usize;
        let prefix = slice(&self.text, start, start + usize::from(prefix_len));
        let found = self.work.resolve(&self.text, prefix);
        self.malformed |= found.is_none();
        found.unwrap_or(0)
    }

    /// Copies bytes of a document and the elements in them. Overflowing sums are detected by
    /// [`Recorder::finish`], since there are then too many bytes.
    fn copy(&mut self, document: &Document, nodes: Range<u32>, bytes: Range<u32>) {
        let (tape, source) = (document.tape(), document.as_str());
        let by = (self.text.len() as u32).wrapping_sub(bytes.start);
        let part = bytes.start as usize..bytes.end as usize;
        self.text.push_str(source.get(part).unwrap_or_default());
        self.work.copied.clear();
        self.work.copied.resize(tape.namespaces.len(), NO_NS);
        let (first, end) = (nodes.start as usize, nodes.end as usize);
        let attrs = tape.attrs_of(first, end);
        let copied = Copied { tape, source, bytes, by };
        let from = tape.nodes.get(first).map_or(0, |node| node.attrs);
        let attrs_by = (self.work.attrs.len() as u32).wrapping_sub(from);
        let nodes_by = (self.work.nodes.len() as u32).wrapping_sub(nodes.start);
        for record in tape.nodes.get(first..end).unwrap_or_default() {
            let ns = copied.namespace(&mut self.work, &self.text, record.ns);
            self.work.nodes.push(NodeRecord {
                start: record.start.wrapping_add(by),
                inner_start: record.inner_start.wrapping_add(by),
                inner_end: record.inner_end.wrapping_add(by),
                end: record.end.wrapping_add(by),
                next: record.next.wrapping_add(nodes_by),
                attrs: record.attrs.wrapping_add(attrs_by),
                ns,
                ..*record
            });
        }
        for record in attrs {
            let ns = copied.namespace(&mut self.work, &self.text, record.ns);
            self.work.attrs.push(AttrRecord { ns, ..record.moved(by) });
        }
    }
}

/// A part of a document being copied into another.
struct Copied<'a> {
    tape: &'a Tape,
    source: &'a str,
    bytes: Range<u32>,
    /// How many bytes it moves.
    by: u32,
}

impl Copied<'_> {
    /// Translates a namespace index of the document into one of the destination.
    fn namespace(&self, work: &mut Work, written: &str, index: u16) -> u16 {
        match work.copied.get(usize::from(index)) {
            // No namespace, or a declaration.
            None => return index,
            Some(&known) if known != NO_NS => return known,
            Some(_) => {}
        }
        let Some(namespace) = self.tape.namespaces.get(usize::from(index)) else { return index };
        let name = namespace.as_str(self.source);
        let new = || match namespace {
            Namespace::Known(name) => Namespace::Known(name),
            Namespace::Source(start, end) if self.bytes.start <= *start && *end <= self.bytes.end => {
                Namespace::Source(start.wrapping_add(self.by), end.wrapping_add(self.by))
            }
            Namespace::Source(..) | Namespace::Owned(_) => Namespace::detached(name),
        };
        let new = work.scope.intern(written, name, new);
        if let Some(known) = work.copied.get_mut(usize::from(index)) {
            *known = new;
        }
        new
    }
}

impl Sink for Recorder {
    fn open(&mut self, name: &str) {
        let start = self.text.len() as u32;
        let (prefix, local) = split_name(name).unwrap_or_else(|_| {
            self.malformed = true;
            ("", "")
        });
        let node = NodeRecord {
            start,
            inner_start: start,
            inner_end: start,
            end: start,
            next: self.work.nodes.len() as u32 + 1,
            attrs: self.work.attrs.len() as u32,
            attr_count: 0,
            prefix_len: prefix.len() as u16,
            name_len: local.len() as u16,
            ns: 0,
        };
        self.work.enter(node, self.work.scope.mark());
        self.text.open(name);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let start = self.text.len() + 1;
        self.text.attribute(name, value);
        let value = start + name.len() + 2..self.text.len() - 1;
        self.record(name, start, value);
    }

    fn raw_attribute(&mut self, source: &str, record: &AttrRecord) {
        let by = (self.text.len() as u32 + 1).wrapping_sub(record.start);
        self.text.raw_attribute(source, record);
        let mut record = record.moved(by);
        if record.ns == DECLARATION {
            self.declare(&record);
        } else {
            record.ns = NO_NS;
        }
        self.work.attrs.push(record);
    }

    fn opened(&mut self) {
        self.text.opened();
        self.resolve();
    }

    fn empty(&mut self) {
        self.text.empty();
        self.resolve();
        let end = self.text.len();
        self.work.leave(end, end);
    }

    fn text(&mut self, text: &str) {
        self.text.text(text);
    }

    fn content(&mut self, document: &Document, nodes: Range<u32>, bytes: Range<u32>) {
        if !nodes.is_empty() {
            // The root, at depth 1, is not among them.
            let depth = self.work.open.len() as u32 + document.tape().depth.saturating_sub(1);
            self.work.depth = self.work.depth.max(depth);
        }
        self.copy(document, nodes, bytes);
    }

    fn close(&mut self, name: &str) {
        let start = self.text.len();
        self.text.close(name);
        self.work.leave(start, self.text.len());
    }

    fn raw_close(&mut self, tag: &str) {
        let start = self.text.len();
        self.text.raw_close(tag);
        self.work.leave(start, self.text.len());
    }
}
