use crate::{Document, Element, ElementLimits, Stanza, StreamCondition, StreamError, Wrapper, ns};

const BODY: &str = "http://jabber.org/protocol/httpbind";

fn children(xml: &str) -> Result<Vec<Document>, StreamError> {
    let limits = ElementLimits::default();
    whole(Wrapper::open(xml.as_bytes(), &limits)?.children(&limits, 10))
}

fn whole((children, mistake): (Vec<Document>, Option<StreamError>)) -> Result<Vec<Document>, StreamError> {
    mistake.map_or(Ok(children), Err)
}

fn trees(xml: &str) -> Vec<Element> {
    children(xml).unwrap().iter().map(Document::to_element).collect()
}

fn refused(xml: &str) -> StreamCondition {
    children(xml).expect_err(xml).condition
}

#[test]
fn the_tag_is_read_first() {
    let half =
        format!("<?xml version='1.0'?>\n <body rid='1' xmlns='{BODY}' xmlns:x='urn:x' x:y='&lt;'><mess");
    let wrapper = Wrapper::open(half.as_bytes(), &ElementLimits::default()).unwrap();
    assert!(wrapper.tag().is("body", BODY));
    assert_eq!(wrapper.tag().attr("rid").as_deref(), Some("1"));
    assert_eq!(wrapper.tag().attr_ns("y", "urn:x").as_deref(), Some("<"));
    assert_eq!(
        whole(wrapper.children(&ElementLimits::default(), 10)).unwrap_err().condition,
        StreamCondition::NotWellFormed
    );
}

#[test]
fn what_inherits_the_wrappers_namespace_is_of_clients() {
    for xml in [
        format!("<body xmlns='{BODY}'><message><body>x</body></message></body>"),
        format!("<body xmlns='{BODY}'>\n<message xmlns='jabber:client'><body>x</body></message> </body >\n"),
        format!("<b:body xmlns:b='{BODY}' xmlns='jabber:client'><message><body>x</body></message></b:body>"),
        format!(
            "<body xmlns='{BODY}' xmlns:c='jabber:client'><c:message><c:body>x</c:body></c:message></body>"
        ),
    ] {
        let expected = Element::new("message", ns::CLIENT).child(Element::new("body", ns::CLIENT).text("x"));
        assert_eq!(trees(&xml), [expected], "{xml}");
    }
}

#[test]
fn what_names_a_namespace_keeps_it() {
    for (xml, ns) in [
        (format!("<body xmlns='{BODY}'><message xmlns='{BODY}'/></body>"), BODY),
        (format!("<body xmlns='{BODY}' xmlns:b='{BODY}'><b:message/></body>"), BODY),
        (format!("<b:body xmlns:b='{BODY}'><message/></b:body>"), ""),
        (format!("<b:body xmlns:b='{BODY}' xmlns='urn:x'><message/></b:body>"), "urn:x"),
        (format!("<body xmlns='{BODY}'><message xmlns=''/></body>"), ""),
    ] {
        let found = trees(&xml);
        assert!(found.len() == 1 && found[0].is("message", ns), "{xml}: {found:?}");
    }
}

#[test]
fn a_child_declares_what_it_borrows_and_keeps_its_bytes() {
    let xml = format!(
        "<body xmlns='{BODY}' xmlns:x='urn:x'><iq  id=\"1\" type='get'><x:a/></iq><message\n id='2'/></body>"
    );
    let found = children(&xml).unwrap();
    assert_eq!(found[0].as_str(), "<iq xmlns:x='urn:x'  id=\"1\" type='get'><x:a/></iq>");
    assert_eq!(found[1].as_str(), "<message\n id='2'/>");
    let stanza = Stanza::from_document(found[0].clone()).unwrap();
    assert_eq!(stanza.children().next().unwrap().ns(), "urn:x");
}

#[test]
fn empty_in_both_ways() {
    for xml in [format!("<body xmlns='{BODY}'/>\n"), format!("<body xmlns='{BODY}'> </body>")] {
        assert_eq!(trees(&xml), []);
    }
}

#[test]
fn what_is_no_wrapper_is_refused() {
    use StreamCondition::{BadFormat, BadNamespacePrefix, NotWellFormed, PolicyViolation, RestrictedXml};
    let inside = |what: &str| format!("<body xmlns='{BODY}'>{what}</body>");
    for (xml, condition) in [
        (String::new(), NotWellFormed),
        ("hello".to_owned(), NotWellFormed),
        ("<body".to_owned(), NotWellFormed),
        ("</body>".to_owned(), NotWellFormed),
        ("<a:body/>".to_owned(), BadNamespacePrefix),
        (inside("text"), BadFormat),
        (inside("<a/>&amp;"), BadFormat),
        (inside("<![CDATA[x]]>"), RestrictedXml),
        (inside("<!-- x -->"), RestrictedXml),
        (inside("<a><!-- x --></a>"), RestrictedXml),
        (inside("<?xml version='1.0'?>"), RestrictedXml),
        (inside("<a><b></a></b>"), NotWellFormed),
        (inside("<b:a/>"), BadNamespacePrefix),
        (inside("<a/>").repeat(2), NotWellFormed),
        (inside("") + "x", NotWellFormed),
        (format!("<body xmlns='{BODY}'/><a/>"), NotWellFormed),
        (format!("<body xmlns='{BODY}'></bodi>"), NotWellFormed),
        (format!("<body xmlns='{BODY}'><a/>"), NotWellFormed),
        (inside(&"<a/>".repeat(11)), PolicyViolation),
        (inside(&"<a>".repeat(70)), PolicyViolation),
    ] {
        assert_eq!(refused(&xml), condition, "{xml}");
    }
}

#[test]
fn limits_are_those_of_each_child() {
    let limits = ElementLimits { stanza_bytes: 100, ..ElementLimits::default() };
    let body = |stanza: &str| format!("<body xmlns='{BODY}'>{stanza}{stanza}{stanza}</body>");
    let read = |stanza: &str| whole(Wrapper::open(body(stanza).as_bytes(), &limits)?.children(&limits, 10));
    assert_eq!(read(&format!("<a b='{}'/>", "x".repeat(80))).unwrap().len(), 3);
    let error = read(&format!("<a b='{}'/>", "x".repeat(100))).unwrap_err();
    assert_eq!(error.condition, StreamCondition::PolicyViolation);
}

#[test]
fn what_stands_before_a_mistake_is_read() {
    let read = |inside: &str| {
        let xml = format!("<body xmlns='{BODY}'><a/><b/>{inside}");
        let limits = ElementLimits::default();
        let (children, mistake) = Wrapper::open(xml.as_bytes(), &limits).unwrap().children(&limits, 10);
        (children.len(), mistake.map(|error| error.condition))
    };
    assert_eq!(read("</body>"), (2, None));
    assert_eq!(read("<c><d></c></body>"), (2, Some(StreamCondition::NotWellFormed)));
    assert_eq!(read("<c"), (2, Some(StreamCondition::NotWellFormed)));
    assert_eq!(read("<!-- no --></body>"), (2, Some(StreamCondition::RestrictedXml)));
    assert_eq!(read("</body>more"), (2, Some(StreamCondition::NotWellFormed)));
}
