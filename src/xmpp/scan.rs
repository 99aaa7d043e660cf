//! The one strict pass over an element: quick-xml finds the tokens, everything it lets pass and XML does not
//! is refused here, and what remains is a table of offsets.

use std::cell::Cell;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::attributes::{RawAttribute, RawAttributes, check_reference};
use crate::chars;
use crate::error::{StreamCondition, StreamError};
use crate::escape;
use crate::limits::Limits;
use crate::ns;
use crate::refusal::{malformed, restricted, violation};
use crate::scope::{Namespace, Scope};
use crate::tape::{AttrRecord, DECLARATION, NO_NS, NodeRecord, Outer, Tape};

/// Longest name with its prefix, in bytes.
const MAX_NAME: usize = 1024;
/// Most namespace names in one element; an index of them has 16 bits, and outer ones come on top.
const MAX_NAMESPACES: usize = 60_000;

/// Validates `source`, which must be exactly one element.
pub(crate) fn scan(
    source: &str,
    inherited_ns: &str,
    outer: &[Outer],
    limits: &Limits,
) -> Result<Tape, StreamError> {
    if source.len() > limits.stanza_bytes.min(u32::MAX as usize) {
        return Err(violation("too many bytes"));
    }
    if !source.starts_with('<') {
        return Err(malformed("text outside of an element"));
    }
    if !chars::all_chars(source) {
        return Err(malformed("a character that XML does not allow"));
    }
    let mut scan = Scan { source, outer, limits, work: WORK.take(), borrowed: Vec::new() };
    scan.work.scope.start(inherited_ns);
    let result = scan.run();
    let tape = Tape {
        nodes: scan.work.nodes.drain(..).collect(),
        attrs: scan.work.attrs.drain(..).collect(),
        namespaces: scan.work.scope.take_table(),
        borrowed: scan.borrowed,
    };
    scan.work.open.clear();
    WORK.set(scan.work);
    result.map(|()| tape)
}

thread_local! {
    /// The lists that grow while an element is read: kept, so that what remains of them is allocated once.
    static WORK: Cell<Work> = const { Cell::new(Work::new()) };
}

#[derive(Default)]
struct Work {
    scope: Scope,
    nodes: Vec<NodeRecord>,
    attrs: Vec<AttrRecord>,
    /// Elements that are open: index and what to leave the scope with.
    open: Vec<(u32, usize)>,
}

impl Work {
    const fn new() -> Self {
        Self { scope: Scope::new(), nodes: Vec::new(), attrs: Vec::new(), open: Vec::new() }
    }
}

