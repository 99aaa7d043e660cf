//! How many bytes the values of a plugin on a domain take. Who changes its values holds the lock of its row, so that the
//! number is right and comparing and swapping is exact, whichever server does it.

use crate::StorageError;
use crate::connection::Connection;
use crate::plugin_owner::Owner;
use crate::repeat::fill;
use crate::statement::{Call, Statement};
use crate::value::Value;

/// Values deleted by one write, as many as one statement takes.
pub(crate) const CHUNK: u32 = 256;

/// What a value takes besides its key and its bytes.
const OVERHEAD: u64 = 64;

/// What a value takes, in bytes.
pub(crate) fn size(key: &str, value_bytes: u64) -> u64 {
    key.len() as u64 + value_bytes + OVERHEAD
}

/// The row of an owner, locked until the transaction ends.
pub(crate) struct Usage {
    digest: Vec<u8>,
    pub bytes: u64,
}

impl Usage {
    /// Locks the row; `None` if the owner has none.
    pub(crate) async fn lock(
        connection: &mut Connection,
        digest: &[u8],
    ) -> Result<Option<Self>, StorageError> {
        let rows = connection.fetch(Statement::PluginUsageLock.with(&[digest.into()])).await?;
        let bytes = rows.first().map(|row| row.int(0)).transpose()?;
        Ok(bytes.map(|bytes| Self { digest: digest.to_owned(), bytes: bytes.unsigned_abs() }))
    }

    /// Locks the row, which is made if the owner has none.
    ///
    /// # Errors
    /// [`StorageError::Conflict`], after which the transaction is tried again, if another server has deleted it meanwhile.
    pub(crate) async fn lock_or_insert(
        connection: &mut Connection,
        owner: &Owner,
    ) -> Result<Self, StorageError> {
        if let Some(usage) = Self::lock(connection, &owner.digest).await? {
            return Ok(usage);
        }
        let args =
            [owner.digest.as_slice().into(), owner.plugin.as_str().into(), owner.domain.as_str().into()];
        connection.execute(Statement::PluginUsageInsert.with(&args)).await?;
        Self::lock(connection, &owner.digest).await?.ok_or(StorageError::Conflict)
    }

    /// Stores the number.
    pub(crate) async fn set(&mut self, connection: &mut Connection, bytes: u64) -> Result<(), StorageError> {
        if bytes != self.bytes {
            let args = [i64::try_from(bytes).unwrap_or(i64::MAX).into(), self.digest.as_slice().into()];
            connection.execute(Statement::PluginUsageSet.with(&args)).await?;
            self.bytes = bytes;
        }
        Ok(())
    }

    /// Deletes a chunk of what has expired by `now_us`; returns the keys.
    pub(crate) async fn expire(
        &mut self,
        connection: &mut Connection,
        now_us: i64,
    ) -> Result<Vec<String>, StorageError> {
        let digest = self.digest.clone();
        let args = [digest.as_slice().into(), now_us.into(), CHUNK.into()];
        self.delete(connection, Statement::PluginValueExpired.with(&args)).await
    }

    /// Deletes a chunk of the values, with the last one the row; returns how many they were.
    pub(crate) async fn remove(mut self, connection: &mut Connection) -> Result<u64, StorageError> {
        let digest = self.digest.clone();
        let args = [digest.as_slice().into(), CHUNK.into()];
        let keys = self.delete(connection, Statement::PluginValueSome.with(&args)).await?;
        if keys.len() < CHUNK as usize {
            connection.execute(Statement::PluginUsageDelete.with(&args[..1])).await?;
        }
        Ok(keys.len() as u64)
    }

    /// Deletes the values that a query returns, at most a chunk, by key and bytes; returns their keys.
    async fn delete(
        &mut self,
        connection: &mut Connection,
        which: Call<'_>,
    ) -> Result<Vec<String>, StorageError> {
        let rows = connection.fetch(which).await?;
        let (mut keys, mut freed) = (Vec::with_capacity(rows.len()), 0);
        for row in &rows {
            let key = row.text(0)?;
            freed += size(&key, row.int(1)?.unsigned_abs());
            keys.push(key);
        }
        if !keys.is_empty() {
            let digest = self.digest.clone();
            let each = keys.iter().map(|key| Value::from(key.as_str()));
            let mut args: Vec<_> = std::iter::once(digest.as_slice().into()).chain(each).collect();
            let count = fill(&mut args, keys.len());
            connection.execute(Statement::PluginValueDelete.repeat(count, &args)).await?;
            self.set(connection, self.bytes.saturating_sub(freed)).await?;
        }
        Ok(keys)
    }
}
