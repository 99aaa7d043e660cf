//! Changes of a stanza as a plugin describes them.

use xmpp::{Document, Element, ElementLimits, Framing, Stanza, ns};

use crate::bindings::castling::plugin::types::{Change, Child, NewText};

/// The most changes of one stanza.
const CHANGES: usize = 1_000;
/// How often a child may be compared with what a change is about: no deadline holds here.
const COMPARISONS: usize = 500_000;

/// The stanza after these changes.
///
/// # Errors
/// A change is invalid, or the stanza would exceed the limits.
pub(crate) fn amend(stanza: &Stanza, changes: &[Change], limits: &ElementLimits) -> Result<Stanza, String> {
    if changes.len() > CHANGES {
        return Err(format!("{} changes; at most {CHANGES} are allowed", changes.len()));
    }
    // Before anything is built: that takes time.
    let bytes: usize = changes.iter().map(bytes).sum();
    if bytes > limits.stanza_bytes {
        return Err(format!("{bytes} bytes of changes; a stanza may have {}", limits.stanza_bytes));
    }
    let mut tree = stanza.to_element();
    let children = tree.children().count() + changes.len();
    if children * changes.len() > COMPARISONS {
        return Err(format!("{} changes of a stanza with so many children", changes.len()));
    }
    for change in changes {
        apply(&mut tree, change, limits.attributes)?;
    }
    read(&tree, stanza, limits)
}

/// The bytes of what a change contains.
fn bytes(change: &Change) -> usize {
    match change {
        Change::Append(Child { name, ns, attributes, text }) => {
            let attributes = attributes.iter().map(|(name, value)| name.len() + value.len() + 4);
            name.len() + ns.len() + text.len() + attributes.sum::<usize>()
        }
        Change::Remove(child) => child.name.len() + child.ns.len(),
        Change::SetText(NewText { name, ns, text, .. }) => name.len() + ns.len() + text.len(),
    }
}

fn apply(tree: &mut Element, change: &Change, attributes: usize) -> Result<(), String> {
    match change {
        Change::Append(child) if child.attributes.len() > attributes => {
            return Err(format!("{} attributes; {attributes} are allowed", child.attributes.len()));
        }
        Change::Append(child) => tree.push(element(child)?),
        Change::Remove(unwanted) => tree.retain_children(|child| !child.is(&unwanted.name, &unwanted.ns)),
        Change::SetText(NewText { name, ns, index, text }) => {
            let mut children = tree.children_mut().filter(|child| child.is(name, ns));
            let child = children.nth(*index as usize);
            child.ok_or_else(|| format!("there is no child {name} ({ns}) number {index}"))?.set_text(text);
        }
    }
    Ok(())
}

fn element(child: &Child) -> Result<Element, String> {
    let invalid = |what: &str| format!("{what:?} is not a valid name");
    let mut made = Element::named(&child.name, &child.ns).ok_or_else(|| invalid(&child.name))?;
    for (name, value) in &child.attributes {
        if !made.set_named_attr(name, value) {
            return Err(invalid(name));
        }
    }
    made.set_text(&child.text);
    Ok(made)
}

/// Reads the tree as if a client had sent it. One that was larger than allowed before, as the server writes it, may stay so.
fn read(tree: &Element, before: &Stanza, limits: &ElementLimits) -> Result<Stanza, String> {
    let (xml, mut limits) = (tree.to_xml(ns::CLIENT), *limits);
    if xml.len() > limits.stanza_bytes {
        limits.stanza_bytes = limits.stanza_bytes.max(before.to_bytes(Framing::Inherit).len());
    }
    let document =
        Document::parse(xml.into_bytes().into(), ns::CLIENT, &limits).map_err(|why| why.to_string())?;
    Stanza::from_document(document).map_err(|why| why.error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::castling::plugin::types::ChildName;

    const XML: &str = "<message from='a@b/c' to='d@e' type='chat' id='1'><body>one</body>\
                       <body xml:lang='de'>eins</body><html xmlns='urn:h'><b>x</b></html></message>";

    fn amended(changes: &[Change]) -> Result<String, String> {
        let stanza = Stanza::parse_str(XML).unwrap();
        amend(&stanza, changes, &ElementLimits::default()).map(|new| new.to_element().to_xml(ns::CLIENT))
    }

    fn text(name: &str, index: u32, text: &str) -> Change {
        Change::SetText(NewText { name: name.into(), ns: ns::CLIENT.into(), index, text: text.into() })
    }

    fn child(name: &str, attributes: &[(&str, &str)], text: &str) -> Change {
        let attributes = attributes.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        let attributes = attributes.collect();
        Change::Append(Child { name: name.into(), ns: "urn:x".into(), attributes, text: text.into() })
    }

    #[test]
    fn changes_in_order() {
        let html = ChildName { name: "html".into(), ns: "urn:h".into() };
        let changes = [
            text("body", 1, "zwei <&>"),
            Change::Remove(html.clone()),
            Change::Remove(html),
            child("mark", &[("by", "it's"), ("xml:lang", "en")], "a\u{1}b"),
            text("body", 0, ""),
        ];
        assert_eq!(
            amended(&changes).unwrap(),
            "<message from='a@b/c' to='d@e' type='chat' id='1'><body/><body xml:lang='de'>zwei &lt;&amp;&gt;</body>\
             <mark xmlns='urn:x' by='it&apos;s' xml:lang='en'>a\u{fffd}b</mark></message>"
        );
    }

    #[test]
    fn what_is_refused() {
        for change in [
            text("body", 2, ""),
            text("subject", 0, ""),
            child("a b", &[], ""),
            child("a:b", &[], ""),
            child("", &[], ""),
            child("a><b", &[], ""),
            child("a", &[("xmlns", "urn:y")], ""),
            child("a", &[("b='c' d", "")], ""),
            child("a", &[("x:y", "")], ""),
        ] {
            assert!(amended(std::slice::from_ref(&change)).is_err(), "{change:?}");
        }
        let attributes: Vec<_> = (0..65).map(|number| format!("a{number}")).collect();
        let attributes: Vec<_> = attributes.iter().map(|name| (name.as_str(), "")).collect();
        assert!(amended(&[child("a", &attributes, "")]).is_err());
        assert!(
            amended(&[child("a", &attributes[1..], "")]).is_err(),
            "one is the declaration of its namespace"
        );
        let many = vec![child("a", &[], ""); CHANGES + 1];
        assert!(amended(&many).is_err());
        let same = |count| vec![text("body", 0, ""); count];
        assert!(amended(&same(600)).is_ok());
        assert!(amended(&same(800)).is_err(), "too much to look for");
    }

    #[test]
    fn the_limits_of_the_domain_are_kept() {
        let stanza = Stanza::parse_str(XML).unwrap();
        let limits = ElementLimits { stanza_bytes: 300, ..ElementLimits::default() };
        assert!(amend(&stanza, &[text("body", 0, "x")], &limits).is_ok());
        assert!(amend(&stanza, &[text("body", 0, &"x".repeat(300))], &limits).is_err());
        let limits = ElementLimits { stanza_bytes: 100, ..ElementLimits::default() };
        assert!(amend(&stanza, &[text("body", 0, "x")], &limits).is_ok(), "it was larger before");
        assert!(amend(&stanza, &[text("body", 0, "three!")], &limits).is_err());
        let limits = ElementLimits { elements: 5, ..ElementLimits::default() };
        assert!(amend(&stanza, &[], &limits).is_ok());
        assert!(amend(&stanza, &[child("a", &[], "")], &limits).is_err());
    }
}
