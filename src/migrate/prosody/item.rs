//! Items of archives: a message that waits, an item of a node.

use xmpp::datetime;

use super::lua::{Table, Value, shown};
use super::refusal::Refusal;
use super::stanza;

/// An item of an archive.
pub struct Item {
    /// Its id; of a node, the item's id (XEP-0060).
    pub key: Result<String, Refusal>,
    /// When it was stored, in UTC microseconds.
    pub when_us: Option<i64>,
    /// The element.
    pub xml: Result<String, Refusal>,
}

impl Item {
    /// An item of a `.list` file.
    pub fn of_list(value: &Value) -> Self {
        match value {
            Value::Table(table) => Self {
                key: table.text("key").map(Option::unwrap_or_default),
                when_us: when_us(table),
                xml: stanza::archived_xml(table),
            },
            other => Self { key: Ok(String::new()), when_us: None, xml: stanza::xml(other) },
        }
    }

    /// Its id for a report.
    pub fn shown(&self) -> String {
        self.key.as_ref().map_or_else(|_| "?".into(), |key| shown(key.as_bytes()))
    }
}

/// Before 0.10, the attribute `stamp` alone said it.
fn when_us(table: &Table) -> Option<i64> {
    let stamp = || datetime::parse(&table.get("attr")?.table()?.text("stamp").ok()??);
    table.get("when").and_then(Value::time_us).or_else(stamp)
}
