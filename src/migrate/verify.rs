//! Source and store, compared user by user and field by field.

use std::collections::BTreeMap;

use storage::{AccountState, LastActivity, PrivacyItem, PrivacyList, RosterItem};

use crate::merge::{AccountDecision, decide_account};
use crate::person::Person;
use crate::{Fate, Kind, Order, Reason, Tally};

/// Compares users with accounts: what is the same is counted as unchanged, each difference is named.
pub(crate) fn compare(order: &Order, pairs: Vec<(Person, Option<AccountState>)>, mut tally: Tally) -> Tally {
    for (mut person, state) in pairs {
        for (kind, reason, rows) in std::mem::take(&mut person.skipped) {
            tally.read(&person.domain, kind, rows, Fate::Skipped(reason));
        }
        let Some(state) = state else {
            for (kind, rows) in person.rows() {
                tally.read(&person.domain, kind, rows, Fate::Skipped(Reason::Differs));
            }
            let Person { domain, local, .. } = &person;
            tally.list(domain, local, Kind::Account, Reason::Differs, "the account", "missing here");
            continue;
        };
        Comparison { order, person: &person, state: &state, tally: &mut tally }.all();
    }
    tally
}

fn differs(tally: &mut Tally, person: &Person, kind: Kind, rows: u64, key: &str, detail: &str) {
    tally.read(&person.domain, kind, rows, Fate::Skipped(Reason::Differs));
    tally.list(&person.domain, &person.local, kind, Reason::Differs, key, detail);
}

struct Comparison<'a> {
    order: &'a Order,
    person: &'a Person,
    state: &'a AccountState,
    tally: &'a mut Tally,
}

