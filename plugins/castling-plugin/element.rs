//! XML elements: read from stanzas, and written into them.

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use crate::xml;

/// The namespace of stanzas.
const CLIENT: &str = "jabber:client";
/// How deep elements are read; the server lets in no deeper stanzas.
const DEPTH: usize = 100;

/// An XML element: its name, namespace, attributes, child elements, and the text directly in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    name: String,
    ns: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    /// An empty element.
    pub fn new(name: &str, ns: &str) -> Self {
        Self { name: name.into(), ns: ns.into(), ..Self::default() }
    }

    /// A stanza, or another element of its namespace, such as `<body/>`.
    pub fn client(name: &str) -> Self {
        Self::new(name, CLIENT)
    }

    /// Reads an element as the host passes it: one without a namespace of its own is in that of stanzas. Mixed content loses its order:
    /// the text is all in one. `None`: it is not well-formed.
    pub fn parse(xml: &str) -> Option<Self> {
        let mut reader = NsReader::from_str(xml);
        let mut open: Vec<Self> = Vec::new();
        loop {
            let (ns, event) = reader.read_resolved_event().ok()?;
            let ns = match ns {
                ResolveResult::Bound(ns) => ns.into_inner().to_owned(),
                _ => CLIENT.to_owned(),
            };
            let closed = match event {
                Event::Start(tag) if open.len() < DEPTH => {
                    open.push(Self::of(&tag, ns)?);
                    continue;
                }
                Event::Empty(tag) => Self::of(&tag, ns)?,
                Event::End(_) => open.pop()?,
                Event::Text(text) => {
                    open.last_mut()?.text += &text.xml10_content();
                    continue;
                }
                Event::CData(text) => {
                    open.last_mut()?.text += &text.xml10_content();
                    continue;
                }
                Event::GeneralRef(reference) => {
                    let text = match reference.resolve_char_ref().ok()? {
                        Some(character) => character.to_string(),
                        None => resolve_xml_entity(&reference.xml10_content())?.to_owned(),
                    };
                    open.last_mut()?.text += &text;
                    continue;
                }
                _ => return None,
            };
            match open.last_mut() {
                Some(parent) => parent.children.push(closed),
                None => return Some(closed),
            }
        }
    }

    fn of(tag: &BytesStart<'_>, ns: String) -> Option<Self> {
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.ok()?;
            let name: &str = attribute.key.as_ref();
            // Others with a prefix could not be written again.
            if name != "xmlns" && (name.starts_with("xml:") || !name.contains(':')) {
                let value = attribute.normalized_value(XmlVersion::Explicit1_0).ok()?.into_owned();
                attributes.push((name.to_owned(), value));
            }
        }
        let name: &str = tag.local_name().into_inner();
        Some(Self { name: name.to_owned(), ns, attributes, ..Self::default() })
    }

    /// Its name, without a prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its namespace.
    pub fn ns(&self) -> &str {
        &self.ns
    }

    /// The text directly in it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// An attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Its child elements.
    pub fn children(&self) -> &[Self] {
        &self.children
    }

    /// The first child element with this name and namespace.
    pub fn child(&self, name: &str, ns: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name && child.ns == ns)
    }

    /// With an attribute.
    #[must_use]
    pub fn attr(mut self, name: &str, value: &str) -> Self {
        self.attributes.retain(|(key, _)| key != name);
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// With an attribute, if it has a value.
    #[must_use]
    pub fn opt_attr(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// With a child element behind those that it has.
    #[must_use]
    pub fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// With child elements behind those that it has.
    #[must_use]
    pub fn with_all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// With its first child element changed, if it has one.
    #[must_use]
    pub fn map_child(mut self, of: impl FnOnce(Self) -> Self) -> Self {
        if let Some(child) = self.children.first_mut() {
            *child = of(std::mem::take(child));
        }
        self
    }

    /// With this text, which stands before the child elements.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        self.text = text.into();
        self
    }

    /// Written, as a stanza or in one.
    pub fn to_xml(&self) -> String {
        let mut out = String::new();
        self.write(CLIENT, &mut out);
        out
    }

    fn write(&self, parent: &str, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        if self.ns != parent {
            out.push_str(&format!(" xmlns='{}'", xml::escape(&self.ns)));
        }
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}='{}'", xml::escape(value)));
        }
        if self.children.is_empty() && self.text.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        out.push_str(&xml::escape(&self.text));
        for child in &self.children {
            child.write(&self.ns, out);
        }
        out.push_str(&format!("</{}>", self.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let message = Element::client("message")
            .attr("to", "a@b/'c'")
            .with(Element::client("body").with_text("1 < 2 & \"3\""))
            .with(Element::new("move", "urn:m").attr("san", "e4").with(Element::new("x", "urn:m")));
        let xml = message.to_xml();
        assert_eq!(
            xml,
            "<message to='a@b/&apos;c&apos;'><body>1 &lt; 2 &amp; &quot;3&quot;</body><move xmlns='urn:m' san='e4'><x/></move></message>"
        );
        assert_eq!(Element::parse(&xml), Some(message));
    }

    #[test]
    fn namespaces_and_references_are_resolved() {
        let xml = "<iq id='1' xml:lang='de'><p:q xmlns:p='urn:p' p:a='1'>&#65;<![CDATA[<]]>&gt;</p:q></iq>";
        let iq = Element::parse(xml).unwrap();
        let query = iq.child("q", "urn:p").unwrap();
        assert_eq!((query.text(), query.get("p:a"), iq.get("xml:lang")), ("A<>", None, Some("de")));
        assert_eq!((iq.ns(), iq.children().len()), ("jabber:client", 1));
    }

    #[test]
    fn what_is_not_well_formed_is_not_read() {
        for xml in ["", "<a>", "<a></b>", "text", "<a>&nope;</a>", &"<a>".repeat(200)] {
            assert_eq!(Element::parse(xml), None, "{xml}");
        }
    }
}
