//! A TOML document as values for the checker.

use settings::Given;
use toml::de::{DeTable, DeValue};

/// A table, in the order of the file.
pub fn table(table: &DeTable<'_>) -> Vec<(String, Given)> {
    table.iter().map(|(name, one)| (name.get_ref().to_string(), value(one.get_ref()))).collect()
}

pub fn value(value_of: &DeValue<'_>) -> Given {
    match value_of {
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Boolean(flag) => Given::Flag(*flag),
        DeValue::Datetime(time) => Given::Date(time.to_string()),
        DeValue::Integer(number) => {
            // It consists of valid digits, so it can only be out of range.
            let beyond = if number.as_str().starts_with('-') { i128::MIN } else { i128::MAX };
            Given::Integer(i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(beyond))
        }
        DeValue::Float(number) => Given::Number(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Array(items) => Given::List(items.iter().map(|one| value(one.get_ref())).collect()),
        DeValue::Table(inner) => Given::Table(table(inner)),
    }
}
