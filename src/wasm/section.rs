//! Custom sections of a component, read without parsing anything else.

/// The section that contains a plugin's manifest.
pub(crate) const MANIFEST: &str = "castling:plugin";

/// `\0asm`, then the version and layer of a component.
const COMPONENT: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];

/// Whether the file begins like a component.
pub(crate) fn is_component(bytes: &[u8]) -> bool {
    bytes.starts_with(&COMPONENT)
}

/// The content of the first custom section of this name; `None` also if the sections are malformed.
pub(crate) fn custom<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut rest = bytes.strip_prefix(&COMPONENT)?;
    while let Some((id, after)) = rest.split_first() {
        let (size, after) = leb128(after)?;
        let (content, next) = after.split_at_checked(size)?;
        rest = next;
        if *id == 0 {
            let (length, content) = leb128(content)?;
            let (section, content) = content.split_at_checked(length)?;
            if section == name.as_bytes() {
                return Some(content);
            }
        }
    }
    None
}

/// An unsigned number of at most 32 bits.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).ok()?;
            return Some((value as usize, bytes.get(index + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(sections: &[u8]) -> Vec<u8> {
        [&COMPONENT[..], sections].concat()
    }

    #[test]
    fn a_section_is_found_behind_others() {
        let bytes = with(&[7, 2, 9, 9, 0, 4, 1, b'x', 1, 1, 0, 5, 1, b'y', b'a', b'b', b'c']);
        assert_eq!(custom(&bytes, "y"), Some(&b"abc"[..]));
        assert_eq!(custom(&bytes, "x"), Some(&[1, 1][..]));
        assert_eq!(custom(&bytes, "z"), None);
    }

    #[test]
    fn broken_sections_are_none() {
        for sections in [&[0, 9, 1, b'y'][..], &[0, 2, 9, b'y'], &[0, 0xff, 0xff, 0xff, 0xff, 0xff], &[0]] {
            assert_eq!(custom(&with(sections), "y"), None, "{sections:?}");
        }
        assert_eq!(custom(b"\0asm\x01\0\0\0", "y"), None, "a core module");
        assert!(!is_component(b"\0asm\x01\0\0\0"));
    }
}
