//! Texts of plugins that are shown to the operator.

/// Whether a character may move others about: line breaks and directions of writing, too.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text as part of one line, at most so many characters of it.
pub(crate) fn line(text: &str, most: usize) -> String {
    text.chars().map(|c| if is_control(c) { ' ' } else { c }).take(most).collect()
}
