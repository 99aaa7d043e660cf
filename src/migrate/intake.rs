//! What a source says of a user, checked: the one place where addresses are normalized, duplicates found, XML parsed
//! and limits applied, whichever server it comes from.

mod address;
mod contacts;
mod documents;
mod lists;
mod message;
mod password;
mod request;
mod text;

use xmpp::{Jid, prep_local};

use crate::domain::Domain;
use crate::order::Place;
use crate::person::{Person, PersonAccount};
use crate::{Fate, Kind, Order, RawUser, Reason, Skipped, Tally};

pub(crate) use address::Addresses;
pub(crate) use text::clean;

/// The largest element or message, in bytes, that is taken.
pub(crate) const RECORD_BYTES: usize = 1 << 20;

/// Checks users for one import.
pub(crate) struct Intake<'a> {
    pub order: &'a Order,
    /// Those of this server.
    pub domains: &'a [Domain],
    /// UTC microseconds.
    pub now_us: i64,
}

impl Intake<'_> {
    /// The user as it is to stand here. `None`, and everything counted, if nothing of it is.
    pub fn take(&self, raw: RawUser, tally: &mut Tally) -> Option<Person> {
        let host = Jid::parse(&raw.host).ok().filter(Jid::is_domain);
        let Some(host) = host else {
            refuse_all(&raw, &raw.host, Reason::BadJid, "not a domain", tally);
            return None;
        };
        let domain = match self.order.place(host.domain(), self.domains.iter().map(|domain| &*domain.name)) {
            Place::Domain(domain) => domain,
            Place::NotChosen => {
                refuse_all(&raw, host.domain(), Reason::DomainNotChosen, "", tally);
                return None;
            }
            Place::NotServed => {
                refuse_all(&raw, host.domain(), Reason::DomainNotServed, "", tally);
                return None;
            }
        };
        let own = prep_local(&raw.local).map_err(|error| error.to_string()).and_then(|local| {
            Jid::from_parts(Some(&local), &domain, None).map_err(|error| error.to_string())
        });
        match own {
            Err(why) => {
                refuse_all(&raw, &domain, Reason::BadJid, &why, tally);
                None
            }
            Ok(own) if raw.accounts.is_empty() => {
                refuse_all(&raw, own.domain(), Reason::UnknownUser, "", tally);
                None
            }
            Ok(own) => Some(self.person(raw, &own)),
        }
    }

    fn person(&self, raw: RawUser, own: &Jid) -> Person {
        let (domain, local) = (own.domain().to_owned(), own.local().unwrap_or_default().to_owned());
        let own_domain = self.domains.iter().find(|one| one.name == domain);
        let provider = own_domain.and_then(|one| one.provider.clone());
        let mut person = Person { domain, local, provider, ..Person::default() };
        let addresses = Addresses { own, order: self.order };
        person.account = Some(self.account(&mut person, &raw));
        let wants = |kind| self.order.wants(kind);
        let mut raw = raw;
        self.drop_unwanted(&mut person, &mut raw);
        if wants(Kind::Roster) {
            contacts::take(&mut person, raw.contacts, &addresses);
            request::take(&mut person, raw.requests, &addresses);
        }
        documents::private(&mut person, &raw.private);
        lists::take(&mut person, raw.rules, raw.blocked, raw.default_lists, &addresses);
        documents::vcards(&mut person, &raw.vcards);
        message::take(&mut person, raw.messages, &addresses);
        documents::last(&mut person, raw.last);
        for Skipped { kind, reason, key, detail, rows } in raw.skipped {
            person.skip(kind, reason, rows, &key, &detail);
        }
        person
    }

    fn account(&self, person: &mut Person, raw: &RawUser) -> PersonAccount {
        let (chosen, rest) = password::chosen(raw, &person.local);
        for other in rest {
            let key = other.local.as_deref().unwrap_or(&raw.local);
            let reason = if key == raw.local { Reason::Duplicate } else { Reason::SameButForCase };
            person.skip(Kind::Account, reason, 1, key, "");
        }
        let read = password::read(&chosen.password);
        if let Err(why) = &read {
            person.remark(Kind::Account, Reason::UnusablePassword, &raw.local, why);
        }
        PersonAccount {
            password: read.unwrap_or(crate::person::Password::None),
            created_us: chosen.created_us.unwrap_or(self.now_us),
            enabled: chosen.disabled.map(|disabled| !disabled),
        }
    }

    /// Counts what was not asked for, and takes it away.
    fn drop_unwanted(&self, person: &mut Person, raw: &mut RawUser) {
        let mut unwanted = |kind: Kind, rows: usize| {
            let unwanted = !self.order.wants(kind);
            if unwanted && rows > 0 {
                person.skip(kind, Reason::KindNotChosen, rows as u64, "", "");
            }
            unwanted
        };
        let groups = raw.contacts.iter().map(|contact| contact.groups.len()).sum();
        unwanted(Kind::Group, groups);
        if unwanted(Kind::Roster, raw.contacts.len()) {
            raw.contacts.clear();
        }
        if unwanted(Kind::Request, raw.requests.len()) {
            raw.requests.clear();
        }
        if unwanted(Kind::Private, raw.private.len()) {
            raw.private.clear();
        }
        if unwanted(Kind::Privacy, raw.rules.len() + raw.blocked.len() + raw.default_lists.len()) {
            raw.rules.clear();
            raw.blocked.clear();
            raw.default_lists.clear();
        }
        if unwanted(Kind::VCard, raw.vcards.len()) {
            raw.vcards.clear();
        }
        if unwanted(Kind::Offline, raw.messages.len()) {
            raw.messages.clear();
        }
        if unwanted(Kind::Last, raw.last.len()) {
            raw.last.clear();
        }
    }
}

/// Counts all rows of a user of whom nothing is taken.
pub(crate) fn refuse_all(raw: &RawUser, domain: &str, reason: Reason, detail: &str, tally: &mut Tally) {
    let groups: usize = raw.contacts.iter().map(|contact| contact.groups.len()).sum();
    let rows = [
        (Kind::Account, raw.accounts.len()),
        (Kind::Roster, raw.contacts.len()),
        (Kind::Group, groups),
        (Kind::Request, raw.requests.len()),
        (Kind::Private, raw.private.len()),
        (Kind::Privacy, raw.rules.len() + raw.blocked.len() + raw.default_lists.len()),
        (Kind::VCard, raw.vcards.len()),
        (Kind::Offline, raw.messages.len()),
        (Kind::Last, raw.last.len()),
    ];
    let mut some = None;
    for (kind, rows) in rows {
        tally.read(domain, kind, rows as u64, Fate::Skipped(reason));
        some = some.or((rows > 0).then_some(kind));
    }
    for skipped in &raw.skipped {
        tally.read(domain, skipped.kind, skipped.rows, Fate::Skipped(skipped.reason));
        some = some.or(Some(skipped.kind));
    }
    if let (Some(kind), true) = (some, reason.is_listed()) {
        tally.list(domain, &raw.local, kind, reason, &format!("{}@{}", raw.local, raw.host), detail);
    }
}
