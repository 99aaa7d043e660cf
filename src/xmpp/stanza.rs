//! Messages, presence and IQs (RFC 6120 §8).

use std::fmt;
use std::sync::Arc;

use crate::document::Document;
use crate::element::Element;
use crate::error::StanzaError;
use crate::jid::Jid;
use crate::malformed::Malformed;
use crate::node::{Children, Node};
use crate::ns;
use crate::stanza_tag::SharedTag;
use crate::stanza_type::{Kind, StanzaType};

/// A value of the stanza's start tag: its range, unless it had to be unescaped.
#[derive(Clone, Debug)]
enum Value {
    Source(u32, u32),
    Owned(Box<str>),
}

#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) document: Document,
    kind: Kind,
    stanza_type: StanzaType,
    id: Option<Value>,
    lang: Option<Value>,
}

impl Body {
    /// The body of a stanza of this kind and type.
    pub(crate) fn new(document: Document, kind: Kind, stanza_type: StanzaType) -> Self {
        let root = document.root();
        let (id, lang) = (Value::of(root, "id"), Value::of(root, "xml:lang"));
        Self { document, kind, stanza_type, id, lang }
    }

    /// The same for a document whose start tag has the same attributes at the same offsets.
    pub(crate) fn with_document(&self, document: Document) -> Self {
        Self { document, id: self.id.clone(), lang: self.lang.clone(), ..*self }
    }
}

/// A stanza: the received document, shared, and an envelope of its own. Cloned by reference count.
#[derive(Clone)]
pub struct Stanza {
    pub(crate) body: Arc<Body>,
    pub(crate) from: Option<Jid>,
    pub(crate) to: Option<Jid>,
    pub(crate) default_lang: Option<Arc<str>>,
    pub(crate) tag: Option<Arc<SharedTag>>,
}

impl Stanza {
    /// Parses a stanza. Checks the addresses, the type, and for an IQ its id and payload (RFC 6120 §8.2.3).
    /// One in `jabber:server` is moved to `jabber:client`.
    pub fn from_document(document: Document) -> Result<Stanza, Malformed> {
        let root = document.root();
        let Some(kind) = Kind::from_root(root) else {
            return Err(Malformed::new(root, StanzaError::bad_request()));
        };
        if root.ns() != ns::CLIENT || !root.prefix().is_empty() {
            return Self::from_other(&document);
        }
        let refuse = |error| Malformed::new(root, error);
        let text = root.attr("type");
        let stanza_type = StanzaType::read(kind, text.as_deref())
            .ok_or_else(|| refuse(StanzaError::bad_request().text("unknown or missing 'type'")))?;
        let address = |name: &str| {
            let malformed =
                |_| refuse(StanzaError::jid_malformed().text(format!("'{name}' is not a valid JID")));
            root.attr(name).map(|jid| Jid::parse(&jid).map_err(malformed)).transpose()
        };
        let (from, to) = (address("from")?, address("to")?);
        let body = Body::new(document.clone(), kind, stanza_type);
        if kind == Kind::Iq {
            check_iq(root, stanza_type, body.id.is_some()).map_err(refuse)?;
        }
        Ok(Self { body: Arc::new(body), from, to, default_lang: None, tag: None })
    }

    /// A stanza with a prefix, or of a server or component: rewritten in the form of a client's.
    fn from_other(document: &Document) -> Result<Stanza, Malformed> {
        let element = document.to_element().map_ns(ns::SERVER, ns::CLIENT).map_ns(ns::COMPONENT, ns::CLIENT);
        Self::from_element(&element)
    }

    /// Makes a stanza from an element; see [`Stanza::from_document`].
    pub fn from_element(element: &Element) -> Result<Stanza, Malformed> {
        let document = Document::from_element(element);
        Self::from_document(document.map_err(|error| Malformed::unreadable(&error))?)
    }

    /// Parses a stanza from its XML, which inherits `jabber:client`.
    pub fn parse_str(xml: &str) -> Result<Stanza, Malformed> {
        let document = Document::own(xml.to_owned());
        Self::from_document(document.map_err(|error| Malformed::unreadable(&error))?)
    }

    /// Whether parsing the stanza's document would give the same stanza.
    pub(crate) fn is_valid(&self) -> bool {
        let read = Self::from_document(self.body.document.clone());
        read.is_ok_and(|read| (read.from, read.to) == (self.from.clone(), self.to.clone()))
    }

    pub fn kind(&self) -> Kind {
        self.body.kind
    }

    /// Its type; `None` if the attribute is absent (a message is then `normal`, presence is available).
    pub fn stanza_type(&self) -> StanzaType {
        self.body.stanza_type
    }

