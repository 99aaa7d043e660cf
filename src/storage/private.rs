//! Private XML storage (XEP-0049): payloads that clients keep for themselves.

use sha2::{Digest, Sha256};

use crate::connection::Connection;
use crate::statement::Statement;
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
    /// Bytes of all payloads' XML together.
    pub bytes: u64,
}

/// Why a payload was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrivateError {
    /// The account would exceed a limit.
    Full,
    /// The database failed.
    Storage(StorageError),
}

impl From<StorageError> for PrivateError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl std::fmt::Display for PrivateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full => f.write_str("the account's private XML storage is full"),
            Self::Storage(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PrivateError {}

struct Incoming {
    account: AccountId,
    entry: PrivateEntry,
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

    /// Stores a payload in place of the previous one of the same root element. An empty payload counts as an
    /// entry, too. Queued at the call; `limits` are checked in the same write.
    ///
    /// # Errors
    /// [`PrivateError::Full`] if the account would have more than `limits` afterwards;
    /// [`StorageError::Constraint`] within if the account does not exist.
    pub fn put(
        &self,
        account: AccountId,
        name: &str,
        ns: &str,
        xml: String,
        limits: PrivateLimits,
    ) -> Commit<(), PrivateError> {
        let entry = PrivateEntry { name: name.to_owned(), ns: ns.to_owned(), xml };
        let incoming = Incoming { account, entry, limits };
        self.0.queue(incoming, |connection, incoming| Box::pin(put(connection, incoming)))
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
    let Incoming { account, entry, limits } = incoming;
    let digest = digest(&entry.name, &entry.ns);
    let key = [(*account).into(), digest.as_slice().into()];
    if *limits != PrivateLimits::default() {
        let others = connection.fetch(Statement::PrivateOthers.with(&key)).await?;
        let Some(others) = others.first() else {
            return Err(StorageError::Database("a sum without a row".into()));
        };
        let entries = others.int(0)?.unsigned_abs() + 1;
        let bytes = others.int(1)?.unsigned_abs() + entry.xml.len() as u64;
        let over = |count: u64, limit: u64| limit > 0 && count > limit;
        if over(entries, limits.entries.into()) || over(bytes, limits.bytes) {
            return Ok(Err(PrivateError::Full));
        }
    }
    let [account, digest] = key;
    let args =
        [account, digest, entry.name.as_str().into(), entry.ns.as_str().into(), entry.xml.as_str().into()];
    connection.execute(Statement::PrivatePut.with(&args)).await?;
    Ok(Ok(()))
}

/// With the name's length in front, so that no two pairs are hashed alike.
fn digest(name: &str, ns: &str) -> [u8; 32] {
    let length = (name.len() as u64).to_be_bytes();
    Sha256::new().chain_update(length).chain_update(name).chain_update(ns).finalize().into()
}
