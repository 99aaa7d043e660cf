use super::{HEADER, events, seeds};
use crate::StreamCondition::{self, *};
use crate::{Document, ElementLimits, ns};

/// Every file `malformed-*` and the stream error that RFC 6120 names for it.
const CASES: &[(&str, StreamCondition)] = &[
    ("attribute-in-end-tag", NotWellFormed),
    ("attribute-without-value", NotWellFormed),
    ("bad-attribute-name", NotWellFormed),
    ("bad-element-name", NotWellFormed),
    ("bare-ampersand", NotWellFormed),
    ("cdata-end-in-text", NotWellFormed),
    ("comment", RestrictedXml),
    ("control-character", NotWellFormed),
    ("control-character-in-attribute", NotWellFormed),
    ("control-reference", NotWellFormed),
    ("control-reference-in-attribute", NotWellFormed),
    ("doctype", RestrictedXml),
    ("duplicate-attribute", NotWellFormed),
    ("duplicate-expanded-attribute", NotWellFormed),
    ("empty-prefix-declaration", NotWellFormed),
    ("less-than-in-attribute", NotWellFormed),
    ("lower-case-cdata", NotWellFormed),
    ("mismatched-tags", NotWellFormed),
    ("no-space-between-attributes", NotWellFormed),
    ("noncharacter", NotWellFormed),
    ("not-utf-8", UnsupportedEncoding),
    ("overlong", UnsupportedEncoding),
    ("processing-instruction", RestrictedXml),
    ("signed-reference", NotWellFormed),
    ("space-before-name", NotWellFormed),
    ("space-in-end-tag", NotWellFormed),
    ("surrogate", UnsupportedEncoding),
    ("surrogate-reference", NotWellFormed),
    ("text-outside", NotWellFormed),
    ("two-colons", NotWellFormed),
    ("two-elements", NotWellFormed),
    ("unclosed", NotWellFormed),
    ("undeclared-attribute-prefix", BadNamespacePrefix),
    ("undeclared-element-prefix", BadNamespacePrefix),
    ("undefined-entity", RestrictedXml),
    ("undefined-entity-in-attribute", RestrictedXml),
    ("unquoted-attribute", NotWellFormed),
    ("xml-declaration", RestrictedXml),
    ("xml-namespace-as-default", NotWellFormed),
    ("xml-prefix-rebound", NotWellFormed),
    ("xmlns-prefix-bound", NotWellFormed),
];

#[test]
fn each_is_refused_as_a_document() {
    let seeds = seeds();
    let files = seeds.iter().filter_map(|(name, xml)| Some((name.strip_prefix("malformed-")?, xml)));
    let mut seen = Vec::new();
    for (name, xml) in files {
        let (_, condition) =
            CASES.iter().find(|(case, _)| *case == name).unwrap_or_else(|| panic!("{name}: no case"));
        let refused = Document::parse(xml.clone().into(), ns::CLIENT, &ElementLimits::default()).unwrap_err();
        assert_eq!(refused.condition, *condition, "{name}: {refused}");
        seen.push(name);
    }
    assert_eq!(seen.len(), CASES.len());
}

/// On a stream, two elements are valid; unterminated input cannot be refused before it ends.
#[test]
fn each_is_refused_on_a_stream() {
    for (name, xml) in seeds() {
        let Some(name) = name.strip_prefix("malformed-") else { continue };
        let (_, condition) = CASES.iter().find(|(case, _)| *case == name).unwrap();
        let (events, error) =
            events(ElementLimits::default(), [HEADER.as_bytes(), &xml, b"<a/></stream:stream>"]);
        match name {
            "two-elements" => assert_eq!((events.len(), error), (5, None)),
            "text-outside" => assert_eq!(error.unwrap().condition, BadFormat),
            "unclosed" => assert_eq!((events.len(), error), (1, None)),
            "lower-case-cdata" => assert_eq!(error.unwrap().condition, RestrictedXml),
            _ => {
                assert_eq!(error.unwrap_or_else(|| panic!("{name}: passed")).condition, *condition, "{name}")
            }
        }
    }
}

#[test]
fn well_formed_seeds_pass() {
    for (name, xml) in seeds().into_iter().filter(|(name, _)| !name.starts_with("malformed-")) {
        let read = Document::parse(xml.into(), ns::CLIENT, &ElementLimits::default());
        read.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
