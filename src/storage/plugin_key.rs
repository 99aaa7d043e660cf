//! Keys of what plugins store, in bytewise order.

/// The most bytes of a key.
const BYTES: usize = 1023;

/// PostgreSQL's texts have no NUL.
pub(crate) fn is_valid(key: &str) -> bool {
    key.len() <= BYTES && !key.contains('\0')
}

/// The keys that begin with `prefix` and come after `after`: from the first string to before the second. A pattern would
/// have to escape what stands for others in it.
pub(crate) fn range(prefix: &str, after: Option<&str>) -> (String, String) {
    let next = after.map(next).unwrap_or_default();
    let from = if next.as_str() > prefix { next } else { prefix.to_owned() };
    (from, behind(prefix))
}

/// The least key after another one: none has a NUL.
pub(crate) fn next(key: &str) -> String {
    format!("{key}\u{1}")
}

/// The least string behind all that begin with the prefix. UTF-8 is ordered as its characters are.
fn behind(prefix: &str) -> String {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            text.push(next);
            return text;
        }
    }
    // Behind every key, being longer than any.
    String::from(char::MAX).repeat(BYTES / char::MAX.len_utf8() + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_ends_behind_its_prefix() {
        for (prefix, end) in [
            ("a", "b"),
            ("a%", "a&"),
            ("a\u{7f}", "a\u{80}"),
            ("ÿ", "\u{100}"),
            ("a\u{d7ff}", "a\u{e000}"),
            ("a\u{10ffff}\u{10ffff}", "b"),
        ] {
            assert_eq!(range(prefix, None), (prefix.to_owned(), end.to_owned()));
        }
        let last = String::from(char::MAX).repeat(BYTES / 4);
        for prefix in ["", "\u{10ffff}"] {
            assert!(range(prefix, None).1 > last.clone() + "\u{7ff}", "{prefix:?}");
        }
    }

    #[test]
    fn a_key_is_bounded() {
        assert!(is_valid("") && is_valid(&"k".repeat(1023)) && is_valid(r#"100%_'"\"#));
        assert!(!is_valid(&"k".repeat(1024)) && !is_valid("a\0"));
    }

    proptest! {
        #[test]
        fn a_key_is_in_the_range_exactly_if_it_has_the_prefix_and_comes_after(
            prefix in "[ab\u{d7ff}\u{e000}\u{10ffff}ÿ%]{0,3}",
            after in proptest::option::of("[\u{1}ab\u{d7ff}\u{10ffff}ÿ%]{0,4}"),
            key in "[\u{1}ab\u{d7ff}\u{e000}\u{10ffff}ÿ%]{0,5}",
        ) {
            let (from, to) = range(&prefix, after.as_deref());
            let in_range = from <= key && key < to;
            let expected = key.starts_with(&prefix) && after.is_none_or(|after| key > after);
            prop_assert_eq!(in_range, expected);
        }
    }
}
