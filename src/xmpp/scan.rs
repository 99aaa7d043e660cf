//! The single strict pass over an element: quick-xml finds the tokens, everything it accepts and XML does not
//! is refused here, and the result is a table of offsets.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::attributes::{RawAttribute, RawAttributes, check_reference};
use crate::chars;
use crate::error::{StreamCondition, StreamError};
use crate::limits::ElementLimits;
use crate::refusal::{malformed, restricted, too_large, violation};
use crate::scope::Namespace;
use crate::tape::{AttrRecord, DECLARATION, NO_NS, NodeRecord, Outer, Tape};
use crate::work::{Work, split_name};

/// Validates `source`, which must be exactly one element.
pub(crate) fn scan(
    source: &str,
    inherited_ns: &str,
    outer: &[Outer],
    limits: &ElementLimits,
) -> Result<Tape, StreamError> {
    if source.len() > limits.stanza_bytes.min(u32::MAX as usize) {
        return Err(too_large(limits.stanza_bytes));
    }
    if !source.starts_with('<') {
        return Err(malformed("text is not allowed outside an element"));
    }
    if !chars::all_chars(source) {
        return Err(malformed("character that is not allowed in XML"));
    }
    let mut scan = Scan { source, outer, limits, work: Work::take(inherited_ns), borrowed: Vec::new() };
    let result = scan.run();
    let tape = scan.work.finish(scan.borrowed);
    result.map(|()| tape)
}

struct Scan<'a> {
    source: &'a str,
    outer: &'a [Outer],
    limits: &'a ElementLimits,
    work: Work,
    borrowed: Vec<usize>,
}

impl<'a> Scan<'a> {
    fn run(&mut self) -> Result<(), StreamError> {
        let mut reader = Reader::from_str(self.source);
        let mut start = 0;
        loop {
            let event = reader.read_event().map_err(|error| malformed(&error.to_string()))?;
            let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            match event {
                Event::Start(tag) => self.start_tag(start, start + 1 + tag.name().0.len(), end - 1, end)?,
                Event::Empty(tag) => {
                    self.start_tag(start, start + 1 + tag.name().0.len(), end - 2, end)?;
                    self.work.leave(end, end);
                }
                Event::End(_) => self.work.leave(start, end),
                Event::Text(text) => self.text(&text)?,
                Event::GeneralRef(reference) => {
                    check_reference(&reference)?;
                    self.inside()?;
                }
                Event::CData(_) => self.inside()?,
                Event::Comment(_) | Event::DocType(_) | Event::PI(_) | Event::Decl(_) => {
                    return Err(restricted());
                }
                Event::Eof => break,
            }
            start = end;
        }
        if self.work.open.is_empty() && !self.work.nodes.is_empty() {
            Ok(())
        } else {
            Err(malformed("missing end tag"))
        }
    }

    fn inside(&self) -> Result<(), StreamError> {
        if self.work.open.is_empty() {
            Err(malformed("text is not allowed outside an element"))
        } else {
            Ok(())
        }
    }

    fn text(&self, text: &str) -> Result<(), StreamError> {
        self.inside()?;
        let bytes = text.as_bytes();
        // `>` is rare in text, so that checking what precedes each is cheaper than a search for all three
        // characters.
        let ends = memchr::memchr_iter(b'>', bytes).any(|at| at >= 2 && bytes.get(at - 2..at) == Some(b"]]"));
        if ends { Err(malformed("`]]>` is not allowed in text")) } else { Ok(()) }
    }

    /// `<name attributes>`: from `start` to `end`; the name ends at `name_end`, the attributes at
    /// `attrs_end`.
    fn start_tag(
        &mut self,
        start: usize,
        name_end: usize,
        attrs_end: usize,
        end: usize,
    ) -> Result<(), StreamError> {
        if self.work.open.is_empty() && !self.work.nodes.is_empty() {
            return Err(malformed("only one element is allowed"));
        }
        if self.work.open.len() >= self.limits.depth {
            return Err(violation("elements are nested too deeply"));
        }
        if self.work.nodes.len() >= self.limits.elements {
            return Err(violation("too many elements"));
        }
        let source = self.source;
        let (prefix, name) = split_name(source.get(start + 1..name_end).unwrap_or_default())?;
        let first = self.work.attrs.len();
        let mark = self.work.scope.mark();
        self.attributes(source.get(name_end..attrs_end).unwrap_or_default(), name_end)?;
        let ns = self.resolve(prefix)?;
        let node = NodeRecord {
            start: start as u32,
            inner_start: end as u32,
            inner_end: end as u32,
            end: end as u32,
            next: self.work.nodes.len() as u32 + 1,
            attrs: first as u32,
            attr_count: (self.work.attrs.len() - first) as u16,
            prefix_len: prefix.len() as u16,
            name_len: name.len() as u16,
            ns,
        };
        self.work.enter(node, mark);
        Ok(())
    }

    /// Parses the attributes in `text`, which begins at `base`: declarations first, then names are resolved.
    fn attributes(&mut self, text: &'a str, base: usize) -> Result<(), StreamError> {
        let first = self.work.attrs.len();
        let mut raw = RawAttributes::new(text);
        while let Some(attribute) = raw.read()? {
            if self.work.attrs.len() - first >= self.limits.attributes.min(usize::from(u16::MAX)) {
                return Err(violation("too many attributes"));
            }
            self.attribute(&attribute, base)?;
        }
        for index in first..self.work.attrs.len() {
            self.resolve_attribute(index)?;
        }
        self.work.duplicates(self.source, first)
    }

    fn attribute(&mut self, attribute: &RawAttribute<'a>, base: usize) -> Result<(), StreamError> {
        let (prefix, name) = split_name(attribute.name)?;
        let mut record = AttrRecord {
            start: (base + attribute.name_at) as u32,
            value_start: (base + attribute.value_at) as u32,
            value_end: (base + attribute.value_at + attribute.value.len()) as u32,
            prefix_len: prefix.len() as u16,
            name_len: name.len() as u16,
            ns: NO_NS,
        };
        if prefix == "xmlns" || attribute.name == "xmlns" {
            record.ns = DECLARATION;
            self.work.declare(self.source, &record, self.limits)?;
        }
        self.work.attrs.push(record);
        Ok(())
    }

    fn resolve_attribute(&mut self, index: usize) -> Result<(), StreamError> {
        let source = self.source;
        let Some(record) = self.work.attrs.get(index) else { return Ok(()) };
        if record.ns == DECLARATION || record.prefix_len == 0 {
            return Ok(());
        }
        let start = record.start as usize;
        let prefix = source.get(start..start + usize::from(record.prefix_len)).unwrap_or_default();
        let ns = self.resolve(prefix)?;
        if let Some(record) = self.work.attrs.get_mut(index) {
            record.ns = ns;
        }
        Ok(())
    }

    fn resolve(&mut self, prefix: &str) -> Result<u16, StreamError> {
        if let Some(index) = self.work.resolve(self.source, prefix) {
            return Ok(index);
        }
        let outer = self.outer;
        let Some(at) = outer.iter().position(|(declared, _)| **declared == *prefix) else {
            return Err(
                StreamError::new(StreamCondition::BadNamespacePrefix).text("undeclared namespace prefix")
            );
        };
        if !self.borrowed.contains(&at) {
            self.borrowed.push(at);
        }
        let name = outer.get(at).map_or("", |(_, name)| name);
        Ok(self.work.scope.intern(self.source, name, || Namespace::detached(name)))
    }
}
