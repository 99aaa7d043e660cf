//! Privacy lists and block lists.

use std::collections::{BTreeMap, HashSet};

use storage::{Kinds, PrivacyItem, PrivacyList, Subject, Subscription};
use xmpp::Jid;

use super::address::Addresses;
use super::text::clean;
use crate::person::Person;
use crate::{Kind, RawRule, Reason};

/// The most bytes of a list's name, and of a group's.
const NAME_BYTES: usize = 1023;

/// The name of a default list that is made of a block list (XEP-0191).
const BLOCK_LIST: &str = "blocklist";

pub(super) fn take(
    person: &mut Person,
    rules: Vec<RawRule>,
    blocked: Vec<String>,
    defaults: Vec<String>,
    addresses: &Addresses<'_>,
) {
    let mut lists: BTreeMap<String, Vec<(i64, PrivacyItem)>> = BTreeMap::new();
    for rule in rules {
        let name = clean(&rule.list).into_owned();
        if name.is_empty() || name.len() > NAME_BYTES {
            let detail = "the name of a list must have 1 to 1023 bytes";
            person.skip(Kind::Privacy, Reason::TooLarge, 1, &rule.list, detail);
            continue;
        }
        match item(&rule, addresses) {
            Ok(item) => lists.entry(name).or_default().push((rule.order, item)),
            Err((reason, detail)) => {
                let value = rule.value.as_deref().unwrap_or_default();
                person.skip(Kind::Privacy, reason, 1, &format!("{name}: {value}"), &detail);
            }
        }
    }
    person.lists =
        lists.into_iter().map(|(name, items)| PrivacyList { name, items: ordered(items) }).collect();
    default(person, defaults);
    block(person, blocked, addresses);
}

/// Items in their order, with orders that differ: those of the source where they do, else counted.
fn ordered(mut items: Vec<(i64, PrivacyItem)>) -> Vec<PrivacyItem> {
    items.sort_by_key(|(order, _)| *order); // stable: the first row comes first
    let orders: Vec<_> = items.iter().map(|(order, _)| u32::try_from(*order)).collect();
    let sound = orders.iter().all(Result::is_ok) && orders.windows(2).all(|pair| pair.first() != pair.last());
    let numbered = items.into_iter().zip(1_u32..);
    numbered
        .zip(orders)
        .map(|(((_, item), number), order)| PrivacyItem {
            order: order.ok().filter(|_| sound).unwrap_or(number),
            ..item
        })
        .collect()
}

fn item(rule: &RawRule, addresses: &Addresses<'_>) -> Result<PrivacyItem, (Reason, String)> {
    let value = rule.value.as_deref().unwrap_or_default();
    let subject = match rule.subject.as_deref().unwrap_or_default() {
        "" | "none" => Subject::Anyone,
        "jid" => Subject::Jid(addresses.read(value).map_err(|error| (Reason::BadJid, error.to_string()))?),
        "group" => match clean(value).into_owned() {
            name if name.is_empty() => return Err((Reason::UnknownValue, "a group without a name".into())),
            name if name.len() > NAME_BYTES => return Err((Reason::TooLarge, "the name of a group".into())),
            name => Subject::Group(name),
        },
        "subscription" => {
            let known = Subscription::ALL.into_iter().find(|known| known.as_str() == value);
            Subject::Subscription(known.ok_or_else(|| (Reason::UnknownValue, "a subscription".to_owned()))?)
        }
        other => return Err((Reason::UnknownValue, format!("type {other}"))),
    };
    Ok(PrivacyItem { order: 0, subject, allow: rule.allow, kinds: rule.kinds })
}

fn default(person: &mut Person, defaults: Vec<String>) {
    let mut chosen = None;
    for name in defaults {
        if let Some(earlier) = chosen.replace(name) {
            person.skip(Kind::Privacy, Reason::Stale, 1, &earlier, "");
        }
    }
    let Some(chosen) = chosen else { return };
    let name = clean(&chosen).into_owned();
    match person.lists.iter().any(|list| list.name == name) {
        true => {
            person.default_list = Some(name);
            person.default_is_row = true;
        }
        false if name.is_empty() => person.skip(Kind::Privacy, Reason::Empty, 1, "", ""),
        false => {
            let detail = "the default list does not exist";
            person.skip(Kind::Privacy, Reason::UnknownValue, 1, &chosen, detail);
        }
    }
}

/// The block list is the items of the default list that deny an address everything (XEP-0191 section 5): what is not in
/// it comes in front, as if it had been blocked here.
fn block(person: &mut Person, blocked: Vec<String>, addresses: &Addresses<'_>) {
    let mut jids: Vec<Jid> = Vec::new();
    let default = person.default_list.clone();
    let list = person.lists.iter().find(|list| Some(&list.name) == default.as_ref());
    let is_blocking = |item: &PrivacyItem| !item.allow && item.kinds == Kinds::ALL;
    let mut known: HashSet<Jid> = HashSet::new();
    for item in list.into_iter().flat_map(|list| &list.items).filter(|item| is_blocking(item)) {
        if let Subject::Jid(jid) = &item.subject {
            known.insert(jid.clone());
        }
    }
    for text in blocked {
        match addresses.read(&text) {
            Err(error) => person.skip(Kind::Privacy, Reason::BadJid, 1, &text, &error.to_string()),
            Ok(jid) if known.insert(jid.clone()) => jids.push(jid),
            Ok(_) => person.skip(Kind::Privacy, Reason::Stale, 1, &text, ""),
        }
    }
    if jids.is_empty() {
        return;
    }
    let name = default.unwrap_or_else(|| free_name(&person.lists));
    person.default_list = Some(name.clone());
    match person.lists.iter_mut().find(|list| list.name == name) {
        Some(list) => {
            let items = std::mem::take(&mut list.items);
            list.items = in_front(jids, items);
        }
        None => person.lists.push(PrivacyList { name, items: in_front(jids, Vec::new()) }),
    }
}

fn free_name(lists: &[PrivacyList]) -> String {
    let taken = |name: &String| lists.iter().any(|list| list.name == *name);
    let numbered = (2..).map(|number| format!("{BLOCK_LIST}{number}"));
    std::iter::once(BLOCK_LIST.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

fn in_front(jids: Vec<Jid>, items: Vec<PrivacyItem>) -> Vec<PrivacyItem> {
    let blocking =
        |jid| PrivacyItem { order: 0, subject: Subject::Jid(jid), allow: false, kinds: Kinds::ALL };
    let all = jids.into_iter().map(blocking).chain(items);
    all.zip(1_u32..).map(|(item, order)| PrivacyItem { order, ..item }).collect()
}
