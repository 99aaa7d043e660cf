//! The result of the strict pass over an element: a table of offsets into its source.

use crate::scope::Namespace;

/// An attribute without a namespace.
pub(crate) const NO_NS: u16 = u16::MAX;
/// `xmlns` or `xmlns:prefix`.
pub(crate) const DECLARATION: u16 = u16::MAX - 1;

/// An element: offsets into the source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NodeRecord {
    pub(crate) start: u32,
    pub(crate) inner_start: u32,
    pub(crate) inner_end: u32,
    pub(crate) end: u32,
    /// Index of the first element after this one and its descendants.
    pub(crate) next: u32,
    pub(crate) attrs: u32,
    pub(crate) attr_count: u16,
    pub(crate) prefix_len: u16,
    pub(crate) name_len: u16,
    pub(crate) ns: u16,
}

/// An attribute: offsets into the source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct AttrRecord {
    /// Where the name with its prefix begins.
    pub(crate) start: u32,
    pub(crate) value_start: u32,
    pub(crate) value_end: u32,
    pub(crate) prefix_len: u16,
    pub(crate) name_len: u16,
    pub(crate) ns: u16,
}

/// A prefix and its namespace, declared in the stream header.
pub(crate) type Outer = (Box<str>, Box<str>);

/// The result of the pass.
#[derive(Debug)]
pub(crate) struct Tape {
    pub(crate) nodes: Box<[NodeRecord]>,
    pub(crate) attrs: Box<[AttrRecord]>,
    pub(crate) namespaces: Box<[Namespace]>,
    /// The nesting depth; for composed documents, an upper bound.
    pub(crate) depth: u32,
    /// Indices of the outer declarations in use.
    pub(crate) borrowed: Vec<usize>,
}

/// The text from `start` to `end` of the source.
pub(crate) fn slice(source: &str, start: usize, end: usize) -> &str {
    source.get(start..end).unwrap_or_default()
}

impl NodeRecord {
    /// Whether the element is written as an empty-element tag.
    pub(crate) fn is_empty(&self) -> bool {
        self.inner_start == self.end
    }
}

impl AttrRecord {
    /// The same attribute, moved by this many bytes.
    pub(crate) fn moved(&self, by: u32) -> Self {
        let (start, value_start, value_end) =
            (self.start.wrapping_add(by), self.value_start.wrapping_add(by), self.value_end.wrapping_add(by));
        Self { start, value_start, value_end, ..*self }
    }

    pub(crate) fn full_name<'a>(&self, source: &'a str) -> &'a str {
        let start = self.start as usize;
        slice(source, start, start + self.local_at() + usize::from(self.name_len))
    }

    pub(crate) fn local_name<'a>(&self, source: &'a str) -> &'a str {
        self.full_name(source).get(self.local_at()..).unwrap_or_default()
    }

    pub(crate) fn raw_value<'a>(&self, source: &'a str) -> &'a str {
        slice(source, self.value_start as usize, self.value_end as usize)
    }

    /// The declared prefix, empty for the default namespace, if this is a declaration.
    pub(crate) fn declared<'a>(&self, source: &'a str) -> &'a str {
        if self.prefix_len == 0 { "" } else { self.local_name(source) }
    }

    /// The attribute verbatim, with its quotes.
    pub(crate) fn raw<'a>(&self, source: &'a str) -> &'a str {
        slice(source, self.start as usize, self.value_end as usize + 1)
    }

    fn local_at(&self) -> usize {
        match self.prefix_len {
            0 => 0,
            prefix => usize::from(prefix) + 1,
        }
    }
}

impl Tape {
    /// The same after `declarations`, `by` bytes long, were inserted after the name of the root.
    pub(crate) fn declare(mut self, declarations: &[AttrRecord], by: u32) -> Self {
        for (index, node) in self.nodes.iter_mut().enumerate() {
            if index == 0 {
                node.attr_count += declarations.len() as u16;
            } else {
                node.start += by;
                node.attrs += declarations.len() as u32;
            }
            (node.inner_start, node.inner_end, node.end) =
                (node.inner_start + by, node.inner_end + by, node.end + by);
        }
        for namespace in &mut self.namespaces {
            if let Namespace::Source(start, end) = namespace {
                (*start, *end) = (*start + by, *end + by);
            }
        }
        let moved = self.attrs.iter().map(|attr| attr.moved(by));
        self.attrs = declarations.iter().copied().chain(moved).collect();
        self.borrowed = Vec::new();
        self
    }

    /// The attributes of the elements from `first` up to `end`, which are contiguous.
    pub(crate) fn attrs_of(&self, first: usize, end: usize) -> &[AttrRecord] {
        let at = |index: usize| self.nodes.get(index).map_or(self.attrs.len(), |node| node.attrs as usize);
        self.attrs.get(at(first)..at(end)).unwrap_or_default()
    }

    /// Whether both describe `source` equally: every offset, and every name that a namespace index refers to.
    pub(crate) fn same(&self, other: &Tape, source: &str) -> bool {
        let namespace = |tape: &Tape, index: u16| match index {
            NO_NS | DECLARATION => Some((index, String::new())),
            _ => tape.namespaces.get(usize::from(index)).map(|name| (0, name.as_str(source).to_owned())),
        };
        let node = |tape: &Tape, node: &NodeRecord| {
            (NodeRecord { ns: 0, ..*node }, namespace(tape, node.ns).map(|(_, name)| name))
        };
        let attr = |tape: &Tape, attr: &AttrRecord| (AttrRecord { ns: 0, ..*attr }, namespace(tape, attr.ns));
        self.depth >= other.depth
            && self.nodes.iter().map(|one| node(self, one)).eq(other.nodes.iter().map(|one| node(other, one)))
            && self.attrs.iter().map(|one| attr(self, one)).eq(other.attrs.iter().map(|one| attr(other, one)))
    }
}
