//! A stanza that was sent to an address of the plugin's own.

use crate::bindings::castling::plugin::types::Head;
use crate::{Element, Kind, StanzaType};

/// The namespace of stanza errors (RFC 6120, 8.3.2).
const ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";

/// A stanza to the plugin's address.
pub struct Incoming {
    head: Head,
    xml: String,
    element: Element,
}

impl Incoming {
    pub(crate) fn new(head: Head, xml: String) -> Self {
        let element = Element::parse(&xml).unwrap_or_default();
        Self { head, xml, element }
    }

    /// Message, presence or IQ.
    pub fn kind(&self) -> Kind {
        self.head.kind
    }

    /// Its `type`; `None` if the attribute is absent (a message is then `normal`, presence is available).
    pub fn stanza_type(&self) -> StanzaType {
        self.head.stanza_type
    }

    /// Whether this is true of it; see [`facts`](crate::facts).
    pub fn has(&self, fact: u32) -> bool {
        self.head.facts & fact != 0
    }

    /// The number of the local session that sent it; 0 if none on this domain did.
    pub fn session(&self) -> u64 {
        self.head.session
    }

    /// The number of the served domain that the address belongs to.
    pub fn domain(&self) -> u32 {
        self.head.domain
    }

    /// All of it.
    pub fn xml(&self) -> &str {
        &self.xml
    }

    /// All of it, read.
    pub fn element(&self) -> &Element {
        &self.element
    }

    /// The sender's JID.
    pub fn from(&self) -> &str {
        self.element.get("from").unwrap_or_default()
    }

    /// The JID that it was sent to.
    pub fn to(&self) -> &str {
        self.element.get("to").unwrap_or_default()
    }

    /// Its id; empty if absent.
    pub fn id(&self) -> &str {
        self.element.get("id").unwrap_or_default()
    }

    /// Its first child element.
    pub fn payload(&self) -> Option<&Element> {
        self.element.children().first()
    }

    /// The body of a message.
    pub fn body(&self) -> Option<&str> {
        Some(self.element.child("body", self.element.ns())?.text())
    }

    /// Whether it is a request, which must be answered.
    pub fn is_request(&self) -> bool {
        self.kind() == Kind::Iq && matches!(self.stanza_type(), StanzaType::Get | StanzaType::Set)
    }

    /// A stanza of the same kind back to the sender, with the same id, from the JID that this was sent to.
    pub fn reply(&self, stanza_type: &str) -> Element {
        Element::client(self.element.name())
            .attr("from", self.to())
            .attr("to", self.from())
            .opt_attr("id", self.element.get("id"))
            .attr("type", stanza_type)
    }

    /// The result of a request.
    pub fn result(&self, payload: Option<Element>) -> Element {
        self.reply("result").with_all(payload)
    }

    /// A stanza error (RFC 6120, 8.3), such as `error("modify", "bad-request", "the move is not legal")`. No text if it is empty.
    pub fn error(&self, error_type: &str, condition: &str, text: &str) -> Element {
        let error = Element::client("error").attr("type", error_type).with(Element::new(condition, ERRORS));
        let text = (!text.is_empty()).then(|| Element::new("text", ERRORS).with_text(text));
        self.reply("error").with(error.with_all(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(xml: &str) -> Incoming {
        let (kind, stanza_type) = (Kind::Iq, StanzaType::Get);
        Incoming::new(Head { kind, stanza_type, facts: 0, session: 7, domain: 1 }, xml.into())
    }

    #[test]
    fn answers_go_back_to_the_sender() {
        let asked = incoming("<iq type='get' id='1' from='a@b/c' to='d@e'><q xmlns='urn:q'/></iq>");
        assert!(asked.is_request() && asked.payload().is_some_and(|payload| payload.ns() == "urn:q"));
        let head = "<iq from='d@e' to='a@b/c' id='1'";
        assert_eq!(asked.result(None).to_xml(), format!("{head} type='result'/>"));
        assert_eq!(
            asked.error("modify", "bad-request", "no").to_xml(),
            format!(
                "{head} type='error'><error type='modify'><bad-request xmlns='{ERRORS}'/><text xmlns='{ERRORS}'>no</text></error></iq>"
            )
        );
    }
}
