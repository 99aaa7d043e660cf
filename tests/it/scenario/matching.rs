//! Is this what was expected?

use std::collections::HashMap;

use bytes_of::elements;
use xmpp::{Child, Element};

/// What `{set:NAME}` has caught, for `{NAME}` in what is sent and expected later.
pub type Caught = HashMap<String, String>;

mod bytes_of {
    use xmpp::{Document, Element, ElementLimits, ns};

    /// The namespace of `scn:exact`.
    const SCN: &str = "urn:castling:scenario";

    /// The elements of a block of a script.
    pub fn elements(xml: &str) -> Result<Vec<Element>, String> {
        let whole = format!(
            "<block xmlns='{}' xmlns:scn='{SCN}' xmlns:stream='{}'>{xml}</block>",
            ns::CLIENT,
            ns::STREAM
        );
        let document = Document::parse(whole.into_bytes().into(), ns::CLIENT, &ElementLimits::OWN)
            .map_err(|error| format!("this is not XML: {error}\n{xml}"))?;
        Ok(document.root().children().map(|child| child.to_element()).collect())
    }
}

/// Reads what is expected.
pub fn expected(xml: &str) -> Result<Vec<Element>, String> {
    elements(xml)
}

/// Replaces `{NAME}` by what was caught under that name.
pub fn fill(xml: &str, caught: &Caught) -> String {
    caught.iter().fold(xml.to_owned(), |xml, (name, value)| xml.replace(&format!("{{{name}}}"), value))
}

/// Does the element have everything that is expected: name, namespace, attributes, text and, in any order, children?
/// It may have more, unless `scn:exact` is set. `{any}` stands for any value that is not empty, `{absent}` for no such
/// attribute, `{set:NAME}` for any value that is not empty, which is caught.
pub fn matches(expected: &Element, actual: &Element, caught: &mut Caught) -> bool {
    if expected.name() != actual.name() || expected.ns() != actual.ns() {
        return false;
    }
    let exact = expected.get("scn:exact").is_some();
    let wanted: Vec<_> = expected.attributes().iter().filter(|a| a.name != "scn:exact").collect();
    let attributes = wanted.iter().all(|a| value(&a.value, actual.get(&a.name), caught))
        && (!exact || actual.attributes().iter().all(|a| wanted.iter().any(|w| w.name == a.name)));
    attributes && text(expected, actual, exact, caught) && children(expected, actual, exact, caught)
}

fn value(expected: &str, actual: Option<&str>, caught: &mut Caught) -> bool {
    match (expected, actual) {
        ("{absent}", actual) => actual.is_none(),
        (_, None) => false,
        ("{any}", Some(actual)) => !actual.is_empty(),
        (expected, Some("")) => expected.is_empty(),
        (expected, Some(actual)) => match expected.strip_prefix("{set:").and_then(|e| e.strip_suffix('}')) {
            Some(name) => {
                caught.insert(name.to_owned(), actual.to_owned());
                true
            }
            None => expected == actual,
        },
    }
}

/// White space beside elements is layout, in a script and in what is expected of an element with children.
fn text(expected: &Element, actual: &Element, exact: bool, caught: &mut Caught) -> bool {
    let has_children = expected.nodes().iter().any(|node| matches!(node, Child::Element(_)));
    let read = |element: &Element| match has_children {
        true => element.text_content().trim().to_owned(),
        false => element.text_content(),
    };
    let (wanted, got) = (read(expected), read(actual));
    match wanted.is_empty() {
        true => !exact || got.is_empty(),
        false => value(&wanted, Some(&got), caught),
    }
}

fn children(expected: &Element, actual: &Element, exact: bool, caught: &mut Caught) -> bool {
    let mut left: Vec<&Element> = actual.children().collect();
    for child in expected.children() {
        let mut tried = caught.clone();
        let found = left.iter().position(|candidate| {
            tried.clone_from(caught);
            matches(child, candidate, &mut tried)
        });
        let Some(found) = found else { return false };
        left.remove(found);
        *caught = tried;
    }
    !exact || left.is_empty()
}

#[test]
fn more_is_allowed_and_less_is_not() {
    let one = |xml: &str| elements(xml).unwrap().remove(0);
    let actual = one("<iq id='1' to='a'><q xmlns='x' v='3'><i n='1'/><i n='2'>t</i></q></iq>");
    for (expected, fits) in [
        ("<iq/>", true),
        ("<iq id='1'><q xmlns='x'/></iq>", true),
        ("<iq id='2'/>", false),
        ("<iq xmlns='y'/>", false),
        ("<message/>", false),
        ("<iq id='{any}' from='{absent}'/>", true),
        ("<iq id='{absent}'/>", false),
        ("<iq from='{any}'/>", false),
        ("<iq><q xmlns='x'>\n <i n='2'>t</i>\n <i n='1'/></q></iq>", true),
        ("<iq><q xmlns='x'><i n='1'/><i n='1'/></q></iq>", false),
        ("<iq><q xmlns='x'><i n='2'>u</i></q></iq>", false),
        ("<iq><q xmlns='x' scn:exact='true' v='3'><i/></q></iq>", false),
        ("<iq><q xmlns='x' scn:exact='true' v='3'><i/><i/></q></iq>", true),
        ("<iq scn:exact='true' id='1'><q xmlns='x'/></iq>", false),
        ("<iq><q xmlns='x'><i n='2' scn:exact='true'/></q></iq>", false),
    ] {
        assert_eq!(matches(&one(expected), &actual, &mut Caught::new()), fits, "{expected}");
    }
}

#[test]
fn what_is_caught() {
    let one = |xml: &str| elements(xml).unwrap().remove(0);
    let actual = one("<iq><i n='1'/><i n='2'>t</i></iq>");
    let mut caught = Caught::new();
    assert!(matches(&one("<iq><i n='{set:n}'>{set:text}</i></iq>"), &actual, &mut caught));
    assert_eq!(fill("<x a='{n}'>{text}{other}</x>", &caught), "<x a='2'>t{other}</x>");
}
