//! Stanzas that the server makes: answers, errors and its own.

use crate::element::Element;
use crate::error::StanzaError;
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Stanza, own};
use crate::stanza_type::{Kind, StanzaType};
use crate::stanza_write::pair;
use crate::tape::DECLARATION;

/// The largest payload that goes back with an error (RFC 6120 §8.3.1 leaves it to the server).
const RETURNED: usize = 4096;

/// A start tag without its `>`.
pub(crate) fn start(
    kind: Kind,
    stanza_type: StanzaType,
    id: Option<&str>,
    from: Option<&Jid>,
    to: Option<&Jid>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.push(b'<');
    out.extend_from_slice(kind.as_str().as_bytes());
    let type_name = (stanza_type != StanzaType::None).then_some(stanza_type.as_str());
    let pairs =
        [("from", from.map(Jid::as_str)), ("to", to.map(Jid::as_str)), ("id", id), ("type", type_name)];
    for (name, value) in pairs.iter().filter_map(|&(name, value)| Some((name, value?))) {
        pair(&mut out, name, value);
    }
    out
}

/// The stanza with this start tag and these children.
pub(crate) fn finish(mut xml: Vec<u8>, kind: Kind, children: &[&Element]) -> Stanza {
    xml.push(b'>');
    for child in children {
        child.write(&mut xml, ns::CLIENT);
    }
    xml.extend_from_slice(b"</");
    xml.extend_from_slice(kind.as_str().as_bytes());
    xml.push(b'>');
    let stanza = Stanza::from_document(own(xml));
    #[expect(
        clippy::expect_used,
        reason = "the addresses are JIDs, and the callers give what each kind must have"
    )]
    stanza.expect("what the server makes is a stanza")
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
        let children: Vec<&Element> = payload.into_iter().collect();
        finish(start(Kind::Iq, stanza_type, Some(id), from, to), Kind::Iq, &children)
    }

    /// A message without children; see [`Stanza::append`].
    pub fn message(stanza_type: StanzaType, from: Option<&Jid>, to: Option<&Jid>) -> Stanza {
        finish(start(Kind::Message, stanza_type, None, from, to), Kind::Message, &[])
    }

    /// A presence without children; see [`Stanza::append`].
    pub fn presence(stanza_type: StanzaType, from: Option<&Jid>, to: Option<&Jid>) -> Stanza {
        finish(start(Kind::Presence, stanza_type, None, from, to), Kind::Presence, &[])
    }

    /// The `result` of this IQ request, to its sender.
    pub fn result_reply(&self, payload: Option<&Element>) -> Stanza {
        let children: Vec<&Element> = payload.into_iter().collect();
        let id = Some(self.id().unwrap_or_default());
        finish(start(Kind::Iq, StanzaType::Result, id, self.to(), self.from()), Kind::Iq, &children)
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
        let mut xml = start(self.kind(), StanzaType::Error, self.id(), self.to(), self.from());
        let inner = self.root().inner();
        if inner.is_empty() || inner.len() > RETURNED {
            return Some(finish(xml, self.kind(), &[&error.to_element()]));
        }
        let source = self.root().source();
        for record in
            self.root().records().iter().filter(|record| record.ns == DECLARATION && record.prefix_len > 0)
        {
            xml.push(b' ');
            xml.extend_from_slice(record.raw(source));
        }
        xml.push(b'>');
        xml.extend_from_slice(inner.as_bytes());
        error.to_element().write(&mut xml, ns::CLIENT);
        xml.extend_from_slice(format!("</{}>", self.kind().as_str()).as_bytes());
        Stanza::from_document(own(xml)).ok()
    }
}
