//! What keys have in common.

use settings::Kind;

use super::names;

/// Any non-empty string.
pub fn filled(example: &'static str) -> Kind {
    Kind::text(names::filled).like(example)
}

/// The default of a table.
pub fn empty() -> serde_json::Map<String, serde_json::Value> {
    serde_json::Map::new()
}
