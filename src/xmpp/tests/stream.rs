use proptest::prelude::*;

use super::{HEADER, events};
use crate::StreamCondition::{self, *};
use crate::{ElementLimits, Jid, StreamEvent, StreamParser, ns};

fn open(xml: &str) -> Result<crate::StreamHeader, StreamCondition> {
    let mut parser = StreamParser::new(ElementLimits::default());
    parser.feed(xml.as_bytes());
    match parser.next() {
        Ok(Some(StreamEvent::Open(header))) => Ok(header),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.condition),
    }
}

#[test]
fn a_session() {
    let rest = " \n<presence/>\n <message><body>a</body></message></stream:stream>";
    let (events, error) = events(ElementLimits::default(), [HEADER.as_bytes(), rest.as_bytes()]);
    assert_eq!(error, None);
    assert!(events[0].starts_with("Open("));
    assert_eq!(events[1..], ["<presence/>", "<message><body>a</body></message>", "Close"]);
}

#[test]
fn what_a_header_says() {
    let header = open(HEADER).unwrap();
    assert_eq!(header.to, Some(Jid::parse("chess.example").unwrap()));
    assert_eq!((header.from, header.id, header.version), (None, None, (1, 0)));
    assert_eq!((header.lang.as_deref(), header.content_ns.as_str()), (Some("en"), ns::CLIENT));
    let old =
        open("<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='7'>");
    assert_eq!(old.as_ref().unwrap().version, (0, 9));
    assert_eq!(old.as_ref().unwrap().id.as_deref(), Some("7"));
    assert_eq!(old.unwrap().content_ns, ns::SERVER);
}

#[test]
fn headers_that_are_refused() {
    let stream = "xmlns:stream='http://etherx.jabber.org/streams'";
    for (xml, condition) in [
        (format!("<stream:stream {stream} xmlns='jabber:other'>"), InvalidNamespace),
        (format!("<stream:stream {stream}>"), InvalidNamespace),
        ("<stream:stream xmlns='jabber:client' xmlns:stream='urn:x'>".to_owned(), InvalidNamespace),
        ("<message xmlns='jabber:client'>".to_owned(), InvalidNamespace),
        (format!("<stream:streams {stream} xmlns='jabber:client'>"), BadFormat),
        (format!("<stream:stream {stream} xmlns='jabber:client'/>"), BadFormat),
        ("<stream:stream xmlns='jabber:client'>".to_owned(), BadNamespacePrefix),
        (format!("<stream:stream {stream} xmlns='jabber:client' to='@'>"), ImproperAddressing),
        (format!("<stream:stream {stream} xmlns='jabber:client' version='one'>"), UnsupportedVersion),
        ("<?xml version='1.0' encoding='ISO-8859-1'?>".to_owned(), UnsupportedEncoding),
        ("<?xml version='1.1'?>".to_owned(), NotWellFormed),
        ("<?xml encoding='UTF-8'?>".to_owned(), NotWellFormed),
        ("<?xml-stylesheet href='a'?>".to_owned(), RestrictedXml),
        ("<!DOCTYPE stream>".to_owned(), RestrictedXml),
        ("GET / HTTP/1.1\r\n".to_owned(), NotWellFormed),
        ("\u{16}\u{3}\u{1}".to_owned(), NotWellFormed),
        ("</stream:stream>".to_owned(), NotWellFormed),
    ] {
        assert_eq!(open(&xml), Err(condition), "{xml}");
    }
}

#[test]
fn after_the_header() {
    for (xml, condition) in [
        ("<?xml version='1.0'?>", RestrictedXml),
        ("hello", BadFormat),
        ("<!-- a -->", RestrictedXml),
        ("<!", RestrictedXml),
        ("</stream>", NotWellFormed),
        ("</other:stream>", NotWellFormed),
        ("<a><![CDATA[", Reset),
    ] {
        let (_, error) = events(ElementLimits::default(), [HEADER.as_bytes(), xml.as_bytes()]);
        match condition {
            // Unfinished, not refused.
            Reset => assert_eq!(error, None),
            condition => assert_eq!(error.unwrap().condition, condition, "{xml}"),
        }
    }
}

#[test]
fn prefixes_of_the_header_are_declared_where_they_are_used() {
    let header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:p='urn:&amp;'>";
    let (events, error) = events(
        ElementLimits::default(),
        [header.as_bytes(), b"<a><p:b p:c='1'/></a><stream:error/><d p:e=''></d>"],
    );
    assert_eq!(error, None);
    assert_eq!(
        events[1..],
        [
            "<a xmlns:p='urn:&amp;'><p:b p:c='1'/></a>",
            "<stream:error xmlns:stream='http://etherx.jabber.org/streams'/>",
            "<d xmlns:p='urn:&amp;' p:e=''></d>"
        ]
    );
}

