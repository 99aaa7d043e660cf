//! A view of one element of a [`Document`].

use std::borrow::Cow;
use std::fmt;

use crate::document::Document;
use crate::element::{Attribute, Element};
use crate::escape;
use crate::ns;
use crate::tape::{AttrRecord, DECLARATION, NO_NS, NodeRecord, slice};

/// An element of a document: two words, passed by value.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    document: &'a Document,
    index: u32,
}

/// An attribute of a [`Node`]; namespace declarations are not included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attr<'a> {
    /// The name as written, with its prefix, if any.
    pub full_name: &'a str,
    /// The name without a prefix.
    pub name: &'a str,
    /// The namespace name; empty without a prefix.
    pub ns: &'a str,
    /// The value, unescaped.
    pub value: Cow<'a, str>,
}

impl<'a> Node<'a> {
    pub(crate) fn new(document: &'a Document, index: u32) -> Self {
        Self { document, index }
    }

    /// Every node has a valid index into the tape; an empty record stands in for the impossible case.
    pub(crate) fn record(self) -> &'a NodeRecord {
        const NONE: &NodeRecord = &NodeRecord {
            start: 0,
            inner_start: 0,
            inner_end: 0,
            end: 0,
            next: 0,
            attrs: 0,
            attr_count: 0,
            prefix_len: 0,
            name_len: 0,
            ns: 0,
        };
        self.document.tape().nodes.get(self.index as usize).unwrap_or(NONE)
    }

    /// Its index among the elements of the document.
    pub(crate) fn index(self) -> u32 {
        self.index
    }

    pub(crate) fn source(self) -> &'a str {
        self.document.as_str()
    }

    fn slice(self, start: u32, end: u32) -> &'a str {
        slice(self.source(), start as usize, end as usize)
    }

    /// The name without a prefix.
    pub fn name(&self) -> &'a str {
        let record = self.record();
        let prefix = if record.prefix_len == 0 { 0 } else { u32::from(record.prefix_len) + 1 };
        let start = record.start + 1 + prefix;
        self.slice(start, start + u32::from(record.name_len))
    }

    /// The prefix as written; empty if none.
    pub fn prefix(&self) -> &'a str {
        let record = self.record();
        self.slice(record.start + 1, record.start + 1 + u32::from(record.prefix_len))
    }

    /// The namespace name; empty if none.
    pub fn ns(&self) -> &'a str {
        self.namespace(self.record().ns)
    }

    fn namespace(self, index: u16) -> &'a str {
        let namespace = self.document.tape().namespaces.get(usize::from(index));
        namespace.map_or("", |namespace| namespace.as_str(self.source()))
    }

    /// Whether the element has this name and namespace.
    pub fn is(&self, name: &str, ns: &str) -> bool {
        self.name() == name && self.ns() == ns
    }

    /// The value of the attribute with this name, unescaped. The name has no prefix, or `xml:`.
    pub fn attr(&self, name: &str) -> Option<Cow<'a, str>> {
        let source = self.source();
        let named = |record: &&AttrRecord| record.ns != DECLARATION && record.full_name(source) == name;
        self.records().iter().find(named).map(|record| escape::attribute(record.raw_value(source)))
    }

    /// The value of the attribute with this namespace and local name.
    pub fn attr_ns(&self, name: &str, ns: &str) -> Option<Cow<'a, str>> {
        self.attrs().find(|attr| attr.name == name && attr.ns == ns).map(|attr| attr.value)
    }

    /// The attributes, in order, without namespace declarations.
    pub fn attrs(&self) -> impl Iterator<Item = Attr<'a>> + use<'a> {
        let node = *self;
        let source = node.source();
        node.records().iter().filter(|record| record.ns != DECLARATION).map(move |record| Attr {
            full_name: record.full_name(source),
            name: record.local_name(source),
            ns: if record.ns == NO_NS { "" } else { node.namespace(record.ns) },
            value: escape::attribute(record.raw_value(source)),
        })
    }

    pub(crate) fn records(self) -> &'a [AttrRecord] {
        let record = self.record();
        let start = record.attrs as usize;
        self.document.tape().attrs.get(start..start + usize::from(record.attr_count)).unwrap_or_default()
    }

    /// Prefixes declared on this element (empty: the default) and their namespaces.
    pub(crate) fn declarations(self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        let source = self.source();
        self.records()
            .iter()
            .filter(|record| record.ns == DECLARATION)
            .map(move |record| (record.declared(source), escape::attribute(record.raw_value(source))))
    }

    /// The child elements, in order.
    pub fn children(&self) -> Children<'a> {
        let record = self.record();
        Children { document: self.document, index: self.index + 1, end: record.next }
    }

    /// The first child with this name and namespace.
    pub fn child(&self, name: &str, ns: &str) -> Option<Node<'a>> {
        self.children().find(|child| child.is(name, ns))
    }

    /// The first child element.
    pub fn first_child(&self) -> Option<Node<'a>> {
        self.children().next()
    }

    /// The text directly in the element, unescaped.
    pub fn text(&self) -> Cow<'a, str> {
        let record = self.record();
        if record.next == self.index + 1 {
            let raw = self.inner();
            if memchr::memchr2(b'&', b'<', raw.as_bytes()).is_none() {
                return Cow::Borrowed(raw);
            }
        }
        let mut text = String::new();
        self.segments(|segment| match segment {
            Segment::Text(raw) => escape::push_text(&mut text, raw),
            Segment::Element(_) => {}
        });
        Cow::Owned(text)
    }

    fn segments(self, mut each: impl FnMut(Segment<'a>)) {
        let record = self.record();
        let mut at = record.inner_start;
        for child in self.children() {
            each(Segment::Text(self.slice(at, child.record().start)));
            each(Segment::Element(child));
            at = child.record().end;
        }
        each(Segment::Text(self.slice(at, record.inner_end)));
    }

    /// The source between the tags.
    pub fn inner(&self) -> &'a str {
        let record = self.record();
        self.slice(record.inner_start, record.inner_end)
    }

    /// The element's source. It may depend on outer namespace declarations.
    pub fn raw(&self) -> &'a str {
        let record = self.record();
        self.slice(record.start, record.end)
    }

    /// The element as a tree of its own. Recursion is bounded by the limits the document was parsed with.
    pub fn to_element(&self) -> Element {
        let mut element = Element::with_name(Cow::Owned(self.name().to_owned()), owned(self.ns()));
        self.attributes_into(&mut element, |_| true);
        self.nodes_into(&mut element);
        element
    }

    /// The same, for input that was not written with care: `None` if the tree would be far larger than its source. Each element of a
    /// tree holds its own copy of its namespace name, so that a long name declared once could fill the memory.
    pub fn to_bounded_element(&self) -> Option<Element> {
        let source = self.raw().len();
        let tree = source.saturating_add(self.name_bytes());
        (tree <= source.saturating_mul(4).saturating_add(SLACK)).then(|| self.to_element())
    }

    /// Total bytes of namespace names, counted once for each element and attribute.
    fn name_bytes(&self) -> usize {
        let attributes = self.attrs().map(|attr| attr.ns.len());
        let children = self.children().map(|child| child.name_bytes());
        attributes.chain(children).fold(self.ns().len(), usize::saturating_add)
    }

    /// Sets the attributes whose full name is `wanted` on `element`.
    pub(crate) fn attributes_into(self, element: &mut Element, wanted: impl Fn(&str) -> bool) {
        for attr in self.attrs().filter(|attr| wanted(attr.full_name)) {
            let ns = (!attr.ns.is_empty()).then(|| owned(attr.ns));
            let name = Cow::Owned(attr.full_name.to_owned());
            element.put(Attribute { name, ns, value: attr.value.into_owned() });
        }
    }

    /// Adds the content to `element`.
    pub(crate) fn nodes_into(self, element: &mut Element) {
        self.segments(|segment| match segment {
            Segment::Text("") => {}
            Segment::Text(raw) => {
                let mut text = String::with_capacity(raw.len());
                escape::push_text(&mut text, raw);
                element.push_text(&text);
            }
            Segment::Element(child) => element.push(child.to_element()),
        });
    }
}

/// How much a bounded tree may weigh beyond four times its source.
const SLACK: usize = 1 << 20;

fn owned(name: &str) -> Cow<'static, str> {
    ns::known(name).map_or_else(|| Cow::Owned(name.to_owned()), Cow::Borrowed)
}

enum Segment<'a> {
    Text(&'a str),
    Element(Node<'a>),
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.raw()).finish()
    }
}

/// The child elements of a [`Node`].
#[derive(Clone)]
pub struct Children<'a> {
    document: &'a Document,
    index: u32,
    end: u32,
}

impl<'a> Iterator for Children<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        if self.index >= self.end {
            return None;
        }
        let node = Node::new(self.document, self.index);
        self.index = node.record().next.max(self.index + 1);
        Some(node)
    }
}
