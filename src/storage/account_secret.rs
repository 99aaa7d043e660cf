//! Passwords as other software has hashed them, kept until the first login. What a format means is for the caller to know.

use std::fmt;

use crate::account::account;
use crate::account_key::{hashes, insert_keys, key};
use crate::connection::Connection;
use crate::password_mark::{mark_of_keys, mark_of_secret};
use crate::repeat::parts;
use crate::statement::Statement;
use crate::value::{Row, Value};
use crate::writer::Commit;
use crate::{Account, AccountId, Accounts, ScramKeys, StorageError};

/// The bit of `account.hashes` of an account that can be verified only by its password: SCRAM would lock it out.
pub(crate) const ONE_WAY: i64 = 8;

/// The bit of an account whose password is kept itself: its SCRAM keys can be derived at any time.
pub(crate) const REVERSIBLE: i64 = 16;

/// A password in a format of other software.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountSecret {
    /// The format's name.
    pub format: String,
    /// At most 64 KiB.
    pub text: String,
    /// The salt or realm that stood in a column of its own.
    pub salt: Option<String>,
    /// Whether no SCRAM keys can be derived from it.
    pub one_way: bool,
}

impl fmt::Debug for AccountSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountSecret").field("format", &self.format).finish_non_exhaustive()
    }
}

/// How an account's password is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// At most one entry per hash; empty for an account that another provider verifies.
    Keys(Vec<ScramKeys>),
    Secret(AccountSecret),
}

impl Kept {
    /// Its `account.hashes`.
    pub(crate) fn bits(&self) -> i64 {
        match self {
            Self::Keys(keys) => hashes(keys),
            Self::Secret(secret) if secret.one_way => ONE_WAY,
            Self::Secret(_) => REVERSIBLE,
        }
    }
}

impl Accounts<'_> {
    /// The account of that name and how its password is kept, in one query.
    ///
    /// # Errors
    /// The database failed, or a key is damaged.
    pub async fn credentials(
        &self,
        domain: &str,
        local: &str,
    ) -> Result<Option<(Account, Kept)>, StorageError> {
        let args = [domain.into(), local.into()];
        let rows = self.0.readers().fetch(Statement::KeyLookup.with(&args)).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let kept = match secret(first)? {
            Some(secret) => Kept::Secret(secret),
            None => Kept::Keys(rows.iter().filter_map(|row| key(row).transpose()).collect::<Result<_, _>>()?),
        };
        Ok(Some((account(first)?, kept)))
    }

    /// Replaces the secret by keys, if it is still this one; `false` if the account has another password by now, or does
    /// not exist.
    pub fn replace_secret(&self, id: AccountId, secret: AccountSecret, keys: &[ScramKeys]) -> Commit<bool> {
        let data = (id, secret, keys.to_vec(), self.0.common_hashes().change());
        self.0.queue_for(&[id], data, |connection, (id, secret, keys, _)| {
            Box::pin(async move { replace(connection, *id, secret, keys).await.map(Ok) })
        })
    }

    /// The number of accounts of the domain whose password is still kept in a format of other software. Counts a part of
    /// an index: not for hot paths.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count_secrets(&self, domain: &str) -> Result<u64, StorageError> {
        let count = self.0.readers().number(Statement::AccountSecrets.with(&[domain.into()])).await?;
        Ok(count.unsigned_abs())
    }
}

async fn replace(
    connection: &mut Connection,
    id: AccountId,
    secret: &AccountSecret,
    keys: &[ScramKeys],
) -> Result<bool, StorageError> {
    // Locks the account's row before that of the secret, in the order of a password change by another server.
    connection.execute(Statement::AccountHold.with(&[id.into()])).await?;
    let salt = secret.salt.as_deref().unwrap_or_default();
    let args = [id.into(), secret.format.as_str().into(), secret.text.as_str().into(), salt.into()];
    if connection.execute(Statement::SecretDeleteSame.with(&args)).await? == 0 {
        return Ok(false);
    }
    connection.execute(Statement::AccountHashes.with(&[hashes(keys).into(), id.into()])).await?;
    // The same password, kept otherwise: for an importer nothing has changed here.
    let (before, now) = (mark_of_secret(secret), mark_of_keys(keys));
    let args = [now.as_slice().into(), id.into(), before.as_slice().into()];
    connection.execute(Statement::ImportedPassword.with(&args)).await?;
    let keys: Vec<_> = keys.iter().map(|keys| (id, keys)).collect();
    insert_keys(connection, &keys).await?;
    Ok(true)
}

pub(crate) async fn insert_secrets(
    connection: &mut Connection,
    secrets: &[(AccountId, &AccountSecret)],
) -> Result<(), StorageError> {
    for chunk in parts(secrets) {
        let mut args = Vec::with_capacity(chunk.len() * 4);
        for (id, secret) in chunk {
            args.extend([Value::from(*id), secret.format.as_str().into(), secret.text.as_str().into()]);
            args.push(secret.salt.as_deref().into());
        }
        connection.execute(Statement::SecretInsert.repeat(chunk.len(), &args)).await?;
    }
    Ok(())
}

/// The last four columns of a lookup.
fn secret(row: &Row) -> Result<Option<AccountSecret>, StorageError> {
    secret_at(row, 11, 14)
}

/// From three columns beginning with `column`, and that of the account's hashes; `None` if they are NULL.
pub(crate) fn secret_at(
    row: &Row,
    column: usize,
    hashes: usize,
) -> Result<Option<AccountSecret>, StorageError> {
    let Some(format) = row.opt_text(column)? else { return Ok(None) };
    let one_way = row.int(hashes)? & ONE_WAY != 0;
    let (text, salt) = (row.text(column + 1)?, row.opt_text(column + 2)?);
    Ok(Some(AccountSecret { format, text, salt, one_way }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let text = Some("4711".to_owned());
        let secret =
            AccountSecret { format: "bcrypt".into(), text: "4711".into(), salt: text, one_way: true };
        let shown = format!("{:?}", Kept::Secret(secret));
        assert!(shown.contains("bcrypt") && !shown.contains("4711"), "{shown}");
    }
}
