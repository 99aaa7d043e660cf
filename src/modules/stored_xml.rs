//! XML stored for users as it was sent: extracted from a stanza, and put into an answer.

use storage::StorageError;
use xmpp::{Document, Element, ElementLimits, Node, StanzaError};

/// An element as a tree of its own; one that would be far larger than its source is refused.
///
/// # Errors
/// `policy-violation`.
pub(crate) fn tree(node: Node<'_>) -> Result<Element, StanzaError> {
    let refused = || StanzaError::policy_violation().text("the namespaces in this element are too long");
    node.to_bounded_element().ok_or_else(refused)
}

/// The XML of an element, with every namespace declared in it.
pub(crate) fn write(element: &Element) -> String {
    element.to_xml("")
}

/// Parses stored XML.
///
/// # Errors
/// `internal-server-error` if it is damaged.
pub(crate) fn read(xml: String) -> Result<Element, StanzaError> {
    let document = Document::parse(xml.into_bytes().into(), "", &ElementLimits::OWN).map_err(|error| {
        tracing::error!(%error, "stored XML is damaged");
        StanzaError::internal_server_error()
    })?;
    Ok(document.to_element())
}

/// The stanza error for a failure of the store.
pub(crate) fn failed(error: &StorageError) -> StanzaError {
    kernel::failed(error, "cannot read or write stored XML")
}

#[cfg(test)]
mod tests {
    use super::*;
    use xmpp::Stanza;

    #[test]
    fn what_is_read_is_what_was_written() {
        for xml in [
            "<a xmlns='x:a'><b xmlns=''/> text &amp; <c xmlns='x:c' xmlns:p='x:p' p:d='&apos;'><p:e/></c></a>",
            "<p:a xmlns:p='x:a' n='1'/>",
        ] {
            let stanza = Stanza::parse_str(&format!("<message>{xml}</message>")).unwrap();
            let taken = tree(stanza.payload().unwrap()).unwrap();
            assert_eq!(read(write(&taken)).unwrap(), taken, "{xml}");
        }
        assert!(read("<a>".into()).is_err());
    }

    #[test]
    fn a_long_name_that_many_elements_share() {
        let payload = |length: usize, elements: usize| {
            let (name, within) = ("n".repeat(length), "<a/>".repeat(elements));
            let xml = format!("<message><x xmlns='urn:{name}'>{within}</x></message>");
            tree(Stanza::parse_str(&xml).unwrap().payload().unwrap()).map(drop)
        };
        assert_eq!(payload(100, 4000), Ok(()));
        assert_eq!(payload(100_000, 4), Ok(()));
        assert_eq!(payload(100_000, 4000).unwrap_err().condition, xmpp::Condition::PolicyViolation);
    }
}
