//! Accounts and their passwords.

use auth::AccountName;
use storage::{AccountState, ImportChange, Imported, ImportedAccount, Kept, NewAccount, ScramKeys};

use super::Merge;
use crate::person::{Password, Person, PersonAccount};
use crate::{Fate, Kind, MigrateError, OnConflict, Order, Reason, Secrets};

/// What is done about an account, before keys are made of its password.
pub(crate) enum AccountDecision {
    /// It is made, with this password.
    Create(Keys),
    /// It gets this password.
    SetPassword(Keys),
    /// Nothing, for this reason.
    Leave(Reason),
    /// `--on-conflict fail`.
    Conflict,
}

/// How a password is going to be kept.
pub(crate) enum Keys {
    Ready(Kept),
    /// Keys are to be made of it.
    Of(String),
}

/// Decides on the account. At the cost of one derivation if the source has the password and keys stand here.
pub(crate) fn decide_account(
    order: &Order,
    person: &Person,
    state: Option<&AccountState>,
) -> AccountDecision {
    let Some(account) = &person.account else { return AccountDecision::Leave(Reason::UnknownUser) };
    let Some(state) = state else {
        return AccountDecision::Create(match person.provider {
            Some(_) => Keys::Ready(Kept::Keys(Vec::new())),
            None => keys(order, account),
        });
    };
    if !order.wants(Kind::Account) {
        return AccountDecision::Leave(Reason::KindNotChosen);
    }
    if state.account.provider.is_some() {
        return AccountDecision::Leave(Reason::KeptElsewhere);
    }
    let own = AccountName { local: &person.local, domain: &person.domain };
    // A source that has no password, or none that can be used, takes none away.
    if matches!(account.password, Password::None) || is_same(account, state, own) {
        return AccountDecision::Leave(Reason::Unchanged);
    }
    let before = state.imported.as_ref().and_then(|imported| imported.password_here.as_ref());
    let is_unchanged_here = before == Some(&state.kept.mark());
    if is_unchanged_here && there(account).is_some_and(|there| Some(&there) == password_there(state)) {
        // A hash that was replaced by keys at the first log-in.
        return AccountDecision::Leave(Reason::Unchanged);
    }
    match (is_unchanged_here, order.on_conflict) {
        (true, _) | (false, OnConflict::Replace) => AccountDecision::SetPassword(keys(order, account)),
        (false, OnConflict::Keep) => AccountDecision::Leave(Reason::Kept),
        (false, OnConflict::Fail) => AccountDecision::Conflict,
    }
}

fn password_there(state: &AccountState) -> Option<&Vec<u8>> {
    state.imported.as_ref().and_then(|imported| imported.password_there.as_ref())
}

fn keys(order: &Order, account: &PersonAccount) -> Keys {
    match &account.password {
        Password::None => Keys::Ready(Kept::Keys(Vec::new())),
        Password::Keys(keys) => Keys::Ready(Kept::Keys(keys.clone())),
        Password::Foreign(secret) => Keys::Ready(Kept::Secret(secret.clone())),
        Password::Plain(password) => match order.secrets {
            Secrets::Derive => Keys::Of(password.clone()),
            Secrets::Keep => Keys::Ready(plain(password)),
        },
    }
}

/// A password kept as it is.
fn plain(password: &str) -> Kept {
    Kept::Secret(storage::AccountSecret {
        format: auth::Format::Plain.word().to_owned(),
        text: password.to_owned(),
        salt: None,
        one_way: false,
    })
}

/// Whether the same password is kept here.
fn is_same(account: &PersonAccount, state: &AccountState, own: AccountName<'_>) -> bool {
    match (&account.password, &state.kept) {
        (Password::Foreign(there), Kept::Secret(here)) => there == here,
        (Password::Plain(there), Kept::Secret(here)) => !here.one_way && here.text == *there,
        (Password::None, Kept::Keys(keys)) => keys.is_empty(),
        (_, Kept::Keys(keys)) => !keys.is_empty() && account.has_keys(keys, own),
        (Password::None | Password::Keys(_), Kept::Secret(_)) => false,
    }
}

/// A digest of what the source has, unless it is the password itself.
fn there(account: &PersonAccount) -> Option<Vec<u8>> {
    match &account.password {
        Password::Foreign(secret) => Some(Kept::Secret(secret.clone()).mark()),
        Password::Keys(keys) => Some(Kept::Keys(keys.clone()).mark()),
        Password::None | Password::Plain(_) => None,
    }
}

