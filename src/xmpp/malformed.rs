//! An element that should have been a stanza.

use crate::error::{StanzaError, StreamError};
use crate::jid::Jid;
use crate::node::Node;
use crate::stanza::Stanza;
use crate::stanza_reply::Head;
use crate::stanza_type::{Kind, StanzaType};

/// An element that is no valid stanza, and what is needed to say so.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct Malformed {
    /// What its sender is told.
    pub error: StanzaError,
    /// What it would have been; `None` is for the stream error `unsupported-stanza-type`.
    pub kind: Option<Kind>,
    pub id: Option<String>,
    /// Its `from` as it was written.
    pub from: Option<String>,
    /// Its `to` as it was written.
    pub to: Option<String>,
    /// Whether it is an error or a result, which is never answered with an error.
    pub is_answer: bool,
}

impl Malformed {
    pub(crate) fn new(root: Node<'_>, error: StanzaError) -> Self {
        let text = |name: &str| root.attr(name).map(|value| value.into_owned());
        Self {
            error,
            kind: Kind::from_root(root),
            id: text("id"),
            from: text("from"),
            to: text("to"),
            is_answer: root.attr("type").is_some_and(|text| matches!(text.as_ref(), "error" | "result")),
        }
    }

    /// What is not even an element.
    pub(crate) fn unreadable(error: &StreamError) -> Self {
        Self {
            error: StanzaError::bad_request().text(error.to_string()),
            kind: None,
            id: None,
            from: None,
            to: None,
            is_answer: false,
        }
    }

    /// The error to the sender; `None` where there must be none, or the element was no stanza at all.
    pub fn error_reply(&self) -> Option<Stanza> {
        let kind = self.kind.filter(|_| !self.is_answer)?;
        let jid = |text: &Option<String>| text.as_deref().and_then(|text| Jid::parse(text).ok());
        let (from, to) = (jid(&self.to), jid(&self.from));
        // An IQ has an id, even where the request had none.
        let id = self.id.as_deref().or((kind == Kind::Iq).then_some(""));
        let head = Head { kind, stanza_type: StanzaType::Error, id, from: from.as_ref(), to: to.as_ref() };
        Some(head.finish(&[&self.error.to_element()]))
    }
}
