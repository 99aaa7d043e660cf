//! The kinds of key a configuration has. The keys themselves stand in `keys.rs`.

use super::problem::Complaint;

/// A check of a text's form; what lies outside the file is checked in `checks.rs`.
pub type Check = fn(&str) -> Result<(), Complaint>;

/// What a key takes.
#[derive(Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number from `least` to `most`; with `off`, 0 as well.
    Integer { least: i64, most: i64, off: bool },
    /// A string that passes the check.
    Text(Check),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of the same.
    List(&'static Kind),
    /// A table with these keys.
    Section(&'static Section),
    /// A table with some of these keys; what is left out comes from elsewhere.
    Overrides(&'static Section),
    /// An array of tables.
    Sections(&'static Section),
    /// A table from names of the operator's own to values of one kind.
    Map(Check, &'static Kind),
    /// `true`, `false`, or a table of options, which means `true`.
    Switch(&'static Section),
    /// A table that is handed on as it is.
    Table,
}

/// The keys of a table.
pub struct Section {
    /// What a key of it is called in messages.
    pub noun: &'static str,
    /// In the order of the reference.
    pub keys: &'static [Key],
}

/// What happens when a key is left out.
#[derive(Clone, Copy)]
pub enum Absent {
    /// It is an error.
    Refused,
    /// It stays without a value.
    Nothing,
    /// This TOML value holds.
    Default(&'static str),
}

/// One key of a table.
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What holds without it.
    pub absent: Absent,
}

impl Section {
    /// The key of that name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Kind {
    /// The kind in words, after "must be".
    pub fn in_words(&self) -> String {
        match self {
            Self::Flag => "true or false".into(),
            Self::Integer { .. } => "a whole number".into(),
            Self::Text(_) => "a string".into(),
            Self::Choice(words) => format!("one of {}", quoted(words)),
            Self::List(_) => "a list".into(),
            Self::Sections(_) => "an array of tables".into(),
            Self::Switch(_) => "true, false or a table of options".into(),
            Self::Section(_) | Self::Overrides(_) | Self::Map(..) | Self::Table => "a table".into(),
        }
    }

    /// A text that takes the place of a list's element that does not fit.
    pub fn placeholder(&self) -> &'static str {
        match self {
            Self::Choice(words) => words.first().copied().unwrap_or_default(),
            _ => "",
        }
    }

    /// A value of that kind, as an example in a remedy.
    pub fn example(&self) -> &'static str {
        match self {
            Self::Flag | Self::Switch(_) => "true",
            Self::Integer { .. } => "10",
            Self::Text(_) => "\"text\"",
            Self::Choice(words) => words.first().copied().unwrap_or_default(),
            Self::List(Self::Text(_)) => "[\"text\"]",
            Self::List(_) => "[]",
            _ => "{ }",
        }
    }
}

/// Words in double quotes, with commas.
pub fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}
