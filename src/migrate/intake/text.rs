//! Text that may stand in XML.

use std::borrow::Cow;

/// The text without the characters that XML 1.0 does not have: no client can have sent or could receive them.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    match text.contains(is_not_xml) {
        true => text.replace(is_not_xml, "").into(),
        false => text.into(),
    }
}

fn is_not_xml(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}
