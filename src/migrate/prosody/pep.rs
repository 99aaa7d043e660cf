//! Nodes of personal eventing (XEP-0163): the store `pep` has their configuration, and a store `pep_NODE` the items of
//! each. What has become of none of them a vCard or bookmarks is counted.

use crate::Kind;

use super::belongings::Belongings;
use super::lua::Key;

/// Takes a node off the list of those that are counted.
pub fn take_node(from: &mut Belongings, store: &str) {
    let Some(node) = store.strip_prefix("pep_") else { return };
    if let Some(table) = from.tables.get_mut("pep") {
        table.entries.retain(|(key, _)| !matches!(key, Key::Text(text) if text == node.as_bytes()));
    }
}

/// Counts what nothing else has been made of.
pub fn count(from: &mut Belongings) {
    let nodes = from.take_table("pep").map_or(0, |table| table.entries.len());
    let items: usize = std::mem::take(&mut from.items).values().map(Vec::len).sum();
    from.count(Kind::Pep, (nodes + items) as u64);
}
