//! A user of the source and the account here, record by record.

mod account;
mod contacts;
mod documents;
mod enabled;
mod lists;
mod messages;
mod unchanged;

use smallvec::SmallVec;
use storage::{AccountState, ImportChange, Imported};

use crate::decision::{Action, Sides};
use crate::digest::Base;
use crate::person::Person;
use crate::{Fate, Kind, MigrateError, Order, Reason, Tally};

pub(crate) use account::{AccountDecision, decide_account};
pub(crate) use unchanged::is_as_imported;

/// What an import does of one user.
pub(crate) struct Merge<'a> {
    order: &'a Order,
    /// The account as it is here.
    state: Option<&'a AccountState>,
    before: Base,
    after: Base,
    change: ImportChange,
    /// Whether anything is written.
    writes: bool,
    domain: String,
    local: String,
    tally: &'a mut Tally,
    partial: Vec<Kind>,
    /// Whether the source has a password.
    has_password: bool,
    /// A digest of the source's hash of the password.
    password_there: Option<Vec<u8>>,
}

/// A record of the source.
struct There<T> {
    key: u64,
    digest: u64,
    record: T,
    /// The rows that it is made of, by kind.
    rows: SmallVec<[(Kind, u64); 3]>,
}

/// What has been decided of the records of a kind.
struct Decided<T> {
    /// To be written.
    put: Vec<T>,
    /// Keys of records to be removed here.
    gone: Vec<u64>,
}

/// Merges the user with the account. `None` if nothing is to be written.
///
/// # Errors
/// [`MigrateError::Conflict`].
pub(crate) fn merge(
    order: &Order,
    mut person: Person,
    state: Option<&AccountState>,
    decision: AccountDecision,
    tally: &mut Tally,
) -> Result<Option<ImportChange>, MigrateError> {
    let (domain, local) = (person.domain.clone(), person.local.clone());
    for (kind, reason, rows) in std::mem::take(&mut person.skipped) {
        tally.read(&domain, kind, rows, Fate::Skipped(reason));
    }
    tally.listed.append(&mut person.remarks.listed);
    tally.user.clone_from(&local);
    if state.is_none() && !order.wants(Kind::Account) {
        for (kind, rows) in person.rows() {
            let reason = if kind == Kind::Account { Reason::KindNotChosen } else { Reason::UnknownUser };
            tally.read(&domain, kind, rows, Fate::Skipped(reason));
        }
        tally.list(&domain, &local, Kind::Account, Reason::UnknownUser, "no account here", "");
        return Ok(None);
    }
    let before = state.and_then(|state| state.imported.as_ref());
    let partial = std::mem::take(&mut person.partial);
    let enabled = person.account.as_ref().and_then(|account| account.enabled);
    let change = decision.change(&person, state);
    let mut merge = Merge {
        order,
        state,
        before: before.map(|imported| Base::read(&imported.records)).unwrap_or_default(),
        after: Base::default(),
        change,
        writes: state.is_none(),
        domain,
        local,
        tally,
        partial,
        has_password: account::has_password(&person),
        password_there: account::recorded(&person),
    };
    let marks = merge.account(&decision, enabled)?;
    merge.contacts(std::mem::take(&mut person.roster))?;
    merge.private(std::mem::take(&mut person.private))?;
    merge.lists(std::mem::take(&mut person.lists), person.default_list.take(), person.default_is_row)?;
    merge.vcard(person.vcard.take())?;
    merge.messages(std::mem::take(&mut person.messages))?;
    merge.last(person.last.take())?;
    let imported = Imported { records: merge.after.bytes(), ..marks };
    let is_known = before == Some(&imported);
    merge.change.imported = Some((order.server.number(), imported));
    Ok((merge.writes || !is_known).then_some(merge.change))
}

