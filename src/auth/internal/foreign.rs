//! Accounts whose password is still kept in a format of other software: verified as it is, and replaced by keys at the
//! first login.

use storage::{Account, AccountSecret, Kept, ScramKeys};
use zeroize::Zeroizing;

use super::{Hashing, Internal};
use crate::keys::{new_keys, verify_plain};
use crate::secret::{AccountName, Format, Secret};

/// A password, to be compared with what is kept. No `Debug`, so that it cannot be logged.
pub(super) struct Attempt {
    pub local: String,
    pub domain: String,
    pub password: Zeroizing<String>,
}

impl Attempt {
    /// Whether the password is right, and the keys that replace a secret that it is right for. Blocking.
    pub(super) fn check(
        &self,
        kept: &Kept,
        random: &dyn runtime::Random,
        hashing: &Hashing,
    ) -> (bool, Vec<ScramKeys>) {
        let stored = match kept {
            Kept::Keys(keys) => return (verify_plain(&self.password, keys), Vec::new()),
            Kept::Secret(stored) => stored,
        };
        let account = AccountName { local: &self.local, domain: &self.domain };
        if !read(stored, account).is_some_and(|secret| secret.verify(account, &self.password)) {
            return (false, Vec::new());
        }
        // A password that SASLprep refuses has no keys: its secret stays.
        let keys = new_keys(random, &hashing.hashes, hashing.iterations, &self.password);
        (true, keys.unwrap_or_default())
    }
}

fn read(stored: &AccountSecret, account: AccountName<'_>) -> Option<Secret> {
    let secret = match stored.format.parse::<Format>() {
        Ok(format) => {
            Secret::read(format, &stored.text, stored.salt.as_deref()).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    let AccountName { local, domain } = account;
    secret.inspect_err(|error| tracing::warn!(local, domain, error, "cannot read a stored password")).ok()
}

impl Internal {
    /// The keys that a secret gives without the help of the client. Those of a plain password replace it.
    pub(super) async fn keys_of(&self, account: &Account, stored: AccountSecret) -> Vec<ScramKeys> {
        match read(&stored, AccountName { local: &account.local, domain: &account.domain }) {
            Some(Secret::Scram(keys)) => keys,
            Some(Secret::Plain(password)) => {
                let keys = self.new_keys(&password).await.unwrap_or_default();
                self.replace(account, stored, &keys).await;
                keys
            }
            Some(Secret::OneWay(_)) | None => Vec::new(),
        }
    }

    /// Replaces a secret by keys, unless the account has another password by now. A failure does not concern the client:
    /// the next login tries again.
    pub(super) async fn replace(&self, account: &Account, stored: AccountSecret, keys: &[ScramKeys]) {
        if keys.is_empty() {
            return;
        }
        let replaced = self.store.accounts().replace_secret(account.id, stored, keys).await;
        if let Err(error) = replaced
            && !error.is_temporary()
        {
            let (local, domain) = (&account.local, &account.domain);
            tracing::error!(local, domain, %error, "cannot replace a stored password by keys");
        }
    }

    /// What is verified for a name without an account: what is kept for the account that the name imitates, so that the
    /// time until the answer has the same distribution for names with and without an account. In a domain half of
    /// whose passwords are bcrypt hashes, half of the unknown names are refused as slowly as bcrypt is. The result must
    /// not be used.
    pub(super) async fn imitated(&self, domain: &str, local: &str) -> Kept {
        match self.decoys.model(domain, local).await {
            Some(kept @ Kept::Secret(_)) => kept,
            _ => Kept::Keys(self.decoys_for(domain, local).await),
        }
    }
}

#[cfg(test)]
mod tests;
