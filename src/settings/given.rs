//! A value before it is checked.

use serde_json::{Number, Value};

/// A value as given in a file, a command or a plugin's table. It can represent what no checked value can
/// (numbers beyond 64 bits, dates), so that these are reported like all other problems.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// JSON's null.
    Nothing,
    /// `true` or `false`.
    Flag(bool),
    /// A whole number; one out of range is clamped to the type's range.
    Integer(i128),
    /// Any other number, including infinities and NaN.
    Number(f64),
    /// A string.
    Text(String),
    /// A date or time of TOML, as written.
    Date(String),
    List(Vec<Given>),
    /// A table, in order, without duplicate keys.
    Table(Vec<(String, Given)>),
}

impl Given {
    /// An empty table.
    pub const EMPTY: Given = Given::Table(Vec::new());

    /// Its type, for use after "must be a list, not".
    pub(crate) fn in_words(&self) -> &'static str {
        match self {
            Self::Nothing => "null",
            Self::Flag(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a float",
            Self::Text(_) => "a string",
            Self::Date(_) => "a datetime",
            Self::List(_) => "an array",
            Self::Table(_) => "a table",
        }
    }

    /// As JSON, dates as strings; `None` if a number in it is not finite or beyond 64 bits.
    pub fn to_json(&self) -> Option<Value> {
        Some(match self {
            Self::Nothing => Value::Null,
            Self::Flag(flag) => Value::Bool(*flag),
            Self::Integer(number) => Value::from(i64::try_from(*number).ok()?),
            Self::Number(number) => Value::Number(Number::from_f64(*number)?),
            Self::Text(text) | Self::Date(text) => Value::from(text.as_str()),
            Self::List(items) => items.iter().map(Self::to_json).collect::<Option<_>>()?,
            Self::Table(table) => {
                let pair = |(key, value): &(String, Given)| Some((key.clone(), value.to_json()?));
                Value::Object(table.iter().map(pair).collect::<Option<_>>()?)
            }
        })
    }
}

impl From<&Value> for Given {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Self::Integer(number.into()),
                (None, Some(number)) => Self::Integer(number.into()),
                (None, None) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(map) => {
                Self::Table(map.iter().map(|(key, value)| (key.clone(), value.into())).collect())
            }
        }
    }
}
