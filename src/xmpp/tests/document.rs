use proptest::prelude::*;

use super::document;
use crate::{Document, ElementLimits, StreamCondition, ns};

#[test]
fn a_tree_is_seen() {
    let read =
        document("<message id='1' xml:lang='en'><a xmlns='urn:a'/>one<body>x &lt; y</body>two</message>")
            .unwrap();
    let root = read.root();
    assert!(root.is("message", ns::CLIENT));
    assert_eq!((root.attr("id").as_deref(), root.attr("xml:lang").as_deref()), (Some("1"), Some("en")));
    assert_eq!(root.attr("xmlns"), None);
    assert_eq!(root.children().map(|child| child.name()).collect::<Vec<_>>(), ["a", "body"]);
    assert!(root.first_child().unwrap().is("a", "urn:a"));
    assert_eq!(root.child("body", ns::CLIENT).unwrap().text(), "x < y");
    assert_eq!(root.text(), "onetwo");
    assert_eq!(root.child("body", ns::CLIENT).unwrap().raw(), "<body>x &lt; y</body>");
    assert_eq!(root.child("body", "urn:a").is_none(), root.child("b", ns::CLIENT).is_none());
}

#[test]
fn siblings_and_descendants_are_told_apart() {
    let read = document("<a><b><c/><c><d/></c></b><e/></a>").unwrap();
    let names =
        |node: crate::Node<'_>| node.children().map(|child| child.name().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(read.root()), ["b", "e"]);
    let b = read.root().first_child().unwrap();
    assert_eq!(names(b), ["c", "c"]);
    assert_eq!(names(b.children().nth(1).unwrap()), ["d"]);
}

#[test]
fn namespaces_are_resolved() {
    let read = document(
        "<a xmlns:p='urn:1'><p:b xmlns:p='urn:2' p:c='x' c='y'><p:d xmlns=''><e/></p:d></p:b><p:f/><g xmlns='urn:&amp;'/></a>",
    )
    .unwrap();
    let b = read.root().first_child().unwrap();
    assert!(b.is("b", "urn:2"));
    assert_eq!((b.attr("c").as_deref(), b.attr_ns("c", "urn:2").as_deref()), (Some("y"), Some("x")));
    assert!(b.first_child().unwrap().first_child().unwrap().is("e", ""));
    assert!(read.root().child("f", "urn:1").is_some());
    assert!(read.root().child("g", "urn:&").is_some());
}

#[test]
fn text_is_unescaped() {
    let read =
        document("<a b='1&#10;2\t&quot;'>&lt;&gt;&amp;&apos;&quot;&#65;&#x1F980;<![CDATA[&lt;]]>]]&gt;</a>")
            .unwrap();
    assert_eq!(read.root().text(), "<>&'\"A🦀&lt;]]>");
    assert_eq!(read.root().attr("b").unwrap(), "1\n2 \"");
}

#[test]
fn carriage_returns_are_line_feeds() {
    let read = document("<a b='1\r\n2'>1\r2\r\n3<![CDATA[\r]]>&#13;</a>").unwrap();
    assert!(!read.as_bytes().contains(&b'\r'));
    assert_eq!(read.root().text(), "1\n2\n3\n\r");
    assert_eq!(read.root().attr("b").unwrap(), "1 2");
}

#[test]
fn limits_hold() {
    let condition = |xml: String, limits: ElementLimits| {
        Document::parse(xml.into_bytes().into(), ns::CLIENT, &limits)
            .map(drop)
            .map_err(|error| error.condition)
    };
    let refused = Err(StreamCondition::PolicyViolation);
    let limits = ElementLimits { depth: 3, elements: 4, attributes: 2, namespaces: 3, stanza_bytes: 100 };
    assert_eq!(condition("<a><b><c/></b></a>".into(), limits), Ok(()));
    assert_eq!(condition("<a><b><c><d/></c></b></a>".into(), limits), refused);
    assert_eq!(condition("<a><b/><b/><b/></a>".into(), limits), Ok(()));
    assert_eq!(condition("<a><b/><b/><b/><b/></a>".into(), limits), refused);
    assert_eq!(condition("<a b='' c=''/>".into(), limits), Ok(()));
    assert_eq!(condition("<a b='' c='' d=''/>".into(), limits), refused);
    assert_eq!(condition("<a><b xmlns='u:1'/><b xmlns='u:2'/><b xmlns='u:1'/></a>".into(), limits), Ok(()));
    assert_eq!(condition("<a><b xmlns='u:1'/><b xmlns='u:2'/><b xmlns='u:3'/></a>".into(), limits), refused);
    assert_eq!(condition(format!("<a>{}</a>", "x".repeat(93)), limits), Ok(()));
    assert_eq!(condition(format!("<a>{}</a>", "x".repeat(94)), limits), refused);
    assert_eq!(condition(format!("<{}/>", "x".repeat(1025)), ElementLimits::default()), refused);
    assert_eq!(condition("<a xmlns='urn:}'/>".into(), ElementLimits::default()), refused);
    assert_eq!(condition("<𐐀/>".into(), ElementLimits::default()), refused);
    assert_eq!(condition("<a 𐐀:b=''/>".into(), ElementLimits::default()), refused);
}

