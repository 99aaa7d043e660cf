//! The block list as items of the default privacy list (XEP-0191 section 5), and how changes are applied to
//! it.

use hashbrown::HashSet;
use storage::{Kinds, PrivacyItem, PrivacyList, Subject};
use xmpp::{Jid, StanzaError};

/// The order of a new list's first item: high, so that blocked addresses have room in front of it.
const FIRST: u32 = 1_000_000;

/// The address, if the item blocks one, that is, denies all stanzas.
fn address(item: &PrivacyItem) -> Option<&Jid> {
    match &item.subject {
        Subject::Jid(jid) if !item.allow && item.kinds == Kinds::ALL => Some(jid),
        _ => None,
    }
}

/// The blocked addresses of a default list, each once, in its order.
pub(super) fn blocked(list: Option<&PrivacyList>) -> Vec<&Jid> {
    let mut seen = HashSet::new();
    let jids = list.into_iter().flat_map(|list| &list.items).filter_map(address);
    jids.filter(|jid| seen.insert(*jid)).collect()
}

/// Blocks addresses: their items go in front of all others, since the first that applies decides. `None`: they are there
/// already.
///
/// # Errors
/// `resource-constraint` if the limit of blocked addresses would be exceeded.
pub(super) fn block(
    old: &[PrivacyItem],
    jids: &[Jid],
    limit: usize,
) -> Result<Option<Vec<PrivacyItem>>, StanzaError> {
    // Items after one that does not block may be overruled by it.
    let ahead: HashSet<&Jid> = old.iter().map_while(address).collect();
    let new: Vec<&Jid> = jids.iter().filter(|jid| !ahead.contains(jid)).collect();
    if new.is_empty() {
        return Ok(None);
    }
    let wanted: HashSet<&Jid> = new.iter().copied().collect();
    let stays = |item: &&PrivacyItem| address(item).is_none_or(|jid| !wanted.contains(jid));
    let kept: Vec<&PrivacyItem> = old.iter().filter(stays).collect();
    let before = old.iter().filter_map(address).count();
    let after = kept.iter().filter_map(|item| address(item)).count() + new.len();
    if after > limit && after > before {
        let text = format!("your block list is full ({limit} entries)");
        return Err(StanzaError::resource_constraint().text(text));
    }
    match kept.first().map_or(FIRST, |item| item.order).checked_sub(count(new.len())?) {
        Some(first) => Ok(Some(in_front(&new, &kept, first))),
        None => renumbered(&new, &kept).map(Some),
    }
}

/// The new items, numbered from `first`, which is far enough in front of the others.
fn in_front(new: &[&Jid], kept: &[&PrivacyItem], first: u32) -> Vec<PrivacyItem> {
    let new = (first..).zip(new).map(|(order, jid)| denial(order, jid));
    new.chain(kept.iter().copied().cloned()).collect()
}

/// All items, renumbered: there is no room in front of the existing ones.
fn renumbered(new: &[&Jid], kept: &[&PrivacyItem]) -> Result<Vec<PrivacyItem>, StanzaError> {
    FIRST.checked_add(count(new.len() + kept.len())?).ok_or_else(StanzaError::resource_constraint)?;
    let items = new.iter().map(|jid| denial(0, jid)).chain(kept.iter().copied().cloned());
    Ok((FIRST..).zip(items).map(|(order, item)| PrivacyItem { order, ..item }).collect())
}

fn count(items: usize) -> Result<u32, StanzaError> {
    u32::try_from(items).map_err(|_| StanzaError::resource_constraint())
}

fn denial(order: u32, jid: &Jid) -> PrivacyItem {
    PrivacyItem { order, subject: Subject::Jid(jid.clone()), allow: false, kinds: Kinds::ALL }
}