#[test]
fn a_default_namespace_that_is_not_of_stanzas() {
    let header = "<stream xmlns='http://etherx.jabber.org/streams' xmlns:c='jabber:client'>";
    let (events, error) = events(
        ElementLimits::default(),
        [header.as_bytes(), b"<c:message><c:body>a</c:body></c:message></stream>"],
    );
    assert_eq!(error, None);
    assert_eq!(events[1..], ["<message><body>a</body></message>", "Close"]);
}

#[test]
fn a_server_stream_reads_as_a_client_one() {
    let header = "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>";
    let mut parser = StreamParser::new(ElementLimits::default());
    parser.feed(format!("{header}<message><body/></message>").as_bytes());
    assert!(matches!(parser.next(), Ok(Some(StreamEvent::Open(_)))));
    let Ok(Some(StreamEvent::Element(document))) = parser.next() else { panic!("no element") };
    assert_eq!(document.root().first_child().unwrap().ns(), ns::CLIENT);
}

#[test]
fn size_and_depth_end_a_stream_before_the_element_does() {
    let limits = ElementLimits { stanza_bytes: 300, depth: 3, ..ElementLimits::default() };
    let ended =
        |xml: &str| events(limits, [HEADER.as_bytes(), xml.as_bytes()]).1.map(|error| error.condition);
    assert_eq!(ended(&format!("<a>{}", "x".repeat(297))), None);
    assert_eq!(ended(&format!("<a>{}", "x".repeat(298))), Some(PolicyViolation));
    assert_eq!(ended(&format!("<a b='{}", "x".repeat(298))), Some(PolicyViolation));
    assert_eq!(ended("<a><b><c>"), None);
    assert_eq!(ended("<a><b><c><d"), Some(PolicyViolation));
    // Nothing beyond a limit matters, however much has arrived.
    let long = format!("{HEADER}<a>{}<b><c><d>", "x".repeat(300));
    assert_eq!(events(limits, [long.as_bytes()]), events(limits, long.as_bytes().chunks(1)));
    assert_eq!(ended(&" ".repeat(1000)), None);
    assert_eq!(ended(&"<a/>".repeat(1000)), None);
}

#[test]
fn nothing_is_held_while_idle() {
    let mut parser = StreamParser::new(ElementLimits::default());
    parser.feed(HEADER.as_bytes());
    parser.feed(b"<a/> ");
    while parser.next().unwrap().is_some() {}
    assert_eq!((parser.buffered(), parser.capacity()), (0, 0));
    parser.feed(b"<a");
    assert!(parser.next().unwrap().is_none());
    assert_eq!(parser.buffered(), 2);
}

#[test]
fn a_new_header_after_reset() {
    let mut parser = StreamParser::new(ElementLimits::default());
    parser.feed(format!("{HEADER}<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><injected/>").as_bytes());
    assert!(matches!(parser.next(), Ok(Some(StreamEvent::Open(_)))));
    assert!(matches!(parser.next(), Ok(Some(StreamEvent::Element(_)))));
    assert_eq!(parser.buffered(), "<injected/>".len());
    parser.clear();
    assert_eq!(parser.buffered(), 0);
    parser.feed(HEADER.as_bytes());
    assert!(matches!(parser.next(), Ok(Some(StreamEvent::Open(_)))));
}

#[test]
fn an_error_is_final() {
    let mut parser = StreamParser::new(ElementLimits::default());
    parser.feed(b"x");
    let error = parser.next().unwrap_err();
    parser.feed(HEADER.as_bytes());
    assert_eq!(parser.next().unwrap_err(), error);
}

const PIECES: &[&str] = &[
    "<message><body>a&amp;b</body></message>",
    "<presence/>",
    " \n",
    "<iq type='get' id=\"a>'b\"><q xmlns='urn:q'/></iq>",
    "<a><![CDATA[ ]] > ]]]]><b/></a>",
    "<stream:features><x/></stream:features>",
    "<a>\r\n</a>",
    "<a b='<'/>",
    "<!-- -->",
    "text",
    "</stream:stream>",
    "<a><b></a></b>",
    "<a",
    ">",
];

proptest! {
    /// However the bytes arrive, the events are the same.
    #[test]
    fn chunked_is_whole(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..8),
        cuts in proptest::collection::vec(1usize..40, 1..200),
    ) {
        let all = format!("{HEADER}{}", pieces.concat()).into_bytes();
        let mut rest = all.as_slice();
        let mut chunks = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, after) = rest.split_at((*cut).min(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        prop_assert_eq!(events(ElementLimits::default(), chunks), events(ElementLimits::default(), [all.as_slice()]));
        prop_assert_eq!(events(ElementLimits::default(), all.chunks(1)), events(ElementLimits::default(), [all.as_slice()]));
    }
}
