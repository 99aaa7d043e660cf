//! An element that is not a valid stanza.

use crate::error::{StanzaError, StreamError};
use crate::jid::Jid;
use crate::node::Node;
use crate::stanza::Stanza;
use crate::stanza_reply::Head;
use crate::stanza_type::{Kind, StanzaType};

/// An invalid stanza, with what is needed to answer it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct Malformed {
    /// The error for its sender.
    pub error: StanzaError,
    /// Its kind; `None` calls for the stream error `unsupported-stanza-type`.
    pub kind: Option<Kind>,
    pub id: Option<String>,
    /// Its `from` as written.
    pub from: Option<String>,
    /// Its `to` as written.
    pub to: Option<String>,
    /// Whether it is an error or a result, which must not be answered with an error.
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

    /// For input that is not even an element.
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

    /// The error to the sender; `None` if it must not be answered, or the element was not a stanza at all.
    pub fn error_reply(&self) -> Option<Stanza> {
        let kind = self.kind.filter(|_| !self.is_answer)?;
        let jid = |text: &Option<String>| text.as_deref().and_then(|text| Jid::parse(text).ok());
        let (from, to) = (jid(&self.to), jid(&self.from));
        // An IQ reply has an id, even if the request had none.
        let id = self.id.as_deref().or((kind == Kind::Iq).then_some(""));
        let head = Head { kind, stanza_type: StanzaType::Error, id, from: from.as_ref(), to: to.as_ref() };
        Some(head.finish(&[&self.error.to_element()]))
    }
}