struct Scan<'a> {
    source: &'a str,
    outer: &'a [Outer],
    limits: &'a Limits,
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
                    self.end_tag(end, end);
                }
                Event::End(_) => self.end_tag(start, end),
                Event::Text(text) => self.text(&text)?,
                Event::GeneralRef(reference) => {
                    check_reference(&reference)?;
                    self.inside()?;
                }
                Event::CData(_) => self.inside()?,
                Event::Comment(_) => return Err(restricted("a comment")),
                Event::DocType(_) => return Err(restricted("a document type declaration")),
                Event::PI(_) | Event::Decl(_) => return Err(restricted("a processing instruction")),
                Event::Eof => break,
            }
            start = end;
        }
        if self.work.open.is_empty() && !self.work.nodes.is_empty() {
            Ok(())
        } else {
            Err(malformed("an element without an end"))
        }
    }

    fn inside(&self) -> Result<(), StreamError> {
        if self.work.open.is_empty() { Err(malformed("text outside of an element")) } else { Ok(()) }
    }

    fn text(&self, text: &str) -> Result<(), StreamError> {
        self.inside()?;
        let bytes = text.as_bytes();
        // Rare in text, so that looking at what stands before each is cheaper than a search for all three.
        let ends = memchr::memchr_iter(b'>', bytes).any(|at| at >= 2 && bytes.get(at - 2..at) == Some(b"]]"));
        if ends { Err(malformed("`]]>` in text")) } else { Ok(()) }
    }

    /// `<name attributes>`: from `start` to `end`; the name ends at `name_end`, the attributes at `attrs_end`.
    fn start_tag(
        &mut self,
        start: usize,
        name_end: usize,
        attrs_end: usize,
        end: usize,
    ) -> Result<(), StreamError> {
        if self.work.open.is_empty() && !self.work.nodes.is_empty() {
            return Err(malformed("a second element"));
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
        let index = self.work.nodes.len() as u32;
        self.work.nodes.push(NodeRecord {
            start: start as u32,
            inner_start: end as u32,
            inner_end: end as u32,
            end: end as u32,
            next: index + 1,
            attrs: first as u32,
            attr_count: (self.work.attrs.len() - first) as u16,
            prefix_len: prefix.len() as u16,
            name_len: name.len() as u16,
            ns,
        });
        self.work.open.push((index, mark));
        Ok(())
    }

    fn end_tag(&mut self, start: usize, end: usize) {
        let next = self.work.nodes.len() as u32;
        let Some((index, mark)) = self.work.open.pop() else { return };
        self.work.scope.leave(mark);
        if let Some(node) = self.work.nodes.get_mut(index as usize) {
            (node.inner_end, node.end, node.next) = (start as u32, end as u32, next);
        }
    }

    /// Reads the attributes in `text`, which begins at `base`: declarations first, then names are resolved.
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
        self.duplicates(first)
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
            self.declare(if prefix.is_empty() { "" } else { name }, attribute, &record)?;
        }
        self.work.attrs.push(record);
        Ok(())
    }

    fn declare(
        &mut self,
        prefix: &str,
        raw: &RawAttribute<'a>,
        record: &AttrRecord,
    ) -> Result<(), StreamError> {
        let name = escape::attribute(raw.value);
        check_declaration(prefix, &name)?;
        if !name.chars().all(chars::is_namespace_char) {
            return Err(violation("a namespace name that is no URI"));
        }
        if self.work.scope.mark() > self.limits.namespaces {
            return Err(violation("too many prefixes"));
        }
        let as_written = name == raw.value;
        let new = || match as_written {
            true => Namespace::Source(record.value_start, record.value_end),
            false => Namespace::Owned(name.as_ref().into()),
        };
        let index = self.work.scope.intern(self.source.as_bytes(), &name, new);
        if self.work.scope.namespaces() > self.limits.namespaces.min(MAX_NAMESPACES) {
            return Err(violation("too many namespaces"));
        }
        let end = record.start + raw.name.len() as u32;
        self.work.scope.bind(end - prefix.len() as u32, end, index);
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
        if let Some(index) = self.work.scope.resolve(self.source.as_bytes(), prefix) {
            return Ok(index);
        }
        if prefix == "xml" {
            return Ok(self.work.scope.intern(self.source.as_bytes(), ns::XML, || Namespace::Known(ns::XML)));
        }
        let outer = self.outer;
        let Some(at) = outer.iter().position(|(declared, _)| **declared == *prefix) else {
            return Err(
                StreamError::new(StreamCondition::BadNamespacePrefix).text("a prefix that is not declared")
            );
        };
        if !self.borrowed.contains(&at) {
            self.borrowed.push(at);
        }
        let name = outer.get(at).map_or("", |(_, name)| name);
        Ok(self.work.scope.intern(self.source.as_bytes(), name, || Namespace::detached(name)))
    }

    /// No two attributes may have the same name, nor the same namespace and local name.
    fn duplicates(&self, first: usize) -> Result<(), StreamError> {
        let attrs = self.work.attrs.get(first..).unwrap_or_default();
        for (at, one) in attrs.iter().enumerate() {
            for other in attrs.iter().take(at) {
                // Lengths first: they nearly always differ.
                if one.name_len != other.name_len {
                    continue;
                }
                let same_name =
                    one.prefix_len == other.prefix_len && self.full_name(one) == self.full_name(other);
                let same_expanded = !cfg!(castling_planted_bug)
                    && one.ns < DECLARATION
                    && one.ns == other.ns
                    && self.local_name(one) == self.local_name(other);
                if same_name || same_expanded {
                    return Err(malformed("the same attribute twice"));
                }
            }
        }
        Ok(())
    }

    fn full_name(&self, attr: &AttrRecord) -> &'a str {
        attr.full_name(self.source.as_bytes())
    }

    fn local_name(&self, attr: &AttrRecord) -> &'a str {
        attr.local_name(self.source.as_bytes())
    }
}

/// Prefix (empty for none) and local name.
fn split_name(name: &str) -> Result<(&str, &str), StreamError> {
    if name.len() > MAX_NAME {
        return Err(violation("a name is too long"));
    }
    let colon =
        memchr::memchr(b':', name.as_bytes()).and_then(|at| Some((name.get(..at)?, name.get(at + 1..)?)));
    let (prefix, local) = match colon {
        Some((prefix, local)) => (Some(prefix), local),
        None => (None, name),
    };
    let all = |valid: fn(&str) -> bool| prefix.is_none_or(valid) && valid(local);
    if all(chars::is_ncname) {
        Ok((prefix.unwrap_or_default(), local))
    } else if all(chars::is_new_ncname) {
        Err(violation("a name that older parsers refuse"))
    } else {
        Err(malformed("a name that XML does not allow"))
    }
}

/// The constraints of Namespaces in XML §3 and §5.
fn check_declaration(prefix: &str, name: &str) -> Result<(), StreamError> {
    let right = match prefix {
        "xml" => name == ns::XML,
        "xmlns" => false,
        _ => name != ns::XML && name != ns::XMLNS && (prefix.is_empty() || !name.is_empty()),
    };
    if right { Ok(()) } else { Err(malformed("a namespace declaration that is not allowed")) }
}
