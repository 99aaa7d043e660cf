//! What a user has, by store, before it is understood.

use std::collections::BTreeMap;

use crate::{Kind, Skipped};

use super::item::Item;
use super::lua::Table;

/// What a user has, by store.
#[derive(Default)]
pub struct Belongings {
    pub local: String,
    pub host: String,
    pub tables: BTreeMap<String, Table>,
    pub items: BTreeMap<String, Vec<Item>>,
    /// Rows that have no place here yet.
    pub later: Vec<(Kind, u64)>,
    pub skipped: Vec<Skipped>,
}

impl Belongings {
    pub fn new(local: &str, host: &str) -> Self {
        Self { local: local.to_owned(), host: host.to_owned(), ..Self::default() }
    }

    /// Takes the table of a store.
    pub fn take_table(&mut self, store: &str) -> Option<Table> {
        self.tables.remove(store)
    }

    /// Takes the items of a store.
    pub fn take_items(&mut self, store: &str) -> Vec<Item> {
        self.items.remove(store).unwrap_or_default()
    }

    /// Whether a store has items.
    pub fn has_items(&self, store: &str) -> bool {
        self.items.get(store).is_some_and(|items| !items.is_empty())
    }

    /// Counts rows that have no place here yet.
    pub fn count(&mut self, kind: Kind, rows: u64) {
        match self.later.iter_mut().find(|(counted, _)| *counted == kind) {
            Some((_, count)) => *count += rows,
            None if rows == 0 => {}
            None => self.later.push((kind, rows)),
        }
    }
}
