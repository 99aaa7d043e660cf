//! Which characters XML 1.0 (fifth edition) and Namespaces in XML allow where.

/// Whether `c` may occur in a document at all (XML §2.2, `Char`).
pub(crate) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether all of `text` may occur in a document: the check of [`is_char`] at the speed of a scan over bytes.
pub(crate) fn all_chars(text: &str) -> bool {
    let bytes = text.as_bytes();
    let control = bytes.iter().fold(false, |bad, &b| bad | (b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')));
    !control
        && !memchr::memchr_iter(0xEF, bytes)
            .any(|i| matches!(bytes.get(i + 1..i + 3), Some([0xBF, 0xBE | 0xBF])))
}

fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether `name` is a name without a colon (`NCName`).
pub(crate) fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// White space of XML (§2.3, `S`).
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
        for good in ["a", "_x", "message", "a-b.c1", "é", "𐐀"] {
            assert!(is_ncname(good), "{good}");
        }
        for bad in ["", "1a", "-a", ".a", "a:b", "a b", "a\"", "×", "a\u{FFFF}", "a;"] {
            assert!(!is_ncname(bad), "{bad}");
        }
    }
}
