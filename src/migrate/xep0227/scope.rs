//! Namespaces in force, and elements parsed under them.

use bytes::Bytes;
use bytestring::ByteString;
use xmpp::{Document, Element, Node, StreamCondition, StreamError};

use crate::xep0227::fault::Fault;
use crate::xep0227::names::LIMITS;

/// The namespaces that the elements around have declared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// `xmlns` or `xmlns:prefix`, and its value with its quotes, as written.
    declarations: Vec<(String, String)>,
    default_ns: String,
}

/// An element with what it needs of the elements around.
pub(crate) struct Leaf {
    document: Document,
    is_wrapped: bool,
}

impl Leaf {
    pub(crate) fn node(&self) -> Node<'_> {
        let root = self.document.root();
        if self.is_wrapped { root.first_child().unwrap_or(root) } else { root }
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.document.len()
    }
}

impl Scope {
    /// The namespaces in force inside of an element. `tag` is its start tag, and well-formed.
    pub(crate) fn inside(&self, tag: &str) -> Result<Self, Fault> {
        let mut inside = self.clone();
        for (name, value) in declarations(tag) {
            match inside.declarations.iter_mut().find(|(declared, _)| declared == name) {
                Some((_, old)) => value.clone_into(old),
                None => inside.declarations.push((name.to_owned(), value.to_owned())),
            }
        }
        let tag = inside.tag("/");
        let document = Document::parse_text(tag.into(), "", &LIMITS);
        let document = document.map_err(|error| Fault::broken(error.to_string()))?;
        inside.default_ns = document.root().ns().to_owned();
        Ok(inside)
    }

    /// A tag that declares all of it.
    fn tag(&self, end: &str) -> String {
        let declared = self.declarations.iter().map(|(name, value)| format!(" {name}={value}"));
        format!("<around{}{end}>", declared.collect::<String>())
    }

    /// Parses an element.
    pub(crate) fn parse(&self, xml: Vec<u8>) -> Result<Leaf, StreamError> {
        let xml = ByteString::try_from(Bytes::from(xml))
            .map_err(|_| StreamError::new(StreamCondition::UnsupportedEncoding).text("invalid UTF-8"))?;
        match Document::parse_text(xml.clone(), &self.default_ns, &LIMITS) {
            // A prefix of the elements around is rare: only then are their declarations written around it.
            Err(error) if error.condition == StreamCondition::BadNamespacePrefix => {}
            parsed => return parsed.map(|document| Leaf { document, is_wrapped: false }),
        }
        let text = format!("{}{xml}</around>", self.tag(""));
        let document = Document::parse_text(text.into(), "", &LIMITS)?;
        Ok(Leaf { document, is_wrapped: true })
    }
}

/// The namespace declarations of a start tag that is well-formed: names, and values with their quotes.
fn declarations(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = tag.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
    let attributes = std::iter::from_fn(move || {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next()?;
        let end = after.get(1..)?.find(quote)? + 2;
        let (value, after) = after.split_at_checked(end)?;
        rest = after;
        Some((name.trim(), value))
    });
    attributes.filter(|(name, _)| *name == "xmlns" || name.starts_with("xmlns:"))
}

/// An element as XML that declares all that it uses; `None` if that would be far larger than it is.
pub(crate) fn xml(node: Node<'_>) -> Option<String> {
    node.to_bounded_element().map(|element| element.to_xml(""))
}

/// The same with its elements of the namespaces of XEP-0227 moved to `jabber:client`: Prosody writes stanzas there.
pub(crate) fn stanza_xml(node: Node<'_>) -> Option<String> {
    node.to_bounded_element().map(in_client).map(|element| element.to_xml(""))
}

fn in_client(element: Element) -> Element {
    use crate::xep0227::names::{OLD_PIE, PIE};
    element.map_ns(PIE, xmpp::ns::CLIENT).map_ns(OLD_PIE, xmpp::ns::CLIENT)
}
