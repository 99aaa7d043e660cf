//! XML compared as XML.

use xmpp::{Child, Document, Element, ElementLimits};

/// An element such that equal ones have equal texts: attributes in order.
pub(super) fn normal(xml: &str) -> String {
    parsed(xml, false)
}

/// The same without white space between elements.
pub(super) fn without_space(xml: &str) -> String {
    parsed(xml, true)
}

fn parsed(xml: &str, is_loose: bool) -> String {
    let document = Document::parse_text(xml.to_owned().into(), "jabber:client", &ElementLimits::OWN);
    text(&document.unwrap_or_else(|error| panic!("{error}: {xml}")).to_element(), is_loose)
}

fn text(element: &Element, is_loose: bool) -> String {
    let is_loose_below = is_loose;
    let mut attributes: Vec<_> = element
        .attributes()
        .iter()
        .map(|attribute| {
            let local = attribute.name.rsplit(':').next().unwrap_or_default();
            // The truth files do not tell an attribute in its element's namespace from one without any.
            let ns = attribute.ns.as_deref().filter(|ns| *ns != element.ns()).unwrap_or_default();
            format!(" {{{ns}}}{local}={:?}", attribute.value)
        })
        .collect();
    attributes.sort();
    let is_loose = is_loose && element.children().next().is_some();
    let content = element.nodes().iter().map(|node| match node {
        Child::Element(child) => text(child, is_loose_below),
        Child::Text(text) if is_loose && text.trim().is_empty() => String::new(),
        Child::Text(text) => format!("{text:?}"),
        other => panic!("{other:?}"),
    });
    format!(
        "<{{{}}}{}{}>{}</>",
        element.ns(),
        element.name(),
        attributes.concat(),
        content.collect::<String>()
    )
}
