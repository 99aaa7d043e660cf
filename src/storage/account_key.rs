//! The keys that passwords are verified against.

use std::sync::Arc;

use crate::connection::Connection;
use crate::repeat::parts;
use crate::statement::Statement;
use crate::value::{Row, Value};
use crate::writer::Commit;
use crate::{Account, AccountId, Accounts, Hash, Kept, ScramKeys, StorageError};

impl Accounts<'_> {
    /// Replaces all keys of the account, or its secret, that is, its password; `false` if it does not exist.
    pub fn set_keys(&self, id: AccountId, keys: &[ScramKeys]) -> Commit<bool> {
        let data = (id, keys.to_vec(), self.0.common_hashes().change());
        self.0.queue_for(&[id], data, |connection, (id, keys, _)| {
            Box::pin(async move {
                let args = [hashes(keys).into(), (*id).into()];
                if connection.execute(Statement::AccountHashes.with(&args)).await? == 0 {
                    return Ok(Ok(false));
                }
                connection.execute(Statement::KeyDelete.with(&[(*id).into()])).await?;
                connection.execute(Statement::SecretDelete.with(&[(*id).into()])).await?;
                let keys: Vec<_> = keys.iter().map(|keys| (*id, keys)).collect();
                insert_keys(connection, &keys).await?;
                Ok(Ok(true))
            })
        })
    }

    /// The account of that name with its keys, in one query; without any if its password is kept as a secret.
    ///
    /// # Errors
    /// The database failed, or a key is damaged.
    pub async fn keys(
        &self,
        domain: &str,
        local: &str,
    ) -> Result<Option<(Account, Vec<ScramKeys>)>, StorageError> {
        let found = self.credentials(domain, local).await?;
        Ok(found.map(|(account, kept)| match kept {
            Kept::Keys(keys) => (account, keys),
            Kept::Secret(_) => (account, Vec::new()),
        }))
    }

    /// The hashes for which every account of the domain that has any keys has one, weakest first: offering
    /// them locks no account out. Empty while an account has a one-way secret. All hashes for a domain without
    /// accounts. A few steps in an index, however many accounts there are, and remembered: for as long as this
    /// store changes no keys, at most a minute.
    ///
    /// # Errors
    /// The database failed.
    pub async fn common_hashes(&self, domain: &str) -> Result<Arc<[Hash]>, StorageError> {
        let (known, now) = (self.0.common_hashes(), self.0.monotonic());
        let asked = match known.get(domain, now) {
            Ok(hashes) => return Ok(hashes),
            Err(asked) => asked,
        };
        let args = [domain.into(); 3];
        let lacks = self.0.readers().first(Statement::AccountLacks.with(&args)).await?;
        let mut common = Vec::with_capacity(Hash::ALL.len());
        for (column, hash) in Hash::ALL.into_iter().enumerate() {
            if let Some(lacks) = &lacks
                && !lacks.flag(column)?
            {
                common.push(hash);
            }
        }
        let common: Arc<[Hash]> = common.into();
        known.put(domain, common.clone(), now, asked);
        Ok(common)
    }
}

pub(crate) async fn insert_keys(
    connection: &mut Connection,
    keys: &[(AccountId, &ScramKeys)],
) -> Result<(), StorageError> {
    for chunk in parts(keys) {
        let mut args = Vec::with_capacity(chunk.len() * 6);
        for (id, keys) in chunk {
            let secrets = [&keys.salt, &keys.stored_key, &keys.server_key];
            args.extend([*id, keys.hash.bit(), keys.iterations.into()].map(Value::from));
            args.extend(secrets.map(|secret| Value::from(secret.as_slice())));
        }
        connection.execute(Statement::KeyInsert.repeat(chunk.len(), &args)).await?;
    }
    Ok(())
}

/// The set of hashes with keys.
pub(crate) fn hashes(keys: &[ScramKeys]) -> i64 {
    keys.iter().fold(0, |set, keys| set | keys.hash.bit())
}

/// The key of a lookup's row.
pub(crate) fn key(row: &Row) -> Result<Option<ScramKeys>, StorageError> {
    key_at(row, 6)
}

/// From five columns beginning with `column`; `None` if they are NULL.
pub(crate) fn key_at(row: &Row, column: usize) -> Result<Option<ScramKeys>, StorageError> {
    let Some(bit) = row.opt_int(column)? else { return Ok(None) };
    let damaged = |what: &str| StorageError::Corrupt(format!("{what} of a key"));
    Ok(Some(ScramKeys {
        hash: Hash::from_bit(bit).ok_or_else(|| damaged("the hash"))?,
        iterations: u32::try_from(row.int(column + 1)?).map_err(|_| damaged("the iterations"))?,
        salt: row.bytes(column + 2)?,
        stored_key: row.bytes(column + 3)?,
        server_key: row.bytes(column + 4)?,
    }))
}
