//! vCards (XEP-0054): one document per account.

use crate::connection::Connection;
use crate::repeat::parts_within;
use crate::statement::Statement;
use crate::value::Value;
use crate::writer::Commit;
use crate::{AccountId, StorageError, Store};

/// The repository of vCards; from [`Store::vcards`].
pub struct VCards<'a>(pub(crate) &'a Store);

impl VCards<'_> {
    /// The account's vCard as stored, with its root element.
    ///
    /// # Errors
    /// The database failed.
    pub async fn get(&self, account: AccountId) -> Result<Option<String>, StorageError> {
        let row = self.0.readers().first(Statement::VCardGet.with(&[account.into()])).await?;
        row.map(|row| row.text(0)).transpose()
    }

    /// Replaces the account's vCard. Queued at the call.
    ///
    /// # Errors
    /// [`StorageError::Constraint`] if the account does not exist.
    pub fn put(&self, account: AccountId, xml: String) -> Commit<()> {
        self.0.queue_for(&[account], (account, xml), |connection, (account, xml)| {
            Box::pin(async move { put_all(connection, &[(*account, xml.as_str())]).await.map(Ok) })
        })
    }
}

/// Those of several accounts.
pub(crate) async fn put_all(
    connection: &mut Connection,
    rows: &[(AccountId, &str)],
) -> Result<(), StorageError> {
    for part in parts_within(rows, |(_, xml)| xml.len()) {
        let args: Vec<_> =
            part.iter().flat_map(|(account, xml)| [Value::from(*account), (*xml).into()]).collect();
        connection.execute(Statement::VCardPut.repeat(part.len(), &args)).await?;
    }
    Ok(())
}
