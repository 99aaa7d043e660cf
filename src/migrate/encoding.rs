//! Text in the wrong encoding: UTF-8 that was taken for Latin-1 and encoded again, as MySQL does with what jabberd2 and
//! others once wrote into latin1 tables; and Windows-1252 where there should be UTF-8.

use std::collections::BTreeMap;

use storage::source::Value;

/// The characters of Windows-1252 from 0x80 to 0x9F; the five that it does not have pass through, as MySQL lets them.
const HIGH: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2c6}',
    '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}', '\u{2018}',
    '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}',
    '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}', '\u{178}',
];

/// How values of a column were encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Found {
    twice: u64,
    windows: u64,
}

/// Reads text, and counts by column what had to be mended.
#[derive(Debug)]
pub(crate) struct Encodings {
    may_be_twice: bool,
    found: BTreeMap<(&'static str, &'static str), Found>,
}

impl Encodings {
    /// `may_be_twice`: whether text may have been encoded twice. Only MySQL does that.
    pub fn new(may_be_twice: bool) -> Self {
        Self { may_be_twice, found: BTreeMap::new() }
    }

    /// The text of a value; `None` for NULL. Numbers are text, too.
    pub fn text(&mut self, table: &'static str, column: &'static str, value: Value) -> Option<String> {
        match value {
            Value::Null => None,
            Value::Bool(value) => Some(value.to_string()),
            Value::Integer(value) => Some(value.to_string()),
            Value::Real(value) => Some(value.to_string()),
            Value::Text(text) => Some(self.mended(table, column, text)),
            Value::Bytes(bytes) => Some(match String::from_utf8(bytes) {
                Ok(text) => self.mended(table, column, text),
                Err(error) => {
                    self.found.entry((table, column)).or_default().windows += 1;
                    error.as_bytes().iter().map(|byte| windows(*byte)).collect()
                }
            }),
        }
    }

    fn mended(&mut self, table: &'static str, column: &'static str, text: String) -> String {
        if !self.may_be_twice || text.is_ascii() {
            return text;
        }
        match once(&text) {
            Some(once) => {
                self.found.entry((table, column)).or_default().twice += 1;
                once
            }
            None => text,
        }
    }

    /// What was found, for the report.
    pub fn notes(&self) -> Vec<String> {
        let note = |((table, column), found): (&(&str, &str), &Found)| {
            let twice = match found.twice {
                0 => None,
                1 => Some("one value was encoded in UTF-8 twice".to_owned()),
                values => Some(format!("{values} values were encoded in UTF-8 twice")),
            };
            let windows = match found.windows {
                0 => None,
                1 => Some("one value was in Windows-1252".to_owned()),
                values => Some(format!("{values} values were in Windows-1252")),
            };
            let both: Vec<_> = twice.into_iter().chain(windows).collect();
            format!("{table}.{column}: {}; taken as it was meant", both.join(", "))
        };
        self.found.iter().map(note).collect()
    }
}

fn windows(byte: u8) -> char {
    match byte {
        0x80..=0x9f => HIGH.get(usize::from(byte - 0x80)).copied().unwrap_or('\u{fffd}'),
        _ => char::from(byte),
    }
}

fn byte(c: char) -> Option<u8> {
    match u32::from(c) {
        0..=0x7f | 0xa0..=0xff => u8::try_from(u32::from(c)).ok(),
        _ => {
            let at = HIGH.iter().position(|high| *high == c)?;
            u8::try_from(at + 0x80).ok()
        }
    }
}

/// The text that was encoded twice: if its characters, as Windows-1252, are UTF-8.
fn once(text: &str) -> Option<String> {
    let bytes = text.chars().map(byte).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn twice(text: &str) -> String {
        text.bytes().map(windows).collect()
    }

    #[test]
    fn what_was_encoded_twice_is_encoded_once() {
        let mut encodings = Encodings::new(true);
        for text in ["Žofie", "将棋の名人", "naïve – “quoted”", "emoji ♟"] {
            assert_eq!(encodings.text("t", "c", Value::Text(twice(text))).as_deref(), Some(text));
        }
        for text in ["Žofie", "Müller", "plain", "Â", "€ 5"] {
            assert_eq!(encodings.text("t", "right", text.into()).as_deref(), Some(text), "right already");
        }
        assert_eq!(encodings.text("t", "old", vec![b'M', 0xfc, 0x80].into()).as_deref(), Some("Mü€"));
        assert_eq!(
            encodings.notes(),
            [
                "t.c: 4 values were encoded in UTF-8 twice; taken as it was meant",
                "t.old: one value was in Windows-1252; taken as it was meant",
            ]
        );
    }

    #[test]
    fn only_where_it_can_be() {
        let mut encodings = Encodings::new(false);
        assert_eq!(encodings.text("t", "c", twice("ž").into()), Some(twice("ž")));
        assert!(encodings.notes().is_empty());
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "\\PC*") {
            prop_assert_eq!(once(&twice(&text)), Some(text));
        }
    }
}