impl Comparison<'_> {
    fn all(&mut self) {
        if self.order.wants(Kind::Account) {
            self.account();
        }
        if self.order.wants(Kind::Roster) {
            self.contacts();
        }
        if self.order.wants(Kind::Private) {
            self.private();
        }
        if self.order.wants(Kind::Privacy) {
            self.lists();
        }
        if self.order.wants(Kind::VCard) {
            let (there, here) = (self.person.vcard.as_ref(), self.state.vcard.as_ref());
            self.texts(Kind::VCard, "the vCard", there, here);
        }
        if self.order.wants(Kind::Offline) {
            self.messages();
        }
        if self.order.wants(Kind::Last) {
            self.last();
        }
    }

    fn same(&mut self, kind: Kind, rows: u64) {
        self.tally.read(&self.person.domain, kind, rows, Fate::Skipped(Reason::Unchanged));
    }

    fn differs(&mut self, kind: Kind, key: &str, detail: &str) {
        differs(self.tally, self.person, kind, 1, key, detail);
    }

    /// Only here: no record of the source, so it is named and not counted.
    fn only_here(&mut self, kind: Kind, key: &str) {
        let Person { domain, local, .. } = self.person;
        self.tally.list(domain, local, kind, Reason::Differs, key, "only here");
    }

    fn account(&mut self) {
        let decision = decide_account(self.order, self.person, Some(self.state));
        match decision {
            AccountDecision::Leave(Reason::Unchanged) => match self.is_enabled_alike() {
                true => self.same(Kind::Account, 1),
                false => self.differs(Kind::Account, "whether it is disabled", "different"),
            },
            AccountDecision::Leave(Reason::KeptElsewhere) => {
                let fate = Fate::Skipped(Reason::KeptElsewhere);
                self.tally.read(&self.person.domain, Kind::Account, 1, fate);
            }
            _ => self.differs(Kind::Account, "the password", "another one here"),
        }
    }

    fn is_enabled_alike(&self) -> bool {
        let there = self.person.account.as_ref().and_then(|account| account.enabled);
        there.is_none_or(|there| there == self.state.account.enabled)
    }

    fn contacts(&mut self) {
        let mut here: BTreeMap<&str, &RosterItem> =
            self.state.roster.items.iter().map(|item| (item.jid.as_str(), item)).collect();
        let person = self.person;
        for item in &person.roster {
            let kind = if item.in_roster { Kind::Roster } else { Kind::Request };
            match here.remove(item.jid.as_str()) {
                None => self.differs(kind, item.jid.as_str(), "missing here"),
                Some(own) => match contact(item, own) {
                    None => self.same(kind, 1),
                    Some(field) => self.differs(kind, item.jid.as_str(), &field),
                },
            }
        }
        for (jid, item) in here {
            let kind = if item.in_roster { Kind::Roster } else { Kind::Request };
            self.only_here(kind, jid);
        }
    }

    fn private(&mut self) {
        let mut here: BTreeMap<(&str, &str), &String> = BTreeMap::new();
        for entry in &self.state.private {
            here.insert((&entry.ns, &entry.name), &entry.xml);
        }
        let person = self.person;
        for entry in &person.private {
            let key = format!("{{{}}}{}", entry.ns, entry.name);
            let own = here.remove(&(entry.ns.as_str(), entry.name.as_str()));
            self.texts(Kind::Private, &key, Some(&entry.xml), own);
        }
        for (ns, name) in here.into_keys() {
            self.only_here(Kind::Private, &format!("{{{ns}}}{name}"));
        }
    }

    fn texts(&mut self, kind: Kind, key: &str, there: Option<&String>, here: Option<&String>) {
        match (there, here) {
            (None, None) => {}
            (Some(there), Some(here)) if there == here => self.same(kind, 1),
            (Some(_), Some(_)) => self.differs(kind, key, "its content"),
            (Some(_), None) => self.differs(kind, key, "missing here"),
            (None, Some(_)) => self.only_here(kind, key),
        }
    }

    fn lists(&mut self) {
        let mut here: BTreeMap<&str, &PrivacyList> =
            self.state.lists.iter().map(|list| (list.name.as_str(), list)).collect();
        let person = self.person;
        for list in &person.lists {
            let own = here.remove(list.name.as_str()).map_or(&[][..], |list| &list.items);
            self.rules(&list.name, &list.items, own);
        }
        for name in here.into_keys() {
            self.only_here(Kind::Privacy, name);
        }
        let (there, here) = (self.person.default_list.as_ref(), self.state.default_list.as_ref());
        match (there == here, self.person.default_is_row) {
            (true, true) => self.same(Kind::Privacy, 1),
            (true, false) => {}
            (false, _) => {
                let key = "the default list";
                let detail = format!("{} there, {} here", word(there), word(here));
                self.differs(Kind::Privacy, key, &detail);
            }
        }
    }

    fn rules(&mut self, list: &str, there: &[PrivacyItem], here: &[PrivacyItem]) {
        for item in there {
            match here.iter().find(|own| own.order == item.order) {
                Some(own) if own == item => self.same(Kind::Privacy, 1),
                Some(_) => self.differs(Kind::Privacy, &format!("{list}: {}", item.order), "its content"),
                None => self.differs(Kind::Privacy, &format!("{list}: {}", item.order), "missing here"),
            }
        }
        for own in here.iter().filter(|own| !there.iter().any(|item| item.order == own.order)) {
            self.only_here(Kind::Privacy, &format!("{list}: {}", own.order));
        }
    }

    fn messages(&mut self) {
        let mut here: Vec<_> =
            self.state.messages.iter().map(|message| (message.stored_us, &message.xml)).collect();
        let person = self.person;
        for (at, (stored_us, xml)) in person.messages.iter().enumerate() {
            match here.iter().position(|(own_us, own)| own_us == stored_us && *own == xml) {
                Some(place) => {
                    here.remove(place);
                    self.same(Kind::Offline, 1);
                }
                None => self.differs(Kind::Offline, &format!("message {}", at + 1), "not waiting here"),
            }
        }
        for (at, _) in here.iter().enumerate() {
            self.only_here(Kind::Offline, &format!("message {}", at + 1));
        }
    }

    fn last(&mut self) {
        match (&self.person.last, &self.state.last) {
            (None, _) => {}
            (Some(there), Some(here)) if there == here => self.same(Kind::Last, 1),
            (Some(LastActivity { at_us, .. }), Some(here)) if here.at_us > *at_us => {
                self.tally.read(&self.person.domain, Kind::Last, 1, Fate::Skipped(Reason::Older));
            }
            (Some(_), _) => self.differs(Kind::Last, "last activity", "its time or status"),
        }
    }
}

fn word(name: Option<&String>) -> String {
    name.map_or_else(|| "none".to_owned(), |name| format!("{name:?}"))
}

/// The fields that differ.
fn contact(there: &RosterItem, here: &RosterItem) -> Option<String> {
    let sorted = |item: &RosterItem| {
        let mut groups = item.groups.clone();
        groups.sort_unstable();
        groups
    };
    let fields = [
        ("name", there.name == here.name),
        ("subscription", there.subscription == here.subscription),
        ("ask", there.ask == here.ask),
        ("approved", there.approved == here.approved),
        ("groups", sorted(there) == sorted(here)),
        ("the request", there.pending_in == here.pending_in),
        ("being in the roster", there.in_roster == here.in_roster),
    ];
    let differ: Vec<_> = fields.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect();
    (!differ.is_empty()).then(|| differ.join(", "))
}
