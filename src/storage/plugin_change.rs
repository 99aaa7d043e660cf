//! A change of what a plugin stores under one key: to set, to delete, and to compare and swap are one.

use crate::StorageError;
use crate::connection::Connection;
use crate::plugin_owner::Owner;
use crate::plugin_usage::{Usage, size};
use crate::statement::Statement;

/// The most bytes of a value.
const VALUE_BYTES: usize = 65_536;

/// What must be under a key for a change to be made. An expired value is absent.
#[derive(Clone, PartialEq, Eq)]
pub enum Expect {
    /// Anything or nothing.
    Any,
    Absent,
    /// Exactly these bytes.
    Value(Vec<u8>),
}

impl Expect {
    fn is_met(&self, live: Option<&[u8]>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => live.is_none(),
            Self::Value(value) => live == Some(value),
        }
    }
}

/// What a change does.
#[derive(Clone, PartialEq, Eq)]
pub enum PluginWrite {
    /// Stores a value of at most 65,536 bytes in place of the previous one.
    Put {
        value: Vec<u8>,
        /// From when on it is absent, UTC microseconds; `None` for never.
        expires_us: Option<i64>,
    },
    Delete,
}

/// A change of the value under one key.
#[derive(Clone, PartialEq, Eq)]
pub struct PluginChange {
    /// At most 1023 bytes, without NUL.
    pub key: String,
    pub expect: Expect,
    pub write: PluginWrite,
}

impl PluginChange {
    pub(crate) fn is_too_large(&self) -> bool {
        matches!(&self.write, PluginWrite::Put { value, .. } if value.len() > VALUE_BYTES)
    }
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// `false` if the key did not have what was expected, or no value to delete: nothing has changed.
    pub done: bool,
}

/// Why a value was not read or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginValueError {
    /// The plugin's values on the domain would take more bytes than they may.
    #[error("the plugin's store for this domain is full")]
    Full,
    /// The plugin's name is not at most 64 ASCII characters, or the domain's not at most 1023 bytes, without NUL.
    #[error("not a valid name of a plugin or a domain")]
    InvalidOwner,
    /// The key or prefix has more than 1023 bytes, or a NUL.
    #[error("not a valid key: it has more than 1023 bytes, or a NUL")]
    InvalidKey,
    /// The value has more than 65,536 bytes.
    #[error("the value has more than 65536 bytes")]
    TooLarge,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A change on its way, with what it is made for.
pub(crate) struct Incoming {
    pub owner: Owner,
    pub change: PluginChange,
    pub now_us: i64,
    pub cap_bytes: u64,
}

/// Makes a change, if it is to be made, under the lock of its owner.
pub(crate) async fn apply(
    connection: &mut Connection,
    incoming: &Incoming,
) -> Result<Result<Changed, PluginValueError>, StorageError> {
    let Incoming { owner, change, now_us, .. } = incoming;
    let key = change.key.as_str();
    let mut usage = Usage::lock_or_insert(connection, owner).await?;
    let args = [owner.digest.as_slice().into(), key.into()];
    let rows = connection.fetch(Statement::PluginValueRead.with(&args)).await?;
    let stored = rows.first().map(|row| Ok((row.bytes(0)?, row.opt_int(1)?))).transpose()?;
    let live = stored.as_ref().filter(|(_, expires_us)| expires_us.is_none_or(|at| at > *now_us));
    let live = live.map(|(value, _)| value.as_slice());
    if !change.expect.is_met(live) {
        return Ok(Ok(Changed { done: false }));
    }
    let old = stored.as_ref().map_or(0, |(value, _)| size(key, value.len() as u64));
    match &change.write {
        PluginWrite::Delete => {
            connection.execute(Statement::PluginValueDelete.with(&args)).await?;
            usage.set(connection, usage.bytes.saturating_sub(old)).await?;
            Ok(Ok(Changed { done: live.is_some() }))
        }
        PluginWrite::Put { value, expires_us } => {
            let new = size(key, value.len() as u64);
            let Some(others) = room(connection, &mut usage, incoming, old, new).await? else {
                return Ok(Err(PluginValueError::Full));
            };
            let [digest, key] = args;
            let row = [digest, key, value.as_slice().into(), (*expires_us).into()];
            connection.execute(Statement::PluginValuePut.with(&row)).await?;
            usage.set(connection, others + new).await?;
            Ok(Ok(Changed { done: true }))
        }
    }
}

/// Deletes what has expired until `new` bytes fit in place of `old`; returns the bytes of the other values, `None` if it
/// does not fit.
async fn room(
    connection: &mut Connection,
    usage: &mut Usage,
    incoming: &Incoming,
    mut old: u64,
    new: u64,
) -> Result<Option<u64>, StorageError> {
    while new > old && usage.bytes.saturating_sub(old) + new > incoming.cap_bytes {
        let gone = usage.expire(connection, incoming.now_us).await?;
        if gone.is_empty() {
            return Ok(None);
        }
        if gone.contains(&incoming.change.key) {
            old = 0;
        }
    }
    Ok(Some(usage.bytes.saturating_sub(old)))
}
