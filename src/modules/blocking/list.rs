//! The block list as items of the default privacy list (XEP-0191 section 5), and how changes are applied to
//! it.

use hashbrown::HashSet;
use kernel::{Account, Kernel};
use storage::{Kinds, PrivacyChange, PrivacyItem, PrivacyList, StorageError, Subject};
use xmpp::{Jid, StanzaError};

use super::Change;

/// The name of a list created by this feature.
const NAME: &str = "blocklist";
/// The order of a new list's first item: high, so that blocked addresses have room in front of it.
const FIRST: u32 = 1_000_000;

/// The address, if the item blocks one, that is, denies all stanzas.
fn address(item: &PrivacyItem) -> Option<&Jid> {
    match &item.subject {
        Subject::Jid(jid) if !item.allow && item.kinds == Kinds::ALL => Some(jid),
        _ => None,
    }
}

/// The blocked addresses of a default list, in its order.
pub(super) fn blocked(list: Option<&PrivacyList>) -> impl Iterator<Item = &Jid> {
    list.into_iter().flat_map(|list| &list.items).filter_map(address)
}

/// A name for a new list that the account does not use yet.
///
/// # Errors
/// The store failed.
pub(super) async fn free_name(kernel: &Kernel, account: &Account) -> Result<String, StorageError> {
    let names = kernel.store().privacy().names(account.id()).await?;
    let numbered = (2..).map(|number: u64| format!("{NAME}-{number}"));
    let mut free = std::iter::once(NAME.to_owned()).chain(numbered).filter(|name| !names.contains(name));
    Ok(free.next().unwrap_or_else(|| NAME.to_owned()))
}

/// Blocks addresses: their items go in front of all others, since the first that applies decides. Without a
/// list, one of this name is created.
///
/// # Errors
/// `resource-constraint` if the limit of blocked addresses would be exceeded.
pub(super) fn block(
    list: Option<&PrivacyList>,
    jids: &[Jid],
    name: &str,
    limit: usize,
) -> Result<Change, StanzaError> {
    let old = list.map_or(&[][..], |list| &list.items);
    // Items after one that does not block may be overruled by it.
    let ahead: HashSet<&Jid> = old.iter().map_while(address).collect();
    let new: Vec<&Jid> = jids.iter().filter(|jid| !ahead.contains(jid)).collect();
    if new.is_empty() {
        return Ok(None);
    }
    let wanted: HashSet<&Jid> = new.iter().copied().collect();
    let is_moved = |item: &&PrivacyItem| address(item).is_some_and(|jid| wanted.contains(jid));
    let (moved, kept): (Vec<_>, Vec<_>) = old.iter().partition(is_moved);
    let (before, after) =
        (blocked(list).count(), kept.iter().filter(|item| address(item).is_some()).count() + new.len());
    if after > limit && after > before {
        return Err(
            StanzaError::resource_constraint().text(format!("your block list is full ({} entries)", limit))
        );
    }
    let remove: Vec<u32> = moved.iter().map(|item| item.order).collect();
    let (items, change) = match kept.first().map_or(FIRST, |item| item.order).checked_sub(count(new.len())?) {
        Some(first) => in_front(&new, &kept, first, remove),
        None => renumbered(&new, &kept, old)?,
    };
    let name = list.map_or(name, |list| &list.name).to_owned();
    let default = list.is_none().then_some(true);
    let change = PrivacyChange { list: name.clone(), default, ..change };
    Ok(Some((Some(PrivacyList { name, items }), change)))
}

/// The new items, numbered from `first`, which is far enough in front of the others.
fn in_front(
    new: &[&Jid],
    kept: &[&PrivacyItem],
    first: u32,
    remove: Vec<u32>,
) -> (Vec<PrivacyItem>, PrivacyChange) {
    let put: Vec<_> = (first..).zip(new).map(|(order, jid)| denial(order, jid)).collect();
    let items = put.iter().chain(kept.iter().copied()).cloned().collect();
    (items, PrivacyChange { remove, put, ..PrivacyChange::default() })
}

/// All items, renumbered: there is no room in front of the existing ones.
fn renumbered(
    new: &[&Jid],
    kept: &[&PrivacyItem],
    old: &[PrivacyItem],
) -> Result<(Vec<PrivacyItem>, PrivacyChange), StanzaError> {
    FIRST.checked_add(count(new.len() + kept.len())?).ok_or_else(StanzaError::resource_constraint)?;
    let kept = kept.iter().copied().cloned();
    let items = new.iter().map(|jid| denial(0, jid)).chain(kept);
    let items: Vec<_> = (FIRST..).zip(items).map(|(order, item)| PrivacyItem { order, ..item }).collect();
    let remove = old.iter().map(|item| item.order).collect();
    let change = PrivacyChange { remove, put: items.clone(), ..PrivacyChange::default() };
    Ok((items, change))
}

fn count(items: usize) -> Result<u32, StanzaError> {
    u32::try_from(items).map_err(|_| StanzaError::resource_constraint())
}

fn denial(order: u32, jid: &Jid) -> PrivacyItem {
    PrivacyItem { order, subject: Subject::Jid(jid.clone()), allow: false, kinds: Kinds::ALL }
}

