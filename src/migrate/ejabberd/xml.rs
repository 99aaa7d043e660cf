//! XML as it is stored.

use xmpp::{Document, ElementLimits};

/// What keeps memory and recursion within bounds; what the server here takes is checked later.
const LIMITS: ElementLimits = ElementLimits {
    stanza_bytes: 64 << 20,
    depth: 256,
    attributes: 4096,
    elements: 1 << 20,
    namespaces: 4096,
};

/// An element where `inherited` is the default namespace; `None` if it is none.
pub(super) fn parse(text: &str, inherited: &str) -> Option<Document> {
    Document::parse(text.to_owned().into(), inherited, &LIMITS).ok()
}

/// The text, with `ns` declared if the element declares no namespace: old versions left out what goes without saying.
/// Broken XML is left as it is.
pub(super) fn declared(text: String, ns: &str) -> String {
    if !parse(&text, "").is_some_and(|document| document.root().ns().is_empty()) {
        return text;
    }
    let document = parse(&text, ns);
    let element = document.and_then(|document| document.root().to_bounded_element());
    element.map_or(text, |element| element.to_xml(""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_is_not_declared_is_declared() {
        for (text, expected) in [
            ("<a xmlns='x'><b/></a>", "<a xmlns='x'><b/></a>"),
            ("<a><b/></a>", "<a xmlns='ns'><b/></a>"),
            ("<p:a xmlns:p='x'/>", "<p:a xmlns:p='x'/>"),
            ("<a><b", "<a><b"),
        ] {
            assert_eq!(declared(text.to_owned(), "ns"), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[<>/a-c='\"& !\\[\\]-]{0,60}") {
            let _ = declared(text, "ns");
        }
    }
}
