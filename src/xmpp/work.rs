//! The lists that grow while a tape is recorded, and the namespace rules shared by parsing and composing.

use std::cell::Cell;

use crate::chars;
use crate::error::StreamError;
use crate::escape;
use crate::limits::ElementLimits;
use crate::ns;
use crate::refusal::{malformed, violation};
use crate::scope::{Namespace, Scope};
use crate::tape::{AttrRecord, DECLARATION, NodeRecord, Tape};

/// Maximum length of a name with its prefix, in bytes.
const MAX_NAME: usize = 1024;
/// Maximum number of namespace names in one element; an index has 16 bits, and outer ones are added.
const MAX_NAMESPACES: usize = 60_000;

thread_local! {
    /// Reused, so that the resulting lists are allocated only once.
    static WORK: Cell<Work> = const { Cell::new(Work::new()) };
}

#[derive(Default)]
pub(crate) struct Work {
    pub(crate) scope: Scope,
    pub(crate) nodes: Vec<NodeRecord>,
    pub(crate) attrs: Vec<AttrRecord>,
    /// Open elements: index, and the mark with which to leave the scope.
    pub(crate) open: Vec<(u32, usize)>,
    /// The maximum number of elements open at once.
    pub(crate) depth: u32,
    /// The index here of each namespace of a document being copied; [`crate::tape::NO_NS`] if not yet known.
    pub(crate) copied: Vec<u16>,
}

impl Work {
    const fn new() -> Self {
        Self {
            scope: Scope::new(),
            nodes: Vec::new(),
            attrs: Vec::new(),
            open: Vec::new(),
            depth: 0,
            copied: Vec::new(),
        }
    }

    /// Empty lists for an element whose default namespace is `inherited_ns`.
    pub(crate) fn take(inherited_ns: &str) -> Self {
        let mut work = WORK.take();
        work.scope.start(inherited_ns);
        work.depth = 0;
        work
    }

    /// The tape from the lists, which are freed for reuse.
    pub(crate) fn finish(mut self, borrowed: Vec<usize>) -> Tape {
        let tape = Tape {
            nodes: self.nodes.drain(..).collect(),
            attrs: self.attrs.drain(..).collect(),
            namespaces: self.scope.take_table(),
            depth: self.depth,
            borrowed,
        };
        self.open.clear();
        WORK.set(self);
        tape
    }

    /// Enters an element whose attributes have been parsed.
    pub(crate) fn enter(&mut self, node: NodeRecord, mark: usize) {
        self.open.push((self.nodes.len() as u32, mark));
        self.depth = self.depth.max(self.open.len() as u32);
        self.nodes.push(node);
    }

    /// Leaves the innermost element, whose end tag extends from `start` to `end`.
    pub(crate) fn leave(&mut self, start: usize, end: usize) {
        let next = self.nodes.len() as u32;
        let Some((index, mark)) = self.open.pop() else { return };
        self.scope.leave(mark);
        if let Some(node) = self.nodes.get_mut(index as usize) {
            (node.inner_end, node.end, node.next) = (start as u32, end as u32, next);
        }
    }

    /// Puts the declaration `record` in force.
    pub(crate) fn declare(
        &mut self,
        source: &str,
        record: &AttrRecord,
        limits: &ElementLimits,
    ) -> Result<(), StreamError> {
        let prefix = record.declared(source);
        let raw = record.raw_value(source);
        let name = escape::attribute(raw);
        check_declaration(prefix, &name)?;
        if !name.chars().all(chars::is_namespace_char) {
            return Err(violation("namespace name is not a URI"));
        }
        if self.scope.mark() > limits.namespaces {
            return Err(violation("too many namespace prefixes"));
        }
        let as_written = name == raw;
        let new = || match as_written {
            true => Namespace::Source(record.value_start, record.value_end),
            false => Namespace::Owned(name.as_ref().into()),
        };
        let index = self.scope.intern(source, &name, new);
        if self.scope.namespaces() > limits.namespaces.min(MAX_NAMESPACES) {
            return Err(violation("too many namespaces"));
        }
        let end = record.start + record.full_name(source).len() as u32;
        self.scope.bind(end - prefix.len() as u32, end, index);
        Ok(())
    }

    /// Index of the namespace of `prefix` (empty: the default), if it is declared within the element.
    pub(crate) fn resolve(&mut self, source: &str, prefix: &str) -> Option<u16> {
        if let Some(index) = self.scope.resolve(source, prefix) {
            return Some(index);
        }
        (prefix == "xml").then(|| self.scope.intern(source, ns::XML, || Namespace::Known(ns::XML)))
    }

    /// Checks that no two attributes have the same name, nor the same namespace and local name.
    pub(crate) fn duplicates(&self, source: &str, first: usize) -> Result<(), StreamError> {
        let attrs = self.attrs.get(first..).unwrap_or_default();
        for (at, one) in attrs.iter().enumerate() {
            for other in attrs.iter().take(at) {
                // Lengths first: they nearly always differ.
                if one.name_len != other.name_len {
                    continue;
                }
                let same_name =
                    one.prefix_len == other.prefix_len && one.full_name(source) == other.full_name(source);
                let same_expanded = one.ns < DECLARATION
                    && one.ns == other.ns
                    && one.local_name(source) == other.local_name(source);
                if same_name || same_expanded {
                    return Err(malformed("duplicate attribute"));
                }
            }
        }
        Ok(())
    }
}

/// Prefix (empty for none) and local name.
pub(crate) fn split_name(name: &str) -> Result<(&str, &str), StreamError> {
    if name.len() > MAX_NAME {
        return Err(violation("an element or attribute name is too long"));
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
        Err(violation("element or attribute name that older XML parsers reject"))
    } else {
        Err(malformed("invalid element or attribute name"))
    }
}

/// The constraints of Namespaces in XML §3 and §5.
fn check_declaration(prefix: &str, name: &str) -> Result<(), StreamError> {
    let right = match prefix {
        "xml" => name == ns::XML,
        "xmlns" => false,
        _ => name != ns::XML && name != ns::XMLNS && (prefix.is_empty() || !name.is_empty()),
    };
    if right { Ok(()) } else { Err(malformed("invalid namespace declaration")) }
}
