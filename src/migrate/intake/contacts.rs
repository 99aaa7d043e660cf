//! Rosters.

use hashbrown::HashMap;

use storage::RosterItem;
use xmpp::Jid;

use super::address::Addresses;
use super::text::clean;
use crate::person::Person;
use crate::{Kind, RawContact, Reason};

/// The most bytes of a name, and of a group's name.
const NAME_BYTES: usize = 1 << 16;

/// A contact, with its address as the source has it.
struct Taken {
    text: String,
    item: RosterItem,
}

pub(super) fn take(person: &mut Person, contacts: Vec<RawContact>, addresses: &Addresses<'_>) {
    let mut taken: Vec<Option<Taken>> = Vec::with_capacity(contacts.len());
    let mut places: HashMap<Jid, usize> = HashMap::with_capacity(contacts.len());
    for contact in contacts {
        let Some(one) = read(person, contact, addresses) else { continue };
        let next = taken.len();
        if let Some(before) = places.insert(one.item.jid.clone(), next) {
            // As a server that reads its rows one after the other.
            if let Some(earlier) = taken.get_mut(before).and_then(Option::take) {
                overtaken(person, &earlier, &one);
            }
        }
        taken.push(Some(one));
    }
    person.roster = taken.into_iter().flatten().map(|one| one.item).collect();
}

fn overtaken(person: &mut Person, earlier: &Taken, later: &Taken) {
    let same = earlier.text == later.text;
    let reason = if same { Reason::Duplicate } else { Reason::SameButForCase };
    person.skip(Kind::Roster, reason, 1, &earlier.text, "");
    skip_groups(person, earlier.item.groups.len(), reason);
}

fn skip_groups(person: &mut Person, groups: usize, reason: Reason) {
    if groups > 0 {
        person.skipped.push((Kind::Group, reason, groups as u64));
    }
}

fn read(person: &mut Person, contact: RawContact, addresses: &Addresses<'_>) -> Option<Taken> {
    let groups = contact.groups.len();
    let refused = |person: &mut Person, reason, detail: &str| {
        person.skip(Kind::Roster, reason, 1, &contact.jid, detail);
        skip_groups(person, groups, reason);
        None
    };
    let jid = match addresses.read(&contact.jid) {
        Ok(jid) => jid,
        Err(error) => return refused(person, Reason::BadJid, &error.to_string()),
    };
    if jid.same_bare(addresses.own) && jid.is_bare() {
        return refused(person, Reason::OwnAddress, "");
    }
    let subscription = match &contact.subscription {
        Ok(subscription) => *subscription,
        Err(value) => return refused(person, Reason::UnknownValue, value),
    };
    let name = contact.name.as_deref().map(clean).unwrap_or_default();
    if name.len() > NAME_BYTES {
        return refused(person, Reason::TooLarge, "the name");
    }
    let name = Some(name.into_owned()).filter(|name| !name.is_empty());
    let groups = read_groups(person, &contact);
    let sees = matches!(subscription, storage::Subscription::To | storage::Subscription::Both);
    let item = RosterItem {
        name,
        subscription,
        ask: contact.ask && !sees,
        approved: contact.approved,
        groups,
        in_roster: true,
        ..RosterItem::new(jid)
    };
    Some(Taken { text: contact.jid, item })
}

fn read_groups(person: &mut Person, contact: &RawContact) -> Vec<String> {
    let mut groups: Vec<String> = Vec::with_capacity(contact.groups.len());
    for group in &contact.groups {
        let name = clean(group);
        if name.is_empty() {
            person.skip(Kind::Group, Reason::Empty, 1, &contact.jid, "");
        } else if name.len() > NAME_BYTES {
            person.skip(Kind::Group, Reason::TooLarge, 1, &contact.jid, "the name of a group");
        } else if groups.iter().any(|other| *other == name) {
            person.skipped.push((Kind::Group, Reason::Duplicate, 1));
        } else {
            groups.push(name.into_owned());
        }
    }
    groups
}
