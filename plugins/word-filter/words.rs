//! Finding words in a text.

use std::collections::HashSet;

use serde::Deserialize;

/// Words in lower case.
#[derive(Debug, Deserialize)]
#[serde(from = "Vec<String>")]
pub struct Words {
    all: HashSet<String>,
    /// Those that no text contains as a word, as they were written.
    never: Vec<String>,
    /// Characters of the longest.
    longest: usize,
}

impl From<Vec<String>> for Words {
    fn from(words: Vec<String>) -> Self {
        let all: HashSet<_> = words.iter().map(|word| word.to_lowercase()).collect();
        let never = words.into_iter().filter(|word| !word.chars().all(char::is_alphanumeric)).collect();
        let longest = all.iter().map(|word| word.chars().count()).max().unwrap_or(0);
        Self { all, never, longest }
    }
}

impl Words {
    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Those that can never be found.
    pub fn never(&self) -> &[String] {
        &self.never
    }

    /// The text with each of the words replaced; `None` if it contains none. A word is a sequence of letters and digits.
    pub fn replaced(&self, text: &str, with: &str) -> Option<String> {
        let (mut replaced, mut found, mut rest) = (String::new(), false, text);
        while let Some(start) = rest.find(char::is_alphanumeric) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|c: char| !c.is_alphanumeric()).unwrap_or(from.len());
            let (word, after) = from.split_at(end);
            let is_one = self.may_have(word) && self.all.contains(&word.to_lowercase());
            found |= is_one;
            replaced.push_str(before);
            replaced.push_str(if is_one { with } else { word });
            rest = after;
        }
        found.then(|| replaced + rest)
    }

    /// A cheap look before the word is written in lower case, which has no fewer characters.
    fn may_have(&self, word: &str) -> bool {
        word.chars().take(self.longest + 1).count() <= self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_in_any_case() {
        let words = Words::from(vec!["Patzer".to_owned(), "größe".to_owned()]);
        for (text, expected) in [
            ("you patzer!", Some("you ***!")),
            ("PATZER, Patzer", Some("***, ***")),
            ("GRÖßE", Some("***")),
            ("patzers and subpatzer", None),
            ("", None),
            ("(patzer)", Some("(***)")),
            ("patzerpatzer patzer", Some("patzerpatzer ***")),
        ] {
            assert_eq!(words.replaced(text, "***").as_deref(), expected, "{text}");
        }
    }
}
