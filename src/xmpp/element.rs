//! An element as an owned tree: for what the server generates, and for small payloads.

use std::borrow::Cow;

use crate::chars;
use crate::composer::Content;
use crate::ns;
use crate::sink::Sink;
use crate::stanza::Stanza;
use crate::stanza_write::Framing;

/// An attribute of an [`Element`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attribute {
    /// The name as written, with its prefix, if any (`xml:lang`).
    pub name: Cow<'static, str>,
    /// The namespace of the prefix; `None` without one.
    pub ns: Option<Cow<'static, str>>,
    /// The value, unescaped.
    pub value: String,
}

/// A node within an [`Element`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Child {
    Element(Element),
    /// A stanza within another element (XEP-0297).
    Stanza(Stanza),
    /// Elements and text of the same namespace.
    Content(Content),
    /// Character data, unescaped.
    Text(String),
}

/// An element with its attributes and children. A child that is a [`Stanza`], and [`Content`], are written with the rest, but
/// are not among [`Element::children`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Element {
    name: Cow<'static, str>,
    ns: Cow<'static, str>,
    attributes: Vec<Attribute>,
    children: Vec<Child>,
}

impl Element {
    /// An empty element. `name` must be a name without a colon; a constant, so that received text cannot
    /// become a name without validation.
    pub fn new(name: &'static str, ns: impl Into<Cow<'static, str>>) -> Self {
        Self::with_name(Cow::Borrowed(name), ns.into())
    }

    /// The same with names that are not constants; `None` unless they are valid, the name without a colon.
    pub fn named(name: &str, ns: &str) -> Option<Self> {
        let valid = chars::is_ncname(name) && ns.chars().all(chars::is_namespace_char);
        valid.then(|| Self::with_name(Cow::Owned(name.to_owned()), Cow::Owned(ns.to_owned())))
    }

    pub(crate) fn with_name(name: Cow<'static, str>, ns: Cow<'static, str>) -> Self {
        Self { name, ns, attributes: Vec::new(), children: Vec::new() }
    }

    /// The same with an attribute. `name` has no prefix, or `xml:`.
    pub fn attr(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.set_attr(name, value);
        self
    }

