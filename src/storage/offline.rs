//! Messages stored for offline accounts (XEP-0160).

use bytes::Bytes;
use xmpp::Jid;

use crate::connection::Connection;
use crate::repeat::{fill, lists};
use crate::roster::digest;
use crate::statement::Statement;
use crate::value::{Row, Value};
use crate::writer::Commit;
use crate::{AccountId, StorageError, Store};

/// A stored message's id: later ones have higher ids, and none is reused. The default is before all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OfflineId(pub i64);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfflineMessage {
    pub id: OfflineId,
    /// When it was stored, UTC microseconds.
    pub stored_us: i64,
    pub xml: Bytes,
}

/// Why a message was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfflineError {
    /// The account has reached its limit.
    #[error("the account's offline store is full")]
    Full,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// All senders outside the roster share this fraction of the limit.
const STRANGERS: u32 = 4;

struct Incoming {
    account: AccountId,
    xml: Bytes,
    sender: Option<Jid>,
    now_us: i64,
    expires_us: Option<i64>,
    limit: Option<u32>,
}

/// The repository of stored messages; from [`Store::offline`].
pub struct Offline<'a>(pub(crate) &'a Store);

impl Offline<'_> {
    /// Stores a message, unless the account has `limit` of them. After `expires_us` (UTC microseconds) it is
    /// no longer loaded.
    ///
    /// # Errors
    /// [`OfflineError::Full`]; [`StorageError::Constraint`] within if the account does not exist.
    pub async fn store(
        &self,
        account: AccountId,
        xml: &[u8],
        now_us: i64,
        expires_us: Option<i64>,
        limit: Option<u32>,
    ) -> Result<OfflineId, OfflineError> {
        self.store_later(account, Bytes::copy_from_slice(xml), None, now_us, expires_us, limit).await
    }

    /// [`store`](Self::store), queued at the call: messages are stored in the order of the calls, whenever
    /// the futures are polled. If `sender` (a bare JID) is not in the account's roster, a quarter of `limit`
    /// applies to all such senders together.
    pub fn store_later(
        &self,
        account: AccountId,
        xml: Bytes,
        sender: Option<Jid>,
        now_us: i64,
        expires_us: Option<i64>,
        limit: Option<u32>,
    ) -> Commit<OfflineId, OfflineError> {
        let incoming = Incoming { account, xml, sender, now_us, expires_us, limit };
        self.0.queue_for(&[account], incoming, |connection, incoming| Box::pin(insert(connection, incoming)))
    }

    /// The account's messages after `after` in order, at most `limit`, without expired ones.
    ///
    /// # Errors
    /// The database failed.
    pub async fn load(
        &self,
        account: AccountId,
        after: OfflineId,
        limit: u32,
    ) -> Result<Vec<OfflineMessage>, StorageError> {
        let args = [account.into(), after.0.into(), self.0.now_us().into(), limit.into()];
        let rows = self.0.readers().fetch(Statement::OfflineLoad.with(&args)).await?;
        rows.iter().map(message).collect()
    }

    /// Deletes these messages of the account; returns how many existed.
    pub fn delete(&self, account: AccountId, ids: &[OfflineId]) -> Commit<u64> {
        self.0.queue_for(&[account], (account, ids.to_vec()), |connection, (account, ids)| {
            Box::pin(async move { delete(connection, *account, ids).await.map(Ok) })
        })
    }

    /// Deletes the account's messages up to and including `last`; returns how many there were.
    pub fn delete_up_to(&self, account: AccountId, last: OfflineId) -> Commit<u64> {
        self.0.queue_for(&[account], (account, last), |connection, &(account, last)| {
            Box::pin(async move {
                let args = [account.into(), last.0.into()];
                connection.execute(Statement::OfflineDeleteUpTo.with(&args)).await.map(Ok)
            })
        })
    }

    /// The number of the account's messages, including expired ones that are not yet deleted.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count(&self, account: AccountId) -> Result<u64, StorageError> {
        let count = self.0.readers().number(Statement::OfflineCount.with(&[account.into()])).await?;
        Ok(count.unsigned_abs())
    }

    /// Deletes what has expired by `now_us`; returns how many there were.
    pub fn purge_expired(&self, now_us: i64) -> Commit<u64> {
        self.0.queue(now_us, |connection, &now_us| {
            Box::pin(async move {
                connection.execute(Statement::OfflineExpire.with(&[now_us.into()])).await.map(Ok)
            })
        })
    }
}

/// Deletes messages of the account; returns how many existed.
pub(crate) async fn delete(
    connection: &mut Connection,
    account: AccountId,
    ids: &[OfflineId],
) -> Result<u64, StorageError> {
    let mut deleted = 0;
    for list in lists(ids) {
        let ids = list.iter().map(|id| Value::from(id.0));
        let mut args: Vec<_> = std::iter::once(Value::from(account)).chain(ids).collect();
        let count = fill(&mut args, list.len());
        deleted += connection.execute(Statement::OfflineDelete.repeat(count, &args)).await?;
    }
    Ok(deleted)
}

async fn insert(
    connection: &mut Connection,
    incoming: &Incoming,
) -> Result<Result<OfflineId, OfflineError>, StorageError> {
    if let Some(id) = insert_below(connection, incoming).await? {
        return Ok(Ok(id));
    }
    // Full, but perhaps with expired messages that are not yet deleted.
    let args = [incoming.account.into(), incoming.now_us.into()];
    let expired = connection.execute(Statement::OfflineExpireOne.with(&args)).await?;
    let id = if expired > 0 { insert_below(connection, incoming).await? } else { None };
    Ok(id.ok_or(OfflineError::Full))
}

async fn insert_below(
    connection: &mut Connection,
    incoming: &Incoming,
) -> Result<Option<OfflineId>, StorageError> {
    let Incoming { account, xml, sender, now_us, expires_us, limit } = incoming;
    let row: [Value<'_>; 4] =
        [(*account).into(), (*now_us).into(), (*expires_us).into(), xml.as_ref().into()];
    let rows = match (limit, sender) {
        (None, _) => connection.fetch(Statement::OfflineInsert.with(&row)).await?,
        (Some(0), _) => return Ok(None),
        (Some(limit), None) => {
            let [a, b, c, d] = row;
            let args = [a, b, c, d, a, (limit - 1).into()];
            connection.fetch(Statement::OfflineInsertBelow.with(&args)).await?
        }
        (Some(limit), Some(sender)) => {
            let [a, b, c, d] = row;
            let digest = digest(sender);
            let (sender, strangers) = (Value::from(&digest[..]), limit.div_ceil(STRANGERS) - 1);
            let args = [a, b, c, d, a, sender, a, (limit - 1).into(), a, sender, a, strangers.into()];
            connection.fetch(Statement::OfflineInsertFrom.with(&args)).await?
        }
    };
    rows.first().map(|row| row.int(0).map(OfflineId)).transpose()
}

fn message(row: &Row) -> Result<OfflineMessage, StorageError> {
    Ok(OfflineMessage { id: OfflineId(row.int(0)?), stored_us: row.int(1)?, xml: row.bytes(2)?.into() })
}
