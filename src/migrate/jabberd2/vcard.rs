//! vCards: a column for each field.

use xmpp::{Element, ns};

/// A column: its name, the field, the elements within it.
const FIELDS: &[(&str, &str, &[&str])] = &[
    ("fn", "FN", &[]),
    ("n-family", "N", &["FAMILY"]),
    ("n-given", "N", &["GIVEN"]),
    ("n-middle", "N", &["MIDDLE"]),
    ("n-prefix", "N", &["PREFIX"]),
    ("n-suffix", "N", &["SUFFIX"]),
    ("nickname", "NICKNAME", &[]),
    ("photo-type", "PHOTO", &["TYPE"]),
    ("photo-binval", "PHOTO", &["BINVAL"]),
    ("photo-extval", "PHOTO", &["EXTVAL"]),
    ("bday", "BDAY", &[]),
    ("adr-pobox", "ADR", &["POBOX"]),
    ("adr-extadd", "ADR", &["EXTADD"]),
    ("adr-street", "ADR", &["STREET"]),
    ("adr-locality", "ADR", &["LOCALITY"]),
    ("adr-region", "ADR", &["REGION"]),
    ("adr-pcode", "ADR", &["PCODE"]),
    ("adr-country", "ADR", &["CTRY"]),
    ("tel", "TEL", &["NUMBER"]),
    ("email", "EMAIL", &["USERID"]),
    ("jabberid", "JABBERID", &[]),
    ("mailer", "MAILER", &[]),
    ("tz", "TZ", &[]),
    ("geo-lat", "GEO", &["LAT"]),
    ("geo-lon", "GEO", &["LON"]),
    ("title", "TITLE", &[]),
    ("role", "ROLE", &[]),
    ("logo-type", "LOGO", &["TYPE"]),
    ("logo-binval", "LOGO", &["BINVAL"]),
    ("logo-extval", "LOGO", &["EXTVAL"]),
    ("agent-extval", "AGENT", &["EXTVAL"]),
    ("org-orgname", "ORG", &["ORGNAME"]),
    ("org-orgunit", "ORG", &["ORGUNIT"]),
    ("note", "NOTE", &[]),
    ("rev", "REV", &[]),
    ("sort-string", "SORT-STRING", &[]),
    ("sound-phonetic", "SOUND", &["PHONETIC"]),
    ("sound-binval", "SOUND", &["BINVAL"]),
    ("sound-extval", "SOUND", &["EXTVAL"]),
    ("uid", "UID", &[]),
    ("url", "URL", &[]),
    ("desc", "DESC", &[]),
    ("key-type", "KEY", &["TYPE"]),
    ("key-cred", "KEY", &["CRED"]),
];

/// The columns of the table that hold fields.
pub(super) fn columns() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(column, ..)| *column)
}

/// The vCard of a row; `text` gives the value of a column. `None` if all fields are empty.
pub(super) fn element(mut text: impl FnMut(&'static str) -> Option<String>) -> Option<Element> {
    let mut fields: Vec<Element> = Vec::new();
    for (column, field, within) in FIELDS {
        let Some(value) = text(column).filter(|value| !value.is_empty()) else { continue };
        let Some(name) = within.first() else {
            fields.push(Element::new(field, ns::VCARD).text(value));
            continue;
        };
        let part = Element::new(name, ns::VCARD).text(value);
        if *field == "TEL" {
            // As jabberd2 answers.
            fields.push(Element::new(field, ns::VCARD).child(Element::new("VOICE", ns::VCARD)).child(part));
            continue;
        }
        match fields.iter_mut().find(|element| element.name() == *field) {
            Some(element) => element.push(part),
            None => fields.push(Element::new(field, ns::VCARD).child(part)),
        }
    }
    (!fields.is_empty()).then(|| Element::new("vCard", ns::VCARD).with_children(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_parts_are_put_together() {
        let row = |column: &str| match column {
            "fn" => Some("A & B".to_owned()),
            "n-given" => Some("A".to_owned()),
            "n-family" => Some("B".to_owned()),
            "adr-country" => Some("CZ".to_owned()),
            "url" => Some(String::new()),
            _ => None,
        };
        let expected = "<vCard xmlns='vcard-temp'><FN>A &amp; B</FN><N><FAMILY>B</FAMILY><GIVEN>A</GIVEN></N>\
                        <ADR><CTRY>CZ</CTRY></ADR></vCard>";
        assert_eq!(element(row).map(|vcard| vcard.to_xml("")).as_deref(), Some(expected));
        assert_eq!(element(|_| None), None);
        assert_eq!(columns().count(), 44);
    }
}