/// Unblocks these addresses; all if `jids` is empty. A list without items is deleted, and is no longer the
/// default.
pub(super) fn unblock(list: Option<&PrivacyList>, jids: &[Jid]) -> Change {
    let list = list?;
    let wanted: HashSet<&Jid> = jids.iter().collect();
    let goes = |item: &&PrivacyItem| address(item).is_some_and(|jid| jids.is_empty() || wanted.contains(jid));
    let (gone, kept): (Vec<_>, Vec<_>) = list.items.iter().partition(goes);
    if gone.is_empty() {
        return None;
    }
    let remove = gone.iter().map(|item| item.order).collect();
    let items: Vec<_> = kept.into_iter().cloned().collect();
    let change = PrivacyChange { list: list.name.clone(), remove, ..PrivacyChange::default() };
    Some(((!items.is_empty()).then(|| PrivacyList { name: list.name.clone(), items }), change))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jids(names: &[&str]) -> Vec<Jid> {
        names.iter().map(|name| Jid::parse(name).unwrap()).collect()
    }

    fn allow(order: u32, name: &str) -> PrivacyItem {
        PrivacyItem { allow: true, ..denial(order, &jids(&[name])[0]) }
    }

    fn list(items: Vec<PrivacyItem>) -> PrivacyList {
        PrivacyList { name: "mine".into(), items }
    }

    /// What the store has after the change.
    fn applied(before: Option<&PrivacyList>, change: &PrivacyChange) -> Vec<PrivacyItem> {
        let mut rows: std::collections::BTreeMap<u32, PrivacyItem> =
            before.into_iter().flat_map(|list| &list.items).map(|item| (item.order, item.clone())).collect();
        change.remove.iter().for_each(|order| drop(rows.remove(order)));
        rows.extend(change.put.iter().map(|item| (item.order, item.clone())));
        rows.into_values().collect()
    }

    /// Blocks; returns the list, asserting that it is the same in memory and in the store.
    fn blocks(before: Option<&PrivacyList>, names: &[&str]) -> PrivacyList {
        let (next, change) = block(before, &jids(names), NAME, usize::MAX).unwrap().unwrap();
        let next = next.unwrap();
        assert_eq!(next.items, applied(before, &change));
        assert_eq!(next.name, change.list);
        next
    }

    #[test]
    fn a_list_is_made_and_goes_with_its_last_item() {
        let (next, change) = block(None, &jids(&["a@x", "x"]), "new", usize::MAX).unwrap().unwrap();
        assert_eq!((change.list.as_str(), change.default), ("new", Some(true)));
        let next = next.unwrap();
        assert_eq!(blocked(Some(&next)).cloned().collect::<Vec<_>>(), jids(&["a@x", "x"]));
        let next = blocks(Some(&next), &["b@x", "a@x"]);
        assert_eq!(blocked(Some(&next)).cloned().collect::<Vec<_>>(), jids(&["b@x", "a@x", "x"]));
        assert_eq!(
            block(Some(&next), &jids(&["x"]), NAME, usize::MAX).unwrap(),
            None,
            "it is blocked already"
        );
        assert_eq!(unblock(Some(&next), &jids(&["c@x"])), None);
        let (left, change) = unblock(Some(&next), &jids(&["a@x", "c@x"])).unwrap();
        assert_eq!(left.unwrap().items, applied(Some(&next), &change));
        let (left, change) = unblock(Some(&next), &[]).unwrap();
        assert!(left.is_none() && applied(Some(&next), &change).is_empty());
    }

    #[test]
    fn blocked_addresses_come_before_everything_else() {
        let mine = list(vec![allow(0, "a@x"), denial(7, &jids(&["b@x"])[0]), allow(9, "c@x")]);
        let next = blocks(Some(&mine), &["b@x", "a@x"]);
        assert_eq!((next.name.as_str(), next.items.len()), ("mine", 4));
        assert_eq!(next.items.iter().map_while(address).cloned().collect::<Vec<_>>(), jids(&["b@x", "a@x"]));
        let more = blocks(Some(&next), &["d@x"]);
        assert!(more.items[0].order < next.items[0].order);
        let (left, change) = unblock(Some(&more), &[]).unwrap();
        assert_eq!(change.default, None, "the rest of the list still holds");
        assert!(left.unwrap().items.iter().all(|item| item.allow));
    }

    #[test]
    fn room_in_front_is_used_to_the_last() {
        let mine = list(vec![allow(2, "a@x")]);
        let next = blocks(Some(&mine), &["b@x", "c@x"]);
        assert_eq!(next.items.iter().map(|item| item.order).collect::<Vec<_>>(), [0, 1, 2]);
        let next = blocks(Some(&next), &["d@x"]);
        assert_eq!(next.items[0].order, FIRST);
        assert_eq!(next.items.len(), 4);
    }

    #[test]
    fn other_items_of_the_address_are_not_blocks() {
        let some = PrivacyItem { kinds: Kinds::MESSAGE, ..denial(1, &jids(&["a@x"])[0]) };
        let mine = list(vec![some, allow(2, "b@x")]);
        assert_eq!(blocked(Some(&mine)).count(), 0);
        assert_eq!(unblock(Some(&mine), &[]), None);
    }

    #[test]
    fn a_full_list_can_only_shrink_or_be_moved() {
        let limit = 2;
        let full = blocks(None, &["a@x", "b@x"]);
        let error = block(Some(&full), &jids(&["c@x"]), NAME, limit).unwrap_err();
        assert_eq!(error.text.as_deref(), Some("your block list is full (2 entries)"));
        assert!(block(None, &jids(&["a@x", "b@x", "c@x"]), NAME, limit).is_err());
        assert_eq!(block(Some(&full), &jids(&["a@x"]), NAME, limit).unwrap(), None);
        let behind =
            list(vec![allow(5, "a@x"), denial(6, &jids(&["a@x"])[0]), denial(7, &jids(&["b@x"])[0])]);
        assert!(block(Some(&behind), &jids(&["a@x"]), NAME, limit).unwrap().is_some());
    }
}
