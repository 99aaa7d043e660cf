//! Privacy lists.

use hashbrown::HashMap;
use smallvec::smallvec;

use storage::{AccountState, PrivacyChange, PrivacyList};

use super::{Merge, There};
use crate::{Kind, MigrateError, digest};

/// A list, or the choice of the default one.
enum Record {
    List(PrivacyList),
    Default(String),
}

impl Merge<'_> {
    pub(super) fn lists(
        &mut self,
        lists: Vec<PrivacyList>,
        default: Option<String>,
        default_is_row: bool,
    ) -> Result<(), MigrateError> {
        let state = self.state;
        let here = state.into_iter().flat_map(|state| &state.lists);
        let here: HashMap<u64, &PrivacyList> = here.map(|list| (list_key(&list.name), list)).collect();
        let default_here = state.and_then(|state| state.default_list.as_deref());
        let there = lists.into_iter().map(|list| There {
            key: list_key(&list.name),
            digest: digest::list(&list),
            rows: smallvec![(Kind::Privacy, list.items.len() as u64)],
            record: Record::List(list),
        });
        let default = default.map(|name| There {
            key: default_key(),
            digest: digest::text(&name),
            rows: smallvec![(Kind::Privacy, u64::from(default_is_row))],
            record: Record::Default(name),
        });
        let content = |key| match key == default_key() {
            true => default_here.map(digest::text),
            false => here.get(&key).map(|list| digest::list(list)),
        };
        let name = |record: &Record| match record {
            Record::List(list) => list.name.clone(),
            Record::Default(name) => format!("the default list {name}"),
        };
        let decided = self.decide(Kind::Privacy, there.chain(default).collect(), &content, &name, false)?;
        for key in &decided.gone {
            self.change.lists.extend(removal(*key, &here));
        }
        for record in decided.put {
            self.change.lists.push(match record {
                Record::List(list) => replacement(here.get(&list_key(&list.name)).copied(), list),
                Record::Default(list) => PrivacyChange { list, default: Some(true), ..Default::default() },
            });
        }
        Ok(())
    }
}

fn list_key(name: &str) -> u64 {
    digest::key(&["list", name])
}

fn default_key() -> u64 {
    digest::key(&["default"])
}

fn removal(key: u64, here: &HashMap<u64, &PrivacyList>) -> Option<PrivacyChange> {
    if key == default_key() {
        return Some(PrivacyChange { default: Some(false), ..Default::default() });
    }
    let list = here.get(&key)?;
    let remove = list.items.iter().map(|item| item.order).collect();
    Some(PrivacyChange { list: list.name.clone(), remove, ..Default::default() })
}

/// The list in place of the one here: items of orders that it does not have are removed.
fn replacement(here: Option<&PrivacyList>, list: PrivacyList) -> PrivacyChange {
    let kept = |order: &u32| list.items.iter().any(|item| item.order == *order);
    let orders = here.into_iter().flat_map(|here| here.items.iter().map(|item| item.order));
    let remove = orders.filter(|order| !kept(order)).collect();
    PrivacyChange { list: list.name, remove, put: list.items, default: None }
}

/// Keys and digests of what stands here.
pub(super) fn here(state: &AccountState) -> Vec<(u64, u64)> {
    let lists = state.lists.iter().map(|list| (list_key(&list.name), digest::list(list)));
    let default = state.default_list.iter().map(|name| (default_key(), digest::text(name)));
    lists.chain(default).collect()
}
