//! What plugins keep with accounts: one small value each.

use crate::plugin_owner::is_plugin;
use crate::repeat::fill;
use crate::statement::Statement;
use crate::value::Value;
use crate::writer::Commit;
use crate::{AccountId, StorageError, Store};

/// The most bytes of a value.
const VALUE_BYTES: usize = 4096;

/// Rows deleted by one write, as many as one statement takes.
const CHUNK: u32 = 256;

/// Why a value was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginSlotError {
    /// The plugin's name is not at most 64 ASCII characters, without NUL.
    #[error("not a valid name of a plugin")]
    InvalidPlugin,
    /// The value has more than 4096 bytes.
    #[error("the value has more than 4096 bytes")]
    TooLarge,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The repository of what plugins keep with accounts; from [`Store::plugin_slots`].
pub struct PluginSlots<'a>(pub(crate) &'a Store);

impl PluginSlots<'_> {
    /// The account's values with the names of their plugins, in bytewise order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_account(&self, account: AccountId) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let rows = self.0.readers().fetch(Statement::PluginSlotAll.with(&[account.into()])).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.bytes(1)?))).collect()
    }

    /// Stores the plugin's value with the account, at most 4096 bytes; an empty one deletes it. Queued at the call.
    ///
    /// # Errors
    /// [`PluginSlotError::InvalidPlugin`], [`TooLarge`](PluginSlotError::TooLarge); [`StorageError::Constraint`] within if
    /// the account does not exist.
    pub fn put(&self, account: AccountId, plugin: &str, value: &[u8]) -> Commit<(), PluginSlotError> {
        if !is_plugin(plugin) {
            return Commit::invalid(PluginSlotError::InvalidPlugin);
        }
        if value.len() > VALUE_BYTES {
            return Commit::invalid(PluginSlotError::TooLarge);
        }
        let data = (account, plugin.to_owned(), value.to_vec());
        self.0.queue_for(&[account], data, |connection, (account, plugin, value)| {
            Box::pin(async move {
                let (account, plugin) = (Value::from(*account), Value::from(plugin.as_str()));
                if value.is_empty() {
                    connection.execute(Statement::PluginSlotDelete.with(&[plugin, account])).await?;
                } else {
                    let args = [account, plugin, value.as_slice().into()];
                    connection.execute(Statement::PluginSlotPut.with(&args)).await?;
                }
                Ok(Ok(()))
            })
        })
    }

    /// Deletes the plugin's values of all accounts, some hundred per write; returns how many there were.
    ///
    /// # Errors
    /// The database failed; what has been deleted until then stays deleted.
    pub async fn remove_plugin(&self, plugin: &str) -> Result<u64, StorageError> {
        let mut total = 0;
        loop {
            let chunk: Commit<u64> = self.0.queue(plugin.to_owned(), |connection, plugin| {
                Box::pin(async move {
                    let args = [plugin.as_str().into(), CHUNK.into()];
                    let rows = connection.fetch(Statement::PluginSlotOfPlugin.with(&args)).await?;
                    let mut args = vec![Value::from(plugin.as_str())];
                    for row in &rows {
                        args.push(row.int(0)?.into());
                    }
                    if rows.is_empty() {
                        return Ok(Ok(0));
                    }
                    let count = fill(&mut args, rows.len());
                    connection.execute(Statement::PluginSlotDelete.repeat(count, &args)).await.map(Ok)
                })
            });
            match chunk.await? {
                0 => return Ok(total),
                deleted => total += deleted,
            }
        }
    }
}
