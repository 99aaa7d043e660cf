//! Private XML, vCards, last activities.

use hashbrown::HashMap;
use smallvec::smallvec;

use storage::{AccountState, LastActivity, PrivateEntry};

use super::{Merge, There};
use crate::{Fate, Kind, MigrateError, Reason, digest};

/// The key of the only record of a kind.
const ONLY: u64 = 0;

impl Merge<'_> {
    pub(super) fn private(&mut self, entries: Vec<PrivateEntry>) -> Result<(), MigrateError> {
        let here = self.state.into_iter().flat_map(|state| &state.private);
        let here: HashMap<u64, &PrivateEntry> =
            here.map(|entry| (digest::key(&[&entry.name, &entry.ns]), entry)).collect();
        let there = entries.into_iter().map(|entry| There {
            key: digest::key(&[&entry.name, &entry.ns]),
            digest: digest::private(&entry),
            rows: smallvec![(Kind::Private, 1)],
            record: entry,
        });
        let content = |key| here.get(&key).map(|entry| digest::private(entry));
        let name = |entry: &PrivateEntry| format!("{{{}}}{}", entry.ns, entry.name);
        let decided = self.decide(Kind::Private, there.collect(), &content, &name, false)?;
        self.change.private = decided.put;
        let gone = decided.gone.iter().filter_map(|key| here.get(key));
        self.change.private_gone = gone.map(|entry| (entry.name.clone(), entry.ns.clone())).collect();
        Ok(())
    }

    pub(super) fn vcard(&mut self, vcard: Option<String>) -> Result<(), MigrateError> {
        let here = self.state.and_then(|state| state.vcard.as_deref()).map(digest::text);
        let there = vcard.map(|xml| There {
            key: ONLY,
            digest: digest::text(&xml),
            rows: smallvec![(Kind::VCard, 1)],
            record: xml,
        });
        let decided =
            self.decide(Kind::VCard, there.into_iter().collect(), &|_| here, &|_| String::new(), false)?;
        if !decided.gone.is_empty() {
            self.change.vcard = Some(None);
        }
        if let Some(xml) = decided.put.into_iter().next() {
            self.change.vcard = Some(Some(xml));
        }
        Ok(())
    }

    /// The later one counts, wherever it is from: it changes with every session.
    pub(super) fn last(&mut self, last: Option<LastActivity>) -> Result<(), MigrateError> {
        self.carry_over(Kind::Last);
        let Some(last) = last.filter(|_| self.order.wants(Kind::Last)) else { return Ok(()) };
        let here = self.state.and_then(|state| state.last.as_ref());
        let fate = match here {
            None => Fate::Created,
            Some(here) if here == &last => Fate::Skipped(Reason::Unchanged),
            Some(here) if here.at_us >= last.at_us => Fate::Skipped(Reason::Older),
            Some(_) => Fate::Changed,
        };
        self.tally.read(&self.domain, Kind::Last, 1, fate);
        if matches!(fate, Fate::Created | Fate::Changed) {
            self.change.last = Some(last);
            self.writes = true;
        }
        Ok(())
    }
}

/// Keys and digests of what stands here.
pub(super) fn private_here(state: &AccountState) -> Vec<(u64, u64)> {
    let entries = state.private.iter();
    entries.map(|entry| (digest::key(&[&entry.name, &entry.ns]), digest::private(entry))).collect()
}

/// The same of the vCard.
pub(super) fn vcard_here(state: &AccountState) -> Vec<(u64, u64)> {
    state.vcard.iter().map(|xml| (ONLY, digest::text(xml))).collect()
}
