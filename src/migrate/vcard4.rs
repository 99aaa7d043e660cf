//! Which elements of a vCard (XEP-0054) the properties of vCard4 (RFC 6351) become, whatever server they come from.

/// The namespace of RFC 6351.
pub(crate) const VCARD4: &str = "urn:ietf:params:xml:ns:vcard-4.0";

/// Properties with one value: the property, and the element for it.
const TEXTS: [(&str, &str); 10] = [
    ("fn", "FN"),
    ("nickname", "NICKNAME"),
    ("bday", "BDAY"),
    ("title", "TITLE"),
    ("role", "ROLE"),
    ("url", "URL"),
    ("note", "NOTE"),
    ("tz", "TZ"),
    ("uid", "UID"),
    ("rev", "REV"),
];

/// Parts of a structured name.
pub(crate) const NAME: [(&str, &str); 5] = [
    ("surname", "FAMILY"),
    ("given", "GIVEN"),
    ("additional", "MIDDLE"),
    ("prefix", "PREFIX"),
    ("suffix", "SUFFIX"),
];

/// Parts of an address.
pub(crate) const ADDRESS: [(&str, &str); 7] = [
    ("pobox", "POBOX"),
    ("ext", "EXTADD"),
    ("street", "STREET"),
    ("locality", "LOCALITY"),
    ("region", "REGION"),
    ("code", "PCODE"),
    ("country", "CTRY"),
];

/// The element for a property with one value.
pub(crate) fn text_field(property: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(name, _)| *name == property).map(|(_, field)| *field)
}