impl AccountDecision {
    /// The text of which keys are to be made.
    pub fn wants_keys(&self) -> Option<&str> {
        match self {
            Self::Create(Keys::Of(password)) | Self::SetPassword(Keys::Of(password)) => Some(password),
            _ => None,
        }
    }

    /// With keys, now that they are made. Without any, nobody can log in.
    pub fn with_keys(self, made: Vec<ScramKeys>) -> Self {
        let ready = Keys::Ready(Kept::Keys(made));
        match self {
            Self::Create(Keys::Of(_)) => Self::Create(ready),
            Self::SetPassword(Keys::Of(_)) => Self::SetPassword(ready),
            other => other,
        }
    }

    /// The change of the account that it makes.
    pub(super) fn change(&self, person: &Person, state: Option<&AccountState>) -> ImportChange {
        let kept = |keys: &Keys| match keys {
            Keys::Ready(kept) => kept.clone(),
            Keys::Of(_) => Kept::Keys(Vec::new()),
        };
        let account = person.account.as_ref();
        match (self, state) {
            (Self::SetPassword(keys), Some(state)) => {
                let mut change = ImportChange::new(ImportedAccount::Existing(state.account.id));
                change.password = Some(kept(keys));
                change
            }
            (_, Some(state)) => ImportChange::new(ImportedAccount::Existing(state.account.id)),
            (Self::Create(keys) | Self::SetPassword(keys), None) => {
                ImportChange::new(new(person, account, kept(keys)))
            }
            (_, None) => ImportChange::new(new(person, account, Kept::Keys(Vec::new()))),
        }
    }
}

fn new(person: &Person, account: Option<&PersonAccount>, kept: Kept) -> ImportedAccount {
    let created_us = account.map_or(0, |account| account.created_us);
    ImportedAccount::New {
        account: NewAccount { domain: person.domain.clone(), local: person.local.clone(), kept, created_us },
        enabled: account.and_then(|account| account.enabled).unwrap_or(true),
        provider: person.provider.clone(),
    }
}

impl Merge<'_> {
    /// Counts the account; returns what is recorded of its password. `enabled`: what the source says of that.
    pub(super) fn account(
        &mut self,
        decision: &AccountDecision,
        enabled: Option<bool>,
    ) -> Result<Imported, MigrateError> {
        let before = self.state.and_then(|state| state.imported.clone()).unwrap_or_default();
        let there = self.password_there.take();
        let (fate, here) = match decision {
            AccountDecision::Create(Keys::Ready(kept)) => (Fate::Created, Some(kept.mark())),
            AccountDecision::SetPassword(Keys::Ready(kept)) => (Fate::Changed, Some(kept.mark())),
            AccountDecision::Create(Keys::Of(_)) => (Fate::Created, None),
            AccountDecision::SetPassword(Keys::Of(_)) => (Fate::Changed, None),
            AccountDecision::Leave(reason) => (Fate::Skipped(*reason), None),
            AccountDecision::Conflict => return Err(self.conflict(Kind::Account, "password")),
        };
        let switched = self.enabled(enabled)?;
        let fate = match (fate, switched) {
            (Fate::Skipped(_), Some(switched)) => switched,
            (fate, _) => fate,
        };
        self.tally.read(&self.domain, Kind::Account, 1, fate);
        match (decision, here) {
            // What is here is not the source's if that has none.
            (AccountDecision::Leave(Reason::Unchanged), _) if self.has_password => {
                let mark = self.state.map(|state| state.kept.mark());
                Ok(Imported { password_here: mark, password_there: there, records: Vec::new() })
            }
            (AccountDecision::Leave(reason), _) => {
                if reason.is_listed() {
                    self.list(Kind::Account, *reason, "password");
                }
                Ok(Imported { records: Vec::new(), ..before })
            }
            (_, here) => {
                self.writes = true;
                Ok(Imported { password_here: here, password_there: there, records: Vec::new() })
            }
        }
    }
}

/// Whether the source has a password that can be kept.
pub(super) fn has_password(person: &Person) -> bool {
    person.account.as_ref().is_some_and(|account| !matches!(account.password, Password::None))
}

/// A digest of the source's hash, to be recorded.
pub(super) fn recorded(person: &Person) -> Option<Vec<u8>> {
    person.account.as_ref().and_then(there)
}
