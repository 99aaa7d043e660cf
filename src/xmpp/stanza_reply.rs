//! Stanzas that the server makes: answers, errors and its own.

use std::sync::Arc;

use crate::document::Document;
use crate::element::Element;
use crate::error::StanzaError;
use crate::jid::Jid;
use crate::ns;
use crate::recorder::Recorder;
use crate::sink::Sink;
use crate::stanza::{Body, Stanza};
use crate::stanza_type::{Kind, StanzaType};
use crate::tape::DECLARATION;

/// The largest payload that goes back with an error (RFC 6120 §8.3.1 leaves it to the server).
const RETURNED: usize = 4096;
/// What is set aside for a stanza without a payload, in bytes.
const SMALL: usize = 256;

/// What the start tag of a new stanza says.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) kind: Kind,
    pub(crate) stanza_type: StanzaType,
    pub(crate) id: Option<&'a str>,
    pub(crate) from: Option<&'a Jid>,
    pub(crate) to: Option<&'a Jid>,
}

impl Head<'_> {
    /// Begins the start tag, which is not ended.
    fn begin(&self, capacity: usize) -> Recorder {
        let mut recorder = Recorder::new(capacity);
        recorder.open(self.kind.as_str());
        let type_name = (self.stanza_type != StanzaType::None).then_some(self.stanza_type.as_str());
        let (from, to) = (self.from.map(Jid::as_str), self.to.map(Jid::as_str));
        for (name, value) in [("from", from), ("to", to), ("id", self.id), ("type", type_name)] {
            if let Some(value) = value {
                recorder.attribute(name, value);
            }
        }
        recorder
    }

    /// The stanza with these children. Without them if it would exceed [`Limits::OWN`](crate::Limits::OWN) or one of
    /// them has an invalid name.
    pub(crate) fn finish(&self, children: &[&Element]) -> Stanza {
        self.with(children).unwrap_or_else(|| {
            let mut recorder = self.begin(SMALL);
            recorder.opened();
            recorder.close(self.kind.as_str());
            self.stanza(recorder.into_document())
        })
    }

    fn with(&self, children: &[&Element]) -> Option<Stanza> {
        let mut recorder = self.begin(SMALL);
        recorder.opened();
        for child in children {
            child.write_to(&mut recorder, ns::CLIENT);
        }
        recorder.close(self.kind.as_str());
        recorder.finish().ok().map(|document| self.stanza(document))
    }

    /// The stanza of a document that was begun with this tag. Nothing of it has to be checked.
    fn stanza(&self, document: Document) -> Stanza {
        let (from, to) = (self.from.cloned(), self.to.cloned());
        let made = Stanza {
            body: Arc::new(Body::new(document, self.kind, self.stanza_type)),
            from,
            to,
            default_lang: None,
            tag: None,
        };
        debug_assert!(made.is_valid(), "what the server makes is a stanza: {made}");
        made
    }
}

impl Stanza {
    /// An IQ. A request (`get`, `set`) needs a payload; an error is made by [`Stanza::error_reply`].
    pub fn iq(
        stanza_type: StanzaType,
        id: &str,
        from: Option<&Jid>,
        to: Option<&Jid>,
        payload: Option<&Element>,
    ) -> Stanza {
        Head { kind: Kind::Iq, stanza_type, id: Some(id), from, to }.finish(payload.as_slice())
    }

    /// A message without children; see [`Stanza::append`].
    pub fn message(stanza_type: StanzaType, from: Option<&Jid>, to: Option<&Jid>) -> Stanza {
        Head { kind: Kind::Message, stanza_type, id: None, from, to }.finish(&[])
    }

    /// A presence without children; see [`Stanza::append`].
    pub fn presence(stanza_type: StanzaType, from: Option<&Jid>, to: Option<&Jid>) -> Stanza {
        Head { kind: Kind::Presence, stanza_type, id: None, from, to }.finish(&[])
    }

    /// The `result` of this IQ request, to its sender; an error if the payload cannot be written.
    pub fn result_reply(&self, payload: Option<&Element>) -> Stanza {
        let id = Some(self.id().unwrap_or_default());
        let head =
            Head { kind: Kind::Iq, stanza_type: StanzaType::Result, id, from: self.to(), to: self.from() };
        head.with(payload.as_slice())
            .or_else(|| self.error_reply(&StanzaError::internal_server_error()))
            .unwrap_or_else(|| head.finish(&[]))
    }

    /// Whether its sender may be told of an error: not of an error or a result (RFC 6120 §8.3.1),
    /// and not of a presence that says goodbye.
    pub fn may_be_refused(&self) -> bool {
        !matches!(self.stanza_type(), StanzaType::Error | StanzaType::Result | StanzaType::Unavailable)
    }

    /// The error to the sender of this stanza, with its children unless they are large;
    /// `None` where there must be none.
    pub fn error_reply(&self, error: &StanzaError) -> Option<Stanza> {
        if !self.may_be_refused() {
            return None;
        }
        let (kind, error) = (self.kind(), error.to_element());
        let head =
            Head { kind, stanza_type: StanzaType::Error, id: self.id(), from: self.to(), to: self.from() };
        let inner = self.root().inner();
        if inner.is_empty() || inner.len() > RETURNED {
            return Some(head.finish(&[&error]));
        }
        let mut recorder = head.begin(SMALL + inner.len());
        let source = self.root().source();
        for record in
            self.root().records().iter().filter(|record| record.ns == DECLARATION && record.prefix_len > 0)
        {
            recorder.raw_attribute(source, record);
        }
        recorder.opened();
        let record = self.root().record();
        recorder.content(&self.body.document, 1..record.next, record.inner_start..record.inner_end);
        error.write_to(&mut recorder, ns::CLIENT);
        recorder.close(kind.as_str());
        Some(recorder.finish().map_or_else(|_| head.finish(&[&error]), |document| head.stanza(document)))
    }
}
