//! When accounts were last online (XEP-0012).

use crate::connection::Connection;
use crate::repeat::parts_within;
use crate::statement::Statement;
use crate::value::{Row, Value};
use crate::writer::Commit;
use crate::{AccountId, StorageError, Store};

/// When an account's last session ended (XEP-0012 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastActivity {
    /// UTC microseconds.
    pub at_us: i64,
    /// The `<status/>` of the last unavailable presence; empty if it had none.
    pub status: String,
}

/// The repository of last activities; from [`Store::last_activity`].
pub struct LastActivities<'a>(pub(crate) &'a Store);

impl LastActivities<'_> {
    /// The account's last activity; `None` if it was never online.
    ///
    /// # Errors
    /// The database failed.
    pub async fn get(&self, account: AccountId) -> Result<Option<LastActivity>, StorageError> {
        let row = self.0.readers().first(Statement::LastActivityGet.with(&[account.into()])).await?;
        row.as_ref().map_or(Ok(None), |row| last_activity(row, 0))
    }

    /// Records an activity, unless a later one is stored. Queued at the call.
    ///
    /// # Errors
    /// [`StorageError::Constraint`] if the account does not exist.
    pub fn put(&self, account: AccountId, last: LastActivity) -> Commit<()> {
        self.0.queue_for(&[account], (account, last), |connection, (account, last)| {
            Box::pin(async move { put_all(connection, &[(*account, last)]).await.map(Ok) })
        })
    }
}

/// Those of several accounts.
pub(crate) async fn put_all(
    connection: &mut Connection,
    rows: &[(AccountId, &LastActivity)],
) -> Result<(), StorageError> {
    for part in parts_within(rows, |(_, last)| last.status.len()) {
        let args = part.iter().flat_map(|(account, last)| {
            [Value::from(*account), last.at_us.into(), last.status.as_str().into()]
        });
        let args: Vec<_> = args.collect();
        connection.execute(Statement::LastActivityPut.repeat(part.len(), &args)).await?;
    }
    Ok(())
}

/// From two columns beginning with `column`; `None` if they are NULL.
pub(crate) fn last_activity(row: &Row, column: usize) -> Result<Option<LastActivity>, StorageError> {
    let Some(at_us) = row.opt_int(column)? else { return Ok(None) };
    Ok(Some(LastActivity { at_us, status: row.text(column + 1)? }))
}
