//! Names of files: every byte but ASCII letters and digits stands as `%` and two digits (util.datamanager of Prosody).

/// What a name stands for, if Prosody itself would write it so; it reads no other.
pub fn decoded(name: &str) -> Option<String> {
    let text = leniently_decoded(name)?;
    (encoded(&text) == name).then_some(text)
}

/// What a name of a store stands for. Underscores stand as they are, and in old versions everything did.
pub fn decoded_store(name: &str) -> Option<String> {
    let text = if name.contains('%') { leniently_decoded(name)? } else { name.to_owned() };
    (!text.is_empty() && (text == name || encoded(&text).replace("%5f", "_") == name)).then_some(text)
}

/// The name for a text.
pub fn encoded(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() => name.push(char::from(b)),
            b => name.push_str(&format!("%{b:02x}")),
        }
    }
    name
}

fn leniently_decoded(name: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), name.as_bytes());
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits)
            .ok()
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_prosody() {
        for (text, name) in [
            ("chess.example", "chess%2eexample"),
            ("žofie", "%c5%beofie"),
            ("d\\27artagnan", "d%5c27artagnan"),
            ("../../etc", "%2e%2e%2f%2e%2e%2fetc"),
            ("a_b", "a%5fb"),
        ] {
            assert_eq!(encoded(text), name);
            assert_eq!(decoded(name).as_deref(), Some(text));
        }
        for other in ["a_b", "a.b", "%C5%BEofie", "%61", "%", "%2", "%zz", "%+1", "%ff", "..", "ž"] {
            assert_eq!(decoded(other), None, "{other}");
        }
        assert_eq!(decoded_store("pep_urn%3axmpp%3avcard4").as_deref(), Some("pep_urn:xmpp:vcard4"));
        assert_eq!(decoded_store("account_details").as_deref(), Some("account_details"));
        assert_eq!(decoded_store("pep_a:b").as_deref(), Some("pep_a:b"));
        assert_eq!(decoded_store("%61ccounts"), None);
    }

    proptest! {
        #[test]
        fn whatever_it_stands_for(text in ".*", name in "[%a-f0-9.]*") {
            let encoded = encoded(&text);
            prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'%'));
            prop_assert_eq!(decoded(&encoded), Some(text));
            let _ = decoded(&name);
        }
    }
}
