//! Lua values, as Prosody stores them: in files as Lua, in databases as JSON.

use super::refusal::Refusal;

/// A value. No `Debug`: it may be a password.
#[derive(Clone, Default, PartialEq)]
pub enum Value {
    #[default]
    Nil,
    Bool(bool),
    Number(f64),
    /// A string of Lua: any bytes.
    Text(Vec<u8>),
    Table(Table),
    /// An element that was stored as XML.
    Xml(String),
}

/// The key of an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    Text(Vec<u8>),
    /// A whole number; positional entries count from 1.
    Index(i64),
    Bool(bool),
    /// Anything else, which Prosody has no use for.
    Other,
}

/// A table: its entries in the order in which they were stored.
#[derive(Clone, Default, PartialEq)]
pub struct Table {
    pub entries: Vec<(Key, Value)>,
}

/// The most characters of a key that a report quotes.
const SHOWN: usize = 200;

impl Key {
    /// For a report.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(bytes) => shown(bytes),
            Self::Index(index) => index.to_string(),
            Self::Bool(bool) => bool.to_string(),
            Self::Other => "?".into(),
        }
    }

    /// A key that is text.
    pub fn text(&self) -> Result<String, Refusal> {
        match self {
            Self::Text(bytes) => text(bytes),
            _ => Err(Refusal::value("a key that is not text")),
        }
    }
}

impl Value {
    /// Whether Lua takes it for true: all but `nil` and `false`.
    pub fn is_true(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    /// Text, or a number as text.
    pub fn text(&self) -> Result<String, Refusal> {
        match self {
            Self::Text(bytes) => text(bytes),
            Self::Number(number) => Ok(number.to_string()),
            _ => Err(Refusal::value("not a text")),
        }
    }

    /// A number, or text that is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(bytes) => std::str::from_utf8(bytes).ok()?.trim().parse().ok(),
            _ => None,
        }
    }

    /// Seconds since 1970 as microseconds.
    pub fn time_us(&self) -> Option<i64> {
        let us = self.number()? * 1e6;
        // Up to 2^53, a float is exact.
        (us.abs() < 9_007_199_254_740_992.0).then_some(us.round() as i64)
    }

    pub fn table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }
}

impl Table {
    /// The value of a key that is text; as in Lua, the last one counts. `nil` is none.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self
            .entries
            .iter()
            .rev()
            .find(|(key, _)| matches!(key, Key::Text(text) if text == name.as_bytes()));
        found.map(|(_, value)| value).filter(|value| **value != Value::Nil)
    }

    /// Whether the value of a key is true in Lua's sense.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(Value::is_true)
    }

    /// The text of a key, if there is one.
    pub fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        self.get(name).map(Value::text).transpose()
    }

    /// The values with numbers for keys, in their order.
    pub fn positional(&self) -> Vec<&Value> {
        let index = |(key, value)| match key {
            &Key::Index(index) => Some((index, value)),
            _ => None,
        };
        let mut found: Vec<_> =
            self.entries.iter().map(|(key, value)| (key, value)).filter_map(index).collect();
        found.sort_by_key(|(index, _)| *index);
        found.into_iter().map(|(_, value)| value).filter(|value| **value != Value::Nil).collect()
    }
}

fn text(bytes: &[u8]) -> Result<String, Refusal> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Refusal::text())
}

/// Bytes for a report, cut to a length that fits there.
pub fn shown(bytes: &[u8]) -> String {
    let start = bytes.get(..SHOWN * 4).unwrap_or(bytes);
    String::from_utf8_lossy(start).chars().take(SHOWN).collect()
}
