//! Which characters XML 1.0 (fifth edition) and Namespaces in XML allow where.

/// Whether `c` may occur in a document at all (XML §2.2, `Char`).
pub(crate) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether all of `text` may occur in a document: [`is_char`] for each character, at the speed of a byte
/// scan.
pub(crate) fn all_chars(text: &str) -> bool {
    let bytes = text.as_bytes();
    let control = bytes.iter().fold(false, |bad, &b| bad | (b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')));
    !control
        && !memchr::memchr_iter(0xEF, bytes)
            .any(|i| matches!(bytes.get(i + 1..i + 3), Some([0xBF, 0xBE | 0xBF])))
}

/// `NameStartChar` of the fifth edition without the colon.
fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// `NameChar` of the fifth edition without the colon.
fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Letters that every edition of XML 1.0 allows in names. Expat, and with it many programs that the output is
/// forwarded to, follows the fourth edition and ends its stream at a name that only the fifth allows.
fn is_old_letter(c: char) -> bool {
    matches!(c, 'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{131}' | '\u{134}'..='\u{13E}'
        | '\u{141}'..='\u{148}' | '\u{14A}'..='\u{17E}' | '\u{3A3}'..='\u{3CE}' | '\u{401}'..='\u{40C}'
        | '\u{40E}'..='\u{44F}' | '\u{451}'..='\u{45C}' | '\u{45E}'..='\u{481}' | '\u{5D0}'..='\u{5EA}'
        | '\u{621}'..='\u{63A}' | '\u{641}'..='\u{64A}' | '\u{3041}'..='\u{3094}' | '\u{30A1}'..='\u{30FA}'
        | '\u{4E00}'..='\u{9FA5}' | '\u{AC00}'..='\u{D7A3}')
}

/// Whether `name` is a name without a colon (`NCName`) in every edition of XML 1.0.
pub(crate) fn is_ncname(name: &str) -> bool {
    let digit = |c| matches!(c, '-' | '.' | '0'..='9');
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
        return !name.is_empty() && !name.starts_with(digit);
    }
    let mut chars = name.chars();
    let rest = |c| is_old_letter(c) || digit(c) || c == '\u{B7}';
    chars.next().is_some_and(is_old_letter) && chars.all(rest)
}

/// Whether `name` is an `NCName` of the fifth edition.
pub(crate) fn is_new_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// Whether `c` is allowed in a namespace name: characters that cannot be in a URI or IRI (RFC 3987 §2.2) are
/// refused, since expat uses some of them internally to separate namespace from name, and ends its stream
/// when it sees one.
pub(crate) fn is_namespace_char(c: char) -> bool {
    is_char(c) && !matches!(c, '\0'..=' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | '\x7F')
}

/// Whitespace of XML (§2.3, `S`).
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_scan_agrees_with_the_definition() {
        for c in (0..=0x10FFFF).filter_map(char::from_u32) {
            let mut buffer = [0; 4];
            assert_eq!(all_chars(c.encode_utf8(&mut buffer)), is_char(c), "{:x}", c as u32);
        }
    }

    #[test]
    fn names() {
        for good in ["a", "_x", "message", "a-b.c1", "é", "имя", "名"] {
            assert!(is_ncname(good) && is_new_ncname(good), "{good}");
        }
        for new in ["𐐀", "a\u{FEFF}", "a\u{301}"] {
            assert!(!is_ncname(new) && is_new_ncname(new), "{new}");
        }
        for bad in ["", "1a", "-a", ".a", "a:b", "a b", "a\"", "×", "a\u{FFFF}", "a;"] {
            assert!(!is_ncname(bad) && !is_new_ncname(bad), "{bad}");
        }
        let start = |c: &char| is_ncname(c.encode_utf8(&mut [0; 4]));
        assert!(('\0'..='\u{10FFFF}').filter(start).all(is_name_start));
    }
}
