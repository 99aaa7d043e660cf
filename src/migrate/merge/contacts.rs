//! Rosters.

use hashbrown::HashMap;
use smallvec::SmallVec;

use storage::{AccountState, RosterChange, RosterItem};

use super::{Merge, There};
use crate::{Kind, MigrateError, digest};

impl Merge<'_> {
    pub(super) fn contacts(&mut self, items: Vec<RosterItem>) -> Result<(), MigrateError> {
        let state = self.state;
        let here = state.into_iter().flat_map(|state| &state.roster.items);
        let here: HashMap<u64, &RosterItem> =
            here.map(|item| (digest::key(&[item.jid.as_str()]), item)).collect();
        let there = items.into_iter().map(there).collect();
        let content = |key| here.get(&key).map(|item| digest::contact(item));
        let decided =
            self.decide(Kind::Roster, there, &content, &|item| item.jid.as_str().to_owned(), false)?;
        if decided.put.is_empty() && decided.gone.is_empty() {
            return Ok(());
        }
        // Each change has a version, as if one had been made after the other.
        let before = state.map_or(0, |state| state.roster.version);
        let version = before + (decided.put.len() + decided.gone.len()) as u64;
        let put = decided.put.into_iter().zip(before + 1..);
        let put = put.map(|(item, version)| RosterItem { version, ..item }).collect();
        let remove =
            decided.gone.iter().filter_map(|key| here.get(key)).map(|item| item.jid.clone()).collect();
        self.change.roster = Some(RosterChange { version, put, remove });
        Ok(())
    }
}

fn there(item: RosterItem) -> There<RosterItem> {
    let mut rows = SmallVec::new();
    if item.in_roster {
        rows.push((Kind::Roster, 1));
        rows.push((Kind::Group, item.groups.len() as u64));
    }
    if item.pending_in.is_some() {
        rows.push((Kind::Request, 1));
    }
    There { key: digest::key(&[item.jid.as_str()]), digest: digest::contact(&item), rows, record: item }
}

/// Keys and digests of what stands here.
pub(super) fn here(state: &AccountState) -> Vec<(u64, u64)> {
    let items = state.roster.items.iter();
    items.map(|item| (digest::key(&[item.jid.as_str()]), digest::contact(item))).collect()
}
