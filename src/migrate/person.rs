//! A user as it is to stand here: checked, normalized, in the shapes of the store.

use auth::Secret;
use bytes::Bytes;
use storage::{AccountSecret, LastActivity, PrivacyList, PrivateEntry, RosterItem, ScramKeys};

use crate::{Kind, Reason, Tally};

/// A user of a source, checked.
#[derive(Default)]
pub(crate) struct Person {
    /// Here, as U-labels.
    pub domain: String,
    /// After nodeprep.
    pub local: String,
    /// The auth provider that has accounts of the domain, if it is not the server's own store.
    pub provider: Option<String>,
    /// `None` if the source has no account of that name.
    pub account: Option<PersonAccount>,
    /// Contacts, and those of which there is only a request.
    pub roster: Vec<RosterItem>,
    pub private: Vec<PrivateEntry>,
    pub lists: Vec<PrivacyList>,
    /// The name of one of the lists.
    pub default_list: Option<String>,
    /// Whether a row of the source says so.
    pub default_is_row: bool,
    pub vcard: Option<String>,
    /// With the time of their coming, in order.
    pub messages: Vec<(i64, Bytes)>,
    pub last: Option<LastActivity>,
    /// What was refused: rows by kind and reason.
    pub skipped: Vec<(Kind, Reason, u64)>,
    /// Of these, and of what was mended, those that the report names.
    pub remarks: Tally,
    /// Kinds of which something could not be read: that it is missing does not mean that it is gone.
    pub partial: Vec<Kind>,
}

/// An account.
pub(crate) struct PersonAccount {
    pub password: Password,
    /// UTC microseconds.
    pub created_us: i64,
    /// `None`: the source does not say.
    pub enabled: Option<bool>,
}

/// A password that can be kept. No `Debug`.
pub(crate) enum Password {
    /// Nobody can log in.
    None,
    Keys(Vec<ScramKeys>),
    Plain(String),
    Foreign(AccountSecret),
}

impl Person {
    /// Counts rows that are refused, and names them if they are to be named.
    pub fn skip(&mut self, kind: Kind, reason: Reason, rows: u64, key: &str, detail: &str) {
        self.skipped.push((kind, reason, rows));
        if reason.is_listed() {
            self.remark(kind, reason, key, detail);
        }
        if reason.hides() {
            self.partial.push(kind);
        }
    }

    /// The rows of the source that its records are made of, by kind.
    pub fn rows(&self) -> Vec<(Kind, u64)> {
        let contacts = || self.roster.iter().filter(|item| item.in_roster);
        let requests = self.roster.iter().filter(|item| item.pending_in.is_some()).count();
        let items: usize = self.lists.iter().map(|list| list.items.len()).sum();
        vec![
            (Kind::Account, u64::from(self.account.is_some())),
            (Kind::Roster, contacts().count() as u64),
            (Kind::Group, contacts().map(|item| item.groups.len() as u64).sum()),
            (Kind::Request, requests as u64),
            (Kind::Private, self.private.len() as u64),
            (Kind::Privacy, items as u64 + u64::from(self.default_is_row)),
            (Kind::VCard, u64::from(self.vcard.is_some())),
            (Kind::Offline, self.messages.len() as u64),
            (Kind::Last, u64::from(self.last.is_some())),
        ]
    }

    /// Names something that is written all the same.
    pub fn remark(&mut self, kind: Kind, reason: Reason, key: &str, detail: &str) {
        self.remarks.list(&self.domain, &self.local, kind, reason, key, detail);
    }
}

impl PersonAccount {
    /// Whether the password matches keys, at the cost of making them once.
    pub fn has_keys(&self, keys: &[ScramKeys], own: auth::AccountName<'_>) -> bool {
        match &self.password {
            Password::Plain(password) => {
                let cheapest = keys.iter().min_by_key(|keys| keys.hash).cloned();
                cheapest.is_some_and(|keys| Secret::Scram(vec![keys]).verify(own, password))
            }
            Password::Keys(there) => there == keys,
            Password::None | Password::Foreign(_) => false,
        }
    }
}
