//! Values that plugins store by key, each plugin on each domain for itself.

use crate::connection::Connection;
use crate::plugin_change::{Incoming, apply};
use crate::plugin_owner::Owner;
use crate::plugin_usage::Usage;
use crate::statement::Statement;
use crate::value::Value;
use crate::writer::Commit;
use crate::{Changed, PluginChange, PluginValueError, StorageError, Store, plugin_key};

/// The repository of plugins' values; from [`Store::plugin_values`]. A plugin is given by its name (at most 64 ASCII
/// characters), a domain as U-labels, and times are UTC microseconds.
pub struct PluginValues<'a>(pub(crate) &'a Store);

impl PluginValues<'_> {
    /// The value under the key; `None` if it is absent or has expired by `now_us`.
    ///
    /// # Errors
    /// [`PluginValueError::InvalidOwner`], [`InvalidKey`](PluginValueError::InvalidKey); the database failed.
    pub async fn get(
        &self,
        plugin: &str,
        domain: &str,
        key: &str,
        now_us: i64,
    ) -> Result<Option<Vec<u8>>, PluginValueError> {
        let owner = owner(plugin, domain, &[key])?;
        let args = [owner.digest.as_slice().into(), key.into(), now_us.into()];
        let row = self.0.readers().first(Statement::PluginValueGet.with(&args)).await?;
        Ok(row.map(|row| row.bytes(0)).transpose()?)
    }

    /// Changes the value under a key if it is the expected one. Queued at the call; exact also when several servers
    /// change it at once. A value takes the bytes of its key and its own and 64 more; all of the plugin on the domain
    /// may take `cap_bytes`, without those that have expired by `now_us`. What grows nothing is never refused.
    ///
    /// # Errors
    /// [`PluginValueError::Full`], [`InvalidOwner`](PluginValueError::InvalidOwner),
    /// [`InvalidKey`](PluginValueError::InvalidKey), [`TooLarge`](PluginValueError::TooLarge); the database failed.
    pub fn change(
        &self,
        plugin: &str,
        domain: &str,
        change: PluginChange,
        now_us: i64,
        cap_bytes: u64,
    ) -> Commit<Changed, PluginValueError> {
        let owner = match owner(plugin, domain, &[&change.key]) {
            Ok(owner) => owner,
            Err(error) => return Commit::invalid(error),
        };
        if change.is_too_large() {
            return Commit::invalid(PluginValueError::TooLarge);
        }
        let incoming = Incoming { owner, change, now_us, cap_bytes };
        self.0.queue(incoming, |connection, incoming| Box::pin(apply(connection, incoming)))
    }

    /// Keys that begin with `prefix` and come after `after`, in bytewise order, at most `limit`, without those of expired
    /// values.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn keys(
        &self,
        plugin: &str,
        domain: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
        now_us: i64,
    ) -> Result<Vec<String>, PluginValueError> {
        let owner = owner(plugin, domain, &[prefix, after.unwrap_or_default()])?;
        let (from, to) = plugin_key::range(prefix, after);
        let args = [
            owner.digest.as_slice().into(),
            from.as_str().into(),
            to.as_str().into(),
            now_us.into(),
            limit.into(),
        ];
        let rows = self.0.readers().fetch(Statement::PluginValueKeys.with(&args)).await?;
        Ok(rows.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?)
    }

    /// The bytes that the plugin's values on the domain take, including expired ones that are not yet deleted.
    ///
    /// # Errors
    /// [`PluginValueError::InvalidOwner`]; the database failed.
    pub async fn usage(&self, plugin: &str, domain: &str) -> Result<u64, PluginValueError> {
        let owner = owner(plugin, domain, &[])?;
        let args = [owner.digest.as_slice().into()];
        let row = self.0.readers().first(Statement::PluginUsageGet.with(&args)).await?;
        Ok(row.map_or(Ok(0), |row| row.int(0))?.unsigned_abs())
    }

    /// Deletes what has expired by `now_us`, some hundred values per write; returns how many there were.
    ///
    /// # Errors
    /// The database failed; what has been deleted until then stays deleted.
    pub async fn expire(&self, now_us: i64) -> Result<u64, StorageError> {
        self.in_chunks(|| {
            self.0.queue(now_us, |connection, &now_us| {
                Box::pin(async move { expire_some(connection, now_us).await.map(Ok) })
            })
        })
        .await
    }

    /// Deletes all values of the plugin, some hundred per write; returns how many there were.
    ///
    /// # Errors
    /// As [`expire`](Self::expire).
    pub async fn remove_plugin(&self, plugin: &str) -> Result<u64, StorageError> {
        self.remove(Statement::PluginUsageOfPlugin, plugin).await
    }

    /// Deletes all values for the domain, some hundred per write; returns how many there were.
    ///
    /// # Errors
    /// As [`expire`](Self::expire).
    pub async fn remove_domain(&self, domain: &str) -> Result<u64, StorageError> {
        self.remove(Statement::PluginUsageOfDomain, domain).await
    }

    /// Deletes the values of all owners that the statement finds by `name`.
    async fn remove(&self, owners: Statement, name: &str) -> Result<u64, StorageError> {
        self.in_chunks(|| {
            self.0.queue((owners, name.to_owned()), |connection, (owners, name)| {
                Box::pin(async move { remove_some(connection, *owners, name).await.map(Ok) })
            })
        })
        .await
    }

    /// Queues one write after the other until one finds nothing; returns how many values they deleted.
    async fn in_chunks(&self, chunk: impl Fn() -> Commit<Option<u64>>) -> Result<u64, StorageError> {
        let mut total = 0;
        while let Some(deleted) = chunk().await? {
            total += deleted;
        }
        Ok(total)
    }
}

fn owner(plugin: &str, domain: &str, keys: &[&str]) -> Result<Owner, PluginValueError> {
    if !keys.iter().all(|key| plugin_key::is_valid(key)) {
        return Err(PluginValueError::InvalidKey);
    }
    Owner::new(plugin, domain).ok_or(PluginValueError::InvalidOwner)
}

/// Deletes a chunk of one owner's expired values; `None` if nothing has expired.
async fn expire_some(connection: &mut Connection, now_us: i64) -> Result<Option<u64>, StorageError> {
    let Some(mut usage) = first(connection, Statement::PluginValueExpiring, now_us.into()).await? else {
        return Ok(None);
    };
    let gone = usage.expire(connection, now_us).await?;
    Ok(Some(gone.len() as u64))
}

/// Deletes a chunk of one owner's values; `None` if the statement finds no owner.
async fn remove_some(
    connection: &mut Connection,
    owners: Statement,
    name: &str,
) -> Result<Option<u64>, StorageError> {
    match first(connection, owners, name.into()).await? {
        Some(usage) => usage.remove(connection).await.map(Some),
        None => Ok(None),
    }
}

/// Locks the first owner that the statement finds.
async fn first(
    connection: &mut Connection,
    owners: Statement,
    by: Value<'_>,
) -> Result<Option<Usage>, StorageError> {
    loop {
        let rows = connection.fetch(owners.with(&[by])).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        // Without a row, another server has deleted it meanwhile: there may be a next one.
        if let Some(usage) = Usage::lock(connection, &row.bytes(0)?).await? {
            return Ok(Some(usage));
        }
    }
}
