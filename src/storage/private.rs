//! Private XML storage (XEP-0049): data that clients store for themselves.

use sha2::{Digest, Sha256};

use crate::connection::Connection;
use crate::repeat::{fill, lists, parts_within};
use crate::statement::Statement;
use crate::value::Value;
use crate::writer::Commit;
use crate::{AccountId, StorageError, Store};

/// A stored payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateEntry {
    /// The local name of the payload's root element.
    pub name: String,
    /// Its namespace.
    pub ns: String,
    /// The payload, with its root element.
    pub xml: String,
}

/// How much one account may store; 0 means unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrivateLimits {
    /// Payloads, including empty ones.
    pub entries: u32,
    /// Total bytes of all payloads' XML.
    pub bytes: u64,
}

/// Why a payload was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivateError {
    /// The account would exceed a limit.
    #[error("the account's private XML storage is full")]
    Full,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

struct Incoming {
    account: AccountId,
    entries: Vec<PrivateEntry>,
    limits: PrivateLimits,
}

/// The repository of private XML; from [`Store::private`].
pub struct PrivateXml<'a>(pub(crate) &'a Store);

impl PrivateXml<'_> {
    /// The payload whose root element is `name` in the namespace `ns`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn get(
        &self,
        account: AccountId,
        name: &str,
        ns: &str,
    ) -> Result<Option<String>, StorageError> {
        let digest = digest(name, ns);
        let args = [account.into(), digest.as_slice().into()];
        let row = self.0.readers().first(Statement::PrivateGet.with(&args)).await?;
        row.map(|row| row.text(0)).transpose()
    }

    /// Stores payloads, each replacing the previous one of the same root element: all of them or none. No two
    /// may have the same root element. An empty payload counts as an entry, too. Queued at the call; `limits`
    /// are checked in the same write.
    ///
    /// # Errors
    /// [`PrivateError::Full`] if the account would then exceed `limits`; [`StorageError::Constraint`] within
    /// if the account does not exist.
    pub fn put(
        &self,
        account: AccountId,
        entries: Vec<PrivateEntry>,
        limits: PrivateLimits,
    ) -> Commit<(), PrivateError> {
        let incoming = Incoming { account, entries, limits };
        self.0.queue_for(&[account], incoming, |connection, incoming| Box::pin(put(connection, incoming)))
    }

    /// All payloads of the account, in no particular order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn all(&self, account: AccountId) -> Result<Vec<PrivateEntry>, StorageError> {
        let rows = self.0.readers().fetch(Statement::PrivateAll.with(&[account.into()])).await?;
        let entries = rows
            .iter()
            .map(|row| Ok(PrivateEntry { name: row.text(0)?, ns: row.text(1)?, xml: row.text(2)? }));
        entries.collect()
    }
}

async fn put(
    connection: &mut Connection,
    incoming: &Incoming,
) -> Result<Result<(), PrivateError>, StorageError> {
    let Incoming { account, entries, limits } = incoming;
    let digests: Vec<_> = entries.iter().map(|entry| digest(&entry.name, &entry.ns)).collect();
    if *limits != PrivateLimits::default() {
        let count = entries.len() as u64;
        let bytes = entries.iter().map(|entry| entry.xml.len() as u64).sum::<u64>();
        let over = |count: u64, bytes: u64| {
            let [most, most_bytes] = [limits.entries.into(), limits.bytes];
            (most > 0 && count > most) || (most_bytes > 0 && bytes > most_bytes)
        };
        // A set that exceeds the limits by itself needs no lookups.
        if over(count, bytes) {
            return Ok(Err(PrivateError::Full));
        }
        let (others, others_bytes) = others(connection, *account, &digests).await?;
        if over(others + count, others_bytes + bytes) {
            return Ok(Err(PrivateError::Full));
        }
    }
    let rows: Vec<_> = entries.iter().map(|entry| (*account, entry)).collect();
    put_all(connection, &rows).await.map(Ok)
}

/// Payloads of several accounts, no two of the same root element in one.
pub(crate) async fn put_all(
    connection: &mut Connection,
    rows: &[(AccountId, &PrivateEntry)],
) -> Result<(), StorageError> {
    let rows: Vec<_> =
        rows.iter().map(|(account, entry)| (*account, digest(&entry.name, &entry.ns), *entry)).collect();
    for part in parts_within(&rows, |(_, _, entry)| entry.name.len() + entry.ns.len() + entry.xml.len()) {
        let mut args = Vec::with_capacity(part.len() * 5);
        for (account, digest, entry) in part {
            args.extend([Value::from(*account), digest.as_slice().into(), entry.name.as_str().into()]);
            args.extend([entry.ns.as_str(), entry.xml.as_str()].map(Value::from));
        }
        connection.execute(Statement::PrivatePut.repeat(part.len(), &args)).await?;
    }
    Ok(())
}

/// Removes payloads, by the names and namespaces of their root elements.
pub(crate) async fn remove(
    connection: &mut Connection,
    account: AccountId,
    elements: &[(String, String)],
) -> Result<(), StorageError> {
    let digests: Vec<_> = elements.iter().map(|(name, ns)| digest(name, ns)).collect();
    for list in lists(&digests) {
        let digests = list.iter().map(|digest| Value::from(digest.as_slice()));
        let mut args: Vec<_> = std::iter::once(account.into()).chain(digests).collect();
        let count = fill(&mut args, list.len());
        connection.execute(Statement::PrivateRemove.repeat(count, &args)).await?;
    }
    Ok(())
}

/// The number and bytes of the payloads that stay as they are.
async fn others(
    connection: &mut Connection,
    account: AccountId,
    replaced: &[[u8; 32]],
) -> Result<(u64, u64), StorageError> {
    if let [one] = replaced {
        return without(connection, account, one).await;
    }
    let (all, all_bytes) = without(connection, account, &[]).await?;
    let (mut stay, mut bytes) = (all, all_bytes);
    for digest in replaced {
        let (others, others_bytes) = without(connection, account, digest).await?;
        stay = stay.saturating_sub(all - others);
        bytes = bytes.saturating_sub(all_bytes - others_bytes);
    }
    Ok((stay, bytes))
}

/// The number and bytes of all payloads except the one with this digest.
async fn without(
    connection: &mut Connection,
    account: AccountId,
    digest: &[u8],
) -> Result<(u64, u64), StorageError> {
    let rows = connection.fetch(Statement::PrivateOthers.with(&[account.into(), digest.into()])).await?;
    let row = rows.first().ok_or_else(|| StorageError::Database("a sum without a row".into()))?;
    Ok((row.int(0)?.unsigned_abs(), row.int(1)?.unsigned_abs()))
}

/// Prefixed with the name's length, so that no two pairs are hashed alike.
fn digest(name: &str, ns: &str) -> [u8; 32] {
    let length = (name.len() as u64).to_be_bytes();
    Sha256::new().chain_update(length).chain_update(name).chain_update(ns).finalize().into()
}
