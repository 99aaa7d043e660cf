//! Language tags (BCP 47), as `xml:lang` has them.

/// Bytes of a tag (BCP 47 section 4.4.1).
const LONGEST: usize = 35;

/// Whether this looks like a language tag; that it is one in use is not checked.
pub fn is_language(tag: &str) -> bool {
    let subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    tag.len() <= LONGEST && tag.split('-').all(subtag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_language_tag() {
        assert!(["de", "de-CH-1996", "zh-Hant", "x-chess"].into_iter().all(is_language));
        let long = "a-".repeat(17) + "ab";
        assert!(!["", "-", "de-", "not a lang", "<\"", "ninechars", &long].into_iter().any(is_language));
    }
}
