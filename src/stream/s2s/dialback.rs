//! The elements of dialback (XEP-0220) and of bidirectional streams (XEP-0288).

use xmpp::{Condition, Document, Element, Jid, Node, StanzaError, ns};

/// Between which domains something is proved: as the element is addressed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Between {
    pub from: Jid,
    pub to: Jid,
}

impl Between {
    /// The answer's.
    pub fn turned(&self) -> Self {
        Self { from: self.to.clone(), to: self.from.clone() }
    }
}

/// An element of dialback.
#[derive(Debug)]
pub(super) enum Dialback {
    /// `<db:result>` with a key: prove that the stream is this domain's.
    Prove(Between, String),
    /// `<db:result>` with a type: the answer.
    Proved(Between, Outcome),
    /// `<db:verify>` with a key: is it the key for the stream with this id?
    Ask { between: Between, id: String, key: String },
    /// `<db:verify>` with a type: the answer.
    Answered { between: Between, id: String, outcome: Outcome },
    /// Something that is none of these, or misses an address.
    Malformed,
}

#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Valid,
    Invalid,
    Error(StanzaError),
}

/// Reads an element in the namespace of dialback; `None` for others.
pub(super) fn read(element: &Document) -> Option<Dialback> {
    let root = element.root();
    (root.ns() == ns::DIALBACK).then(|| parsed(root).unwrap_or(Dialback::Malformed))
}

fn parsed(root: Node<'_>) -> Option<Dialback> {
    let domain = |name: &str| Jid::parse(&root.attr(name)?).ok().filter(Jid::is_domain);
    let between = Between { from: domain("from")?, to: domain("to")? };
    let outcome = match root.attr("type").as_deref() {
        None => None,
        Some("valid") => Some(Outcome::Valid),
        Some("invalid") => Some(Outcome::Invalid),
        Some("error") => {
            let error = root.children().find(|child| child.name() == "error").map(StanzaError::from_node);
            Some(Outcome::Error(error.unwrap_or_else(StanzaError::undefined_condition)))
        }
        Some(_) => return None,
    };
    let key = || root.text().trim().to_owned();
    match (root.name(), outcome) {
        ("result", None) => Some(Dialback::Prove(between, key())),
        ("result", Some(outcome)) => Some(Dialback::Proved(between, outcome)),
        ("verify", None) => Some(Dialback::Ask { between, id: root.attr("id")?.into_owned(), key: key() }),
        ("verify", Some(outcome)) => {
            Some(Dialback::Answered { between, id: root.attr("id")?.into_owned(), outcome })
        }
        _ => None,
    }
}

fn element(name: &'static str, between: &Between) -> Element {
    Element::new(name, ns::DIALBACK).attr("from", between.from.as_str()).attr("to", between.to.as_str())
}

/// `<db:result>` with a key.
pub(super) fn prove(between: &Between, key: &str) -> Element {
    element("result", between).text(key)
}

/// `<db:result>` with an outcome.
pub(super) fn proved(between: &Between, outcome: &Outcome) -> Element {
    told(element("result", between), outcome)
}

/// `<db:verify>` with a key.
pub(super) fn ask(between: &Between, id: &str, key: &str) -> Element {
    element("verify", between).attr("id", id).text(key)
}

/// `<db:verify>` with an outcome.
pub(super) fn answered(between: &Between, id: &str, outcome: &Outcome) -> Element {
    told(element("verify", between).attr("id", id), outcome)
}

fn told(element: Element, outcome: &Outcome) -> Element {
    match outcome {
        Outcome::Valid => element.attr("type", "valid"),
        Outcome::Invalid => element.attr("type", "invalid"),
        Outcome::Error(error) => element.attr("type", "error").child(error.to_element()),
    }
}

/// Dialback cannot be done (XEP-0220 section 2.4).
pub(super) fn impossible(condition: Condition, text: impl Into<String>) -> Outcome {
    Outcome::Error(StanzaError::new(condition).text(text))
}

/// The stream feature of dialback, with errors (XEP-0220 section 2.4).
pub(super) fn feature() -> Element {
    Element::new("dialback", DIALBACK_FEATURE).child(Element::new("errors", DIALBACK_FEATURE))
}

/// `urn:xmpp:features:dialback` (XEP-0220 section 2.4.1).
pub(super) const DIALBACK_FEATURE: &str = "urn:xmpp:features:dialback";
/// `urn:xmpp:features:bidi` (XEP-0288 section 2.1).
pub(super) const BIDI_FEATURE: &str = "urn:xmpp:features:bidi";
/// `urn:xmpp:bidi` (XEP-0288 section 2.1).
pub(super) const BIDI: &str = "urn:xmpp:bidi";