impl Merge<'_> {
    /// Decides on all records of a kind. `here`: digests of what stands here, by key; `name`: to find a record in
    /// the report; `used_up`: a record that was imported and is not here any more has served its purpose.
    fn decide<T>(
        &mut self,
        kind: Kind,
        there: Vec<There<T>>,
        here: &dyn Fn(u64) -> Option<u64>,
        name: &dyn Fn(&T) -> String,
        used_up: bool,
    ) -> Result<Decided<T>, MigrateError> {
        let mut decided = Decided { put: Vec::new(), gone: Vec::new() };
        if !self.order.wants(kind) {
            self.carry_over(kind);
            return Ok(decided);
        }
        let mut seen: Vec<u64> = there.iter().map(|one| one.key).collect();
        seen.sort_unstable();
        for one in there {
            let sides = Sides {
                before: self.before.get(kind, one.key),
                here: here(one.key),
                there: Some(one.digest),
            };
            let is_used_up = used_up && sides.before.is_some() && sides.here.is_none();
            match sides.decide(self.order.on_conflict) {
                _ if is_used_up => self.settle(kind, &one, Fate::Skipped(Reason::Delivered), sides.before),
                Action::Create => {
                    self.settle(kind, &one, Fate::Created, Some(one.digest));
                    decided.put.push(one.record);
                }
                Action::Change => {
                    self.settle(kind, &one, Fate::Changed, Some(one.digest));
                    decided.put.push(one.record);
                }
                Action::Keep => {
                    self.settle(kind, &one, Fate::Skipped(Reason::Kept), sides.before);
                    self.list(kind, Reason::Kept, &name(&one.record));
                }
                Action::Fail => return Err(self.conflict(kind, &name(&one.record))),
                Action::Nothing | Action::Ours | Action::Remove => {
                    self.settle(kind, &one, Fate::Skipped(Reason::Unchanged), Some(one.digest));
                }
            }
        }
        self.gone(kind, &seen, here, &mut decided.gone)?;
        self.writes |= !decided.put.is_empty() || !decided.gone.is_empty();
        Ok(decided)
    }

    /// What was imported and is not in the source any more.
    fn gone(
        &mut self,
        kind: Kind,
        seen: &[u64],
        here: &dyn Fn(u64) -> Option<u64>,
        gone: &mut Vec<u64>,
    ) -> Result<(), MigrateError> {
        let missing: Vec<_> =
            self.before.of(kind).filter(|(key, _)| seen.binary_search(key).is_err()).collect();
        for (key, before) in missing {
            let is_partial = self.partial.iter().any(|partial| partial.chosen_as() == kind.chosen_as());
            if is_partial || self.order.keep_missing {
                self.after.push(kind, key, before);
                continue;
            }
            let sides = Sides { before: Some(before), here: here(key), there: None };
            match sides.decide(self.order.on_conflict) {
                Action::Remove => {
                    self.tally.of(&self.domain, kind).removed += 1;
                    gone.push(key);
                }
                Action::Keep => {
                    self.after.push(kind, key, before);
                    self.list(kind, Reason::Kept, "a record that is gone in the source");
                }
                Action::Fail => return Err(self.conflict(kind, "a record that is gone in the source")),
                Action::Nothing | Action::Ours | Action::Create | Action::Change => {}
            }
        }
        Ok(())
    }

    /// A kind that is not asked for stays as it was.
    fn carry_over(&mut self, kind: Kind) {
        let records: Vec<_> = self.before.of(kind).collect();
        for (key, content) in records {
            self.after.push(kind, key, content);
        }
    }

    fn settle<T>(&mut self, kind: Kind, one: &There<T>, fate: Fate, after: Option<u64>) {
        for (kind, rows) in &one.rows {
            self.tally.read(&self.domain, *kind, *rows, fate);
        }
        if let Some(content) = after {
            self.after.push(kind, one.key, content);
        }
    }

    fn list(&mut self, kind: Kind, reason: Reason, name: &str) {
        self.tally.list(&self.domain, &self.local, kind, reason, name, "");
    }

    fn conflict(&self, kind: Kind, name: &str) -> MigrateError {
        MigrateError::Conflict(format!("{}@{}: {kind} {name}", self.local, self.domain))
    }
}