    /// The same with an attribute, if there is a value.
    pub fn opt_attr(self, name: &'static str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// The same with one more child at the end.
    pub fn child(mut self, child: Element) -> Self {
        self.push(child);
        self
    }

    /// The same with these children appended.
    pub fn with_children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children.into_iter().map(Child::Element));
        self
    }

    /// The same with a shared stanza appended: for `<forwarded/>` and the like (XEP-0297). It is written with
    /// its own sender, recipient and language.
    pub fn stanza(mut self, stanza: &Stanza) -> Self {
        self.children.push(Child::Stanza(stanza.clone()));
        self
    }

    /// The same with shared content appended.
    pub fn content(mut self, content: &Content) -> Self {
        match content.ns() == self.ns {
            true if content.is_empty() => {}
            true => self.children.push(Child::Content(content.clone())),
            false => content.root().nodes_into(&mut self),
        }
        self
    }

    /// The same with text appended.
    pub fn text(mut self, text: impl AsRef<str>) -> Self {
        self.push_text(text.as_ref());
        self
    }

    /// Appends a child.
    pub fn push(&mut self, child: Element) {
        self.children.push(Child::Element(child));
    }

    /// Appends text.
    pub fn push_text(&mut self, text: &str) {
        match self.children.last_mut() {
            Some(Child::Text(last)) => last.push_str(text),
            _ => self.children.push(Child::Text(text.to_owned())),
        }
    }

    /// Sets an attribute. `name` has no prefix, or `xml:`.
    pub fn set_attr(&mut self, name: &'static str, value: impl AsRef<str>) {
        let ns = name.starts_with("xml:").then_some(Cow::Borrowed(ns::XML));
        self.put(Attribute { name: Cow::Borrowed(name), ns, value: value.as_ref().to_owned() });
    }

    /// Sets an attribute whose name is not a constant; `false` unless it is a valid name without a colon, or `xml:lang`.
    pub fn set_named_attr(&mut self, name: &str, value: &str) -> bool {
        if name == "xml:lang" {
            self.set_attr("xml:lang", value);
            return true;
        }
        let valid = chars::is_ncname(name) && name != "xmlns";
        if valid {
            self.put(Attribute { name: Cow::Owned(name.to_owned()), ns: None, value: value.to_owned() });
        }
        valid
    }

    /// Replaces everything in it by text.
    pub fn set_text(&mut self, text: &str) {
        self.children.clear();
        self.push_text(text);
    }

    /// The child elements, in order, to be changed.
    pub fn children_mut(&mut self) -> impl Iterator<Item = &mut Element> {
        self.children.iter_mut().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Stanza(_) | Child::Content(_) | Child::Text(_) => None,
        })
    }

    /// Removes the child elements that are not to be kept.
    pub fn retain_children(&mut self, mut keep: impl FnMut(&Element) -> bool) {
        self.children.retain(|child| match child {
            Child::Element(element) => keep(element),
            Child::Stanza(_) | Child::Content(_) | Child::Text(_) => true,
        });
    }

    /// Sets an attribute whose name is valid and whose prefix is declared next to it when written.
    pub(crate) fn put(&mut self, attribute: Attribute) {
        match self.attributes.iter_mut().find(|old| old.name == attribute.name) {
            Some(old) => *old = attribute,
            None => self.attributes.push(attribute),
        }
    }

    /// The name without a prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace name; empty if none.
    pub fn ns(&self) -> &str {
        &self.ns
    }

    /// Whether the element has this name and namespace.
    pub fn is(&self, name: &str, ns: &str) -> bool {
        self.name == name && self.ns == ns
    }

    /// The value of the attribute with this name (as written, such as `xml:lang`).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map(|attribute| attribute.value.as_str())
    }

    /// The attributes, in order.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// All that is in it, in order.
    pub fn nodes(&self) -> &[Child] {
        &self.children
    }

    /// The child elements, in order.
    pub fn children(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Stanza(_) | Child::Content(_) | Child::Text(_) => None,
        })
    }

    /// The first child with this name and namespace.
    pub fn find(&self, name: &str, ns: &str) -> Option<&Element> {
        self.children().find(|child| child.is(name, ns))
    }

    /// The text directly in the element, without that of shared content.
    pub fn text_content(&self) -> String {
        self.children
            .iter()
            .filter_map(|child| match child {
                Child::Text(text) => Some(text.as_str()),
                Child::Element(_) | Child::Stanza(_) | Child::Content(_) => None,
            })
            .collect()
    }

    /// The same tree with every element of namespace `from` moved to `to`. Content becomes a tree; so does a
    /// stanza within that contains such an element.
    pub fn map_ns(mut self, from: &str, to: &'static str) -> Self {
        self.replace_ns(from, to);
        self
    }

    /// In place, since recursion over users' elements should take little stack.
    fn replace_ns(&mut self, from: &str, to: &'static str) {
        self.spread();
        if self.ns == from {
            self.ns = Cow::Borrowed(to);
        }
        for child in &mut self.children {
            match child {
                Child::Element(element) => element.replace_ns(from, to),
                Child::Stanza(stanza) if stanza.names(from) => {
                    *child = Child::Element(stanza.to_element().map_ns(from, to));
                }
                Child::Stanza(_) | Child::Content(_) | Child::Text(_) => {}
            }
        }
    }

    /// Makes content a tree.
    fn spread(&mut self) {
        if !self.children.iter().any(|child| matches!(child, Child::Content(_))) {
            return;
        }
        for child in std::mem::take(&mut self.children) {
            match child {
                Child::Content(content) => content.root().nodes_into(self),
                Child::Text(text) => self.push_text(&text),
                other => self.children.push(other),
            }
        }
    }

    /// Appends the element's XML; `xmlns` is written only where it differs from the inherited one. Characters
    /// not allowed in XML become U+FFFD.
    pub fn write(&self, out: &mut Vec<u8>, inherited_ns: &str) {
        self.write_to(out, inherited_ns);
    }

    /// Like [`Element::write`] with a prefix that is declared outside: for `stream:error` and
    /// `stream:features`, whose children inherit `inherited_ns`.
    pub fn write_prefixed(&self, out: &mut Vec<u8>, prefix: &str, inherited_ns: &str) {
        self.write_as(out, &format!("{prefix}:{}", self.name), inherited_ns, inherited_ns);
    }

    pub(crate) fn write_to(&self, sink: &mut impl Sink, inherited_ns: &str) {
        match self.ns.as_ref() {
            // The namespace of `xml:` must not be declared; its prefix always is.
            ns::XML => self.write_as(sink, &format!("xml:{}", self.name), inherited_ns, inherited_ns),
            // Must be neither declared nor used by an element (Namespaces in XML §3).
            ns::XMLNS => self.write_as(sink, &self.name, inherited_ns, inherited_ns),
            own => self.write_as(sink, &self.name, own, inherited_ns),
        }
    }

    fn write_as(&self, sink: &mut impl Sink, name: &str, default_ns: &str, inherited_ns: &str) {
        sink.open(name);
        if default_ns != inherited_ns {
            write_declaration(sink, "xmlns", default_ns);
        }
        self.write_attributes(sink);
        if self.children.is_empty() {
            return sink.empty();
        }
        sink.opened();
        self.write_children(sink, default_ns);
        sink.close(name);
    }

    fn write_children(&self, sink: &mut impl Sink, default_ns: &str) {
        let framing = if default_ns == ns::CLIENT { Framing::Inherit } else { Framing::Declare };
        for child in &self.children {
            match child {
                Child::Element(element) => element.write_to(sink, default_ns),
                Child::Stanza(stanza) => stanza.write_to(sink, framing),
                Child::Content(content) if content.ns() == default_ns => content.write_to(sink),
                Child::Content(content) => content.to_tree().write_children(sink, default_ns),
                Child::Text(text) => sink.text(text),
            }
        }
    }

    fn write_attributes(&self, sink: &mut impl Sink) {
        for (at, attribute) in self.attributes.iter().enumerate() {
            let prefix =
                attribute.name.split_once(':').map(|(prefix, _)| prefix).filter(|&prefix| prefix != "xml");
            if let (Some(prefix), Some(ns)) = (prefix, &attribute.ns) {
                let declares =
                    |earlier: &Attribute| earlier.name.split_once(':').is_some_and(|(p, _)| p == prefix);
                if !self.attributes.iter().take(at).any(declares) {
                    write_declaration(sink, &format!("xmlns:{prefix}"), ns);
                }
            }
            sink.attribute(&attribute.name, &attribute.value);
        }
    }

    /// The element's XML as text; see [`Element::write`].
    pub fn to_xml(&self, inherited_ns: &str) -> String {
        let mut out = Vec::new();
        self.write(&mut out, inherited_ns);
        String::from_utf8(out).unwrap_or_default()
    }
}

/// Characters not allowed in a namespace name become U+FFFD.
fn write_declaration(sink: &mut impl Sink, name: &str, ns: &str) {
    if ns.chars().all(chars::is_namespace_char) {
        sink.attribute(name, ns);
    } else {
        sink.attribute(name, &ns.replace(|c| !chars::is_namespace_char(c), "\u{FFFD}"));
    }
}
