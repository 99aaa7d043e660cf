//! A row of the SQL storage (mod_storage_sql): a value with its type.

use crate::Reason;
use storage::source::{TableRow, Value as Cell};

use super::item::Item;
use super::lua::{Key, Table, Value};
use super::refusal::Refusal;
use super::rows::bytes;
use super::{json, stanza};

/// A row of `prosody`, or of `prosodyarchive`.
pub struct Row {
    pub store: Vec<u8>,
    pub key: Vec<u8>,
    kind: Vec<u8>,
    value: Vec<u8>,
    when: Cell,
}

/// The columns that are read of `prosody`, and of `prosodyarchive`, where a number gives the order.
pub const COLUMNS: [&str; 4] = ["store", "key", "type", "value"];
pub const ARCHIVE_COLUMNS: [&str; 6] = ["store", "key", "type", "value", "when", "sort_id"];

impl Row {
    /// A row of the columns above.
    pub fn new(row: TableRow) -> Self {
        let mut cells = row.into_iter();
        let [store, key, kind, value] = std::array::from_fn(|_| bytes(cells.next().unwrap_or_default()));
        Self { store, key, kind, value, when: cells.next().unwrap_or_default() }
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.store.len() + self.key.len() + self.value.len()
    }

    /// Adds its entry to a table. Entries whose keys are not text stand together in a row without a key.
    ///
    /// # Errors
    /// The value is not one of its type.
    pub fn add_to(self, table: &mut Table) -> Result<(), Refusal> {
        let value = self.value()?;
        match value {
            Value::Table(more) if self.key.is_empty() => table.entries.extend(more.entries),
            value => table.entries.push((Key::Text(self.key), value)),
        }
        Ok(())
    }

    /// It as an item of an archive.
    pub fn into_item(self) -> Item {
        let xml = self.value().and_then(|value| stanza::xml(&value));
        let when = match self.when {
            Cell::Integer(seconds) => Value::Number(seconds as f64),
            Cell::Real(seconds) => Value::Number(seconds),
            other => Value::Text(bytes(other)),
        };
        Item { key: Key::Text(self.key).text(), when_us: when.time_us(), xml }
    }

    fn value(&self) -> Result<Value, Refusal> {
        let text = || std::str::from_utf8(&self.value).map_err(|_| Refusal::text());
        match self.kind.as_slice() {
            b"string" => Ok(Value::Text(self.value.clone())),
            b"number" => {
                let number = Value::Text(self.value.clone()).number();
                number.map(Value::Number).ok_or_else(|| Refusal::value("not a number"))
            }
            b"boolean" => match self.value.as_slice() {
                b"true" => Ok(Value::Bool(true)),
                b"false" => Ok(Value::Bool(false)),
                _ => Err(Refusal::value("neither true nor false")),
            },
            b"json" => json::value(text()?),
            b"xml" => text().map(|text| Value::Xml(text.to_owned())),
            _ => Err(Refusal::new(Reason::UnknownValue, "an unknown type of value")),
        }
    }
}
