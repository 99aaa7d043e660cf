//! Accounts: rows of `authreg`, and of `active` that say when they were made.

use crate::{RawAccount, RawPassword, RawUser};

/// What has been read of an account.
#[derive(Default)]
pub(super) struct Accounts {
    /// Rows of `authreg`, those whose realm is the host first.
    rows: Vec<(bool, RawAccount)>,
    /// UTC microseconds.
    active: Option<i64>,
    is_active: bool,
}

impl Accounts {
    /// A row of `authreg`. `local` is the user name as it is spelt there.
    pub fn row(&mut self, local: String, realm: String, host: &str, password: Option<String>, a1hash: bool) {
        let is_hash = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_host = realm == host;
        let password = match password {
            None => RawPassword::None,
            Some(text) if is_hash(&text) && !a1hash => RawPassword::Plain(text),
            Some(text) => RawPassword::Unknown { text, realm: (!is_host).then_some(realm) },
        };
        let row = RawAccount { local: Some(local), password, ..RawAccount::default() };
        let at = if is_host {
            self.rows.iter().take_while(|(is_host, _)| *is_host).count()
        } else {
            self.rows.len()
        };
        self.rows.insert(at, (is_host, row));
    }

    /// A row of `active`: when it was made, Unix time.
    pub fn active(&mut self, seconds: Option<i64>) {
        self.is_active = true;
        let at_us = seconds.filter(|seconds| *seconds > 0).and_then(|seconds| seconds.checked_mul(1_000_000));
        self.active = self.active.or(at_us);
    }

    pub fn finish(self, user: &mut RawUser) {
        let created_us = self.active;
        let with_time = |(_, row)| RawAccount { created_us, ..row };
        user.accounts = self.rows.into_iter().map(with_time).collect();
        if user.accounts.is_empty() && self.is_active {
            // Its password was elsewhere: in LDAP, PAM or a script.
            user.accounts.push(RawAccount { created_us, ..RawAccount::default() });
        }
    }
}