    pub fn id(&self) -> Option<&str> {
        self.body.id.as_ref().map(|id| id.as_str(&self.body.document))
    }

    pub fn from(&self) -> Option<&Jid> {
        self.from.as_ref()
    }

    pub fn to(&self) -> Option<&Jid> {
        self.to.as_ref()
    }

    /// Its language: its own or the stream's.
    pub fn lang(&self) -> Option<&str> {
        let own = self.body.lang.as_ref().map(|lang| lang.as_str(&self.body.document));
        own.or(self.default_lang.as_deref())
    }

    /// The same with this sender.
    pub fn with_from(mut self, from: Jid) -> Self {
        self.from = Some(from);
        self.tag = None;
        self
    }

    /// The same with this recipient.
    pub fn with_to(mut self, to: Option<Jid>) -> Self {
        self.to = to;
        self
    }

    /// The same in this language if it has none of its own: the stream's (RFC 6120 §4.7.4).
    pub fn with_lang_default(mut self, lang: Arc<str>) -> Self {
        if self.body.lang.is_none() && self.default_lang.is_none() {
            self.default_lang = Some(lang);
            self.tag = None;
        }
        self
    }

    /// The element as received: its `from` and `to` may differ from the stanza's.
    pub fn root(&self) -> Node<'_> {
        self.body.document.root()
    }

    /// The child elements, in order.
    pub fn children(&self) -> Children<'_> {
        self.root().children()
    }

    /// The first child with this name and namespace.
    pub fn child(&self, name: &str, ns: &str) -> Option<Node<'_>> {
        self.root().child(name, ns)
    }

    /// The first child element: of an IQ, its payload.
    pub fn payload(&self) -> Option<Node<'_>> {
        self.root().first_child()
    }

    /// Whether there is a `<body/>`.
    pub fn has_body(&self) -> bool {
        self.child("body", ns::CLIENT).is_some()
    }

    /// Whether it is an IQ that must be answered (RFC 6120 §8.2.3).
    pub fn is_request(&self) -> bool {
        matches!(self.stanza_type(), StanzaType::Get | StanzaType::Set)
    }

    /// Whether the presence has a `<priority/>` that is not an integer from -128 to 127, or several of them
    /// (RFC 6121 §4.7.2.3).
    pub fn has_invalid_priority(&self) -> bool {
        let mut priorities = self.children().filter(|child| child.is("priority", ns::CLIENT));
        let invalid = |priority: Node<'_>| priority.text().trim().parse::<i8>().is_err();
        priorities.next().is_some_and(|first| invalid(first) || priorities.next().is_some())
    }

    /// The priority of a presence; 0 if absent or invalid (RFC 6121 §4.7.2.3).
    pub fn priority(&self) -> i8 {
        let priority = self.child("priority", ns::CLIENT).map(|priority| priority.text());
        priority.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// The error, if the type is `error`.
    pub fn error(&self) -> Option<StanzaError> {
        let error = self.child("error", ns::CLIENT).filter(|_| self.stanza_type() == StanzaType::Error);
        error.map(StanzaError::from_node)
    }
}

fn check_iq(root: Node<'_>, stanza_type: StanzaType, id: bool) -> Result<(), StanzaError> {
    let children = root.children().take(2).count();
    let request = matches!(stanza_type, StanzaType::Get | StanzaType::Set);
    if !id {
        Err(StanzaError::bad_request().text("an IQ needs an 'id' attribute"))
    } else if request && children != 1 {
        Err(StanzaError::bad_request().text("an IQ request must have exactly one child element"))
    } else if stanza_type == StanzaType::Result && children > 1 {
        Err(StanzaError::bad_request().text("an IQ result must not have more than one child element"))
    } else {
        Ok(())
    }
}

impl Value {
    fn of(root: Node<'_>, name: &str) -> Option<Self> {
        let source = root.source();
        let record = root.records().iter().find(|record| record.full_name(source) == name)?;
        let raw = record.raw_value(source);
        Some(match crate::escape::attribute(raw) {
            std::borrow::Cow::Borrowed(_) => Value::Source(record.value_start, record.value_end),
            std::borrow::Cow::Owned(text) => Value::Owned(text.into()),
        })
    }

    fn as_str<'a>(&'a self, document: &'a Document) -> &'a str {
        match self {
            Value::Source(start, end) => {
                crate::tape::slice(document.as_str(), *start as usize, *end as usize)
            }
            Value::Owned(text) => text,
        }
    }
}

impl fmt::Debug for Stanza {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stanza").field(&self.to_string()).finish()
    }
}