#[test]
fn a_clone_shares() {
    let read = document("<a/>").unwrap();
    assert_eq!(read.clone().as_bytes().as_ptr(), read.as_bytes().as_ptr());
}

proptest! {
    /// Whatever is accepted is the same tree after being written and parsed again.
    #[test]
    fn what_is_read_can_be_written(xml in xml(4)) {
        let read = document(&xml).unwrap();
        let element = read.to_element();
        let again = document(&element.to_xml(ns::CLIENT)).unwrap();
        prop_assert_eq!(again.to_element(), element);
    }

    /// What is declared on the stream is declared on the element, and all offsets move accordingly.
    #[test]
    fn what_is_borrowed_is_declared(inner in inner(3)) {
        let outer: [(Box<str>, Box<str>); 3] =
            [("other".into(), "urn:o".into()), ("q".into(), "urn:&".into()), ("p".into(), "urn:p".into())];
        for (start, end) in [("<m id='1'>", "</m>"), ("<p:m xmlns='urn:m' p:x=''>", "</p:m >")] {
            let xml = format!("{start}{inner}{end}").into_bytes();
            let read = Document::read(xml.into(), "urn:d", &outer, &ElementLimits::default()).unwrap();
            let again = Document::parse(read.as_bytes().clone(), "urn:d", &ElementLimits::default()).unwrap();
            prop_assert!(read.tape().same(again.tape(), read.as_str()));
            prop_assert_eq!(read.to_element(), again.to_element());
            prop_assert!(!read.as_str().contains("xmlns:other"));
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Document::parse(bytes.into(), ns::CLIENT, &ElementLimits::default());
    }

    #[test]
    fn any_markup_is_answered(xml in "[<>&;='\" a:/!\\[\\]\\-?x#1]{0,40}") {
        if let Ok(read) = document(&format!("<a>{xml}</a>")) {
            let element = read.to_element();
            prop_assert_eq!(document(&element.to_xml(ns::CLIENT)).unwrap().to_element(), element);
        }
    }
}

/// XML of some elements in some namespaces.
fn xml(depth: u32) -> impl Strategy<Value = String> {
    inner(depth).prop_map(|inner| format!("<m xmlns:p='urn:p' xmlns:q='jabber:client'>{inner}</m>"))
}

/// The content of such an element, where the prefixes `p` and `q` are declared.
pub(super) fn inner(depth: u32) -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "[a-z ]{0,8}",
        Just("&lt;&#65;".to_owned()),
        Just("<![CDATA[<&]]>".to_owned()),
        Just("\r\n".to_owned())
    ];
    let name = prop_oneof![Just("a"), Just("p:b"), Just("q:c"), Just("xml:d"), Just("é")];
    let attrs = prop_oneof![
        Just(""),
        Just(" x='1' p:x='&#10;\t' q:x=\"'\""),
        Just(" xmlns='urn:other'"),
        Just(" xmlns='' xml:lang='en'"),
        Just(" xmlns:p='urn:q' xmlns:q='urn:&amp;'"),
    ];
    let leaf = text.prop_map(|text| text);
    leaf.prop_recursive(depth, 32, 4, move |inner| {
        (name.clone(), attrs.clone(), proptest::collection::vec(inner, 0..4))
            .prop_map(|(name, attrs, inner)| format!("<{name}{attrs}>{}</{name}>", inner.concat()))
    })
}
