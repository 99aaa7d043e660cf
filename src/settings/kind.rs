//! The kinds of value a key accepts.

use std::sync::Arc;

use serde_json::Value;

use crate::{Check, Range, Section};

/// The kind of value a key accepts.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Integer(Range),
    /// Any number between two bounds.
    Number { least: f64, most: f64 },
    /// A string.
    Text(Text),
    /// One of these values.
    Choice(Vec<Value>),
    /// A list of the same.
    List {
        /// What each element is.
        of: Box<Kind>,
        /// The minimum number of elements.
        least: usize,
        most: usize,
    },
    /// A table with these keys.
    Section(Arc<Section>),
    /// A table with some of these keys; absent ones are inherited.
    Overrides(Arc<Section>),
    /// An array of tables.
    Sections(Arc<Section>),
    /// A table from operator-chosen names, of this form, to values of one kind.
    Map(Check, Box<Kind>),
    /// `true`, `false`, or a table of options, which means `true`.
    Switch(Arc<Section>),
    /// A table that is passed on unchanged.
    Table,
    /// A value that is passed on unchanged.
    Any,
}

/// The strings a key accepts.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The minimum number of characters.
    pub least: usize,
    pub most: usize,
    /// Their form.
    pub check: Option<Check>,
    /// What a remedy suggests.
    pub example: &'static str,
}

impl Kind {
    /// A string of this form.
    pub const fn text(check: Check) -> Self {
        Self::Text(Text { least: 0, most: usize::MAX, check: Some(check), example: "text" })
    }

    /// The same, with a string that a remedy suggests.
    pub fn like(mut self, suggestion: &'static str) -> Self {
        if let Self::Text(text) = &mut self {
            text.example = suggestion;
        }
        self
    }

    /// A list of any length.
    pub fn list(of: Kind) -> Self {
        Self::List { of: Box::new(of), least: 0, most: usize::MAX }
    }

    /// One of these words.
    pub fn choice(words: &[&str]) -> Self {
        Self::Choice(words.iter().map(|word| Value::from(*word)).collect())
    }

    /// A table with these keys.
    pub fn section(section: Section) -> Self {
        Self::Section(Arc::new(section))
    }

    /// A description of the kind, for use after "must be".
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Flag => "true or false".into(),
            Self::Integer(_) => "a whole number".into(),
            Self::Number { .. } => "a number".into(),
            Self::Text(_) => "a string".into(),
            Self::Choice(values) => format!("one of {}", listed(values)),
            Self::List { .. } => "a list".into(),
            Self::Sections(_) => "an array of tables".into(),
            Self::Switch(_) => "true, false or a table of options".into(),
            Self::Any => "a value".into(),
            Self::Section(_) | Self::Overrides(_) | Self::Map(..) | Self::Table => "a table".into(),
        }
    }

    /// A substitute for a list's element that does not fit.
    pub(crate) fn placeholder(&self) -> Value {
        match self {
            Self::Choice(values) => values.first().cloned().unwrap_or_default(),
            _ => Value::from(""),
        }
    }

    /// A value of that kind, as an example in a remedy.
    pub(crate) fn example(&self) -> String {
        match self {
            Self::Flag | Self::Switch(_) => "true".into(),
            Self::Integer(range) => range.usual.to_string(),
            Self::Number { least, most } => 10.0_f64.max(*least).min(*most).to_string(),
            Self::Text(text) => format!("\"{}\"", text.example),
            Self::Choice(values) => values.first().map(shown).unwrap_or_default(),
            Self::List { of, .. } => format!("[{}]", of.example()),
            _ => "{ }".into(),
        }
    }
}

/// Values as TOML, separated by commas.
pub(crate) fn listed(values: &[Value]) -> String {
    values.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// A value as TOML.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", listed(items)),
        Value::Object(map) if map.is_empty() => "{}".into(),
        Value::Object(map) => {
            let pairs: Vec<_> = map
                .iter()
                .map(|(key, value)| format!("{} = {}", crate::join("", key), shown(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}