/// The items that are left when these addresses are unblocked; all if `jids` is empty. `None`: none is blocked.
pub(super) fn unblock(old: &[PrivacyItem], jids: &[Jid]) -> Option<Vec<PrivacyItem>> {
    let wanted: HashSet<&Jid> = jids.iter().collect();
    let goes = |item: &PrivacyItem| address(item).is_some_and(|jid| jids.is_empty() || wanted.contains(jid));
    let left: Vec<_> = old.iter().filter(|item| !goes(item)).cloned().collect();
    (left.len() < old.len()).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jids(names: &[&str]) -> Vec<Jid> {
        names.iter().map(|name| Jid::parse(name).unwrap()).collect()
    }

    fn deny(order: u32, name: &str) -> PrivacyItem {
        denial(order, &jids(&[name])[0])
    }

    fn allow(order: u32, name: &str) -> PrivacyItem {
        PrivacyItem { allow: true, ..deny(order, name) }
    }

    fn orders(items: &[PrivacyItem]) -> Vec<u32> {
        items.iter().map(|item| item.order).collect()
    }

    fn all_blocked(items: &[PrivacyItem]) -> Vec<Jid> {
        let list = PrivacyList { name: "mine".into(), items: items.to_vec() };
        blocked(Some(&list)).into_iter().cloned().collect()
    }

    /// Blocks; returns the items, whose orders ascend.
    fn blocks(before: &[PrivacyItem], names: &[&str]) -> Vec<PrivacyItem> {
        let next = block(before, &jids(names), usize::MAX).unwrap().unwrap();
        assert!(orders(&next).is_sorted_by(|one, other| one < other), "{next:?}");
        next
    }

    #[test]
    fn addresses_come_and_go() {
        let next = blocks(&[], &["a@x", "x"]);
        assert_eq!(all_blocked(&next), jids(&["a@x", "x"]));
        let next = blocks(&next, &["b@x", "a@x"]);
        assert_eq!(all_blocked(&next), jids(&["b@x", "a@x", "x"]));
        assert_eq!(block(&next, &jids(&["x"]), usize::MAX).unwrap(), None, "it is blocked already");
        assert_eq!(unblock(&next, &jids(&["c@x"])), None);
        assert_eq!(all_blocked(&unblock(&next, &jids(&["a@x", "c@x"])).unwrap()), jids(&["b@x", "x"]));
        assert_eq!(unblock(&next, &[]), Some(Vec::new()));
        assert_eq!(unblock(&[], &[]), None);
    }

    #[test]
    fn blocked_addresses_come_before_everything_else() {
        let mine = [allow(0, "a@x"), deny(7, "b@x"), allow(9, "c@x"), deny(11, "b@x")];
        assert_eq!(all_blocked(&mine), jids(&["b@x"]), "each once");
        let next = blocks(&mine, &["b@x", "a@x"]);
        assert_eq!(next.len(), 4);
        assert_eq!(next.iter().map_while(address).cloned().collect::<Vec<_>>(), jids(&["b@x", "a@x"]));
        let more = blocks(&next, &["d@x"]);
        assert!(more[0].order < next[0].order);
        let left = unblock(&more, &[]).unwrap();
        assert!(left.len() == 2 && left.iter().all(|item| item.allow), "the rest of the list still holds");
    }

    #[test]
    fn room_in_front_is_used_to_the_last() {
        let next = blocks(&[allow(2, "a@x")], &["b@x", "c@x"]);
        assert_eq!(orders(&next), [0, 1, 2]);
        let next = blocks(&next, &["d@x"]);
        assert_eq!(next[0].order, FIRST);
        assert_eq!(next.len(), 4);
    }

    #[test]
    fn a_full_list_can_only_shrink_or_be_moved() {
        let full = blocks(&[], &["a@x", "b@x"]);
        let error = block(&full, &jids(&["c@x"]), 2).unwrap_err();
        assert_eq!(error.text.as_deref(), Some("your block list is full (2 entries)"));
        assert!(block(&[], &jids(&["a@x", "b@x", "c@x"]), 2).is_err());
        assert_eq!(block(&full, &jids(&["a@x"]), 2).unwrap(), None);
        let behind = [allow(5, "a@x"), deny(6, "a@x"), deny(7, "b@x")];
        assert!(block(&behind, &jids(&["a@x"]), 2).unwrap().is_some());
    }
}
