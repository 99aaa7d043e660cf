//! vCards (XEP-0054): one document per account.

use crate::statement::Statement;
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
            Box::pin(async move {
                let args = [(*account).into(), xml.as_str().into()];
                connection.execute(Statement::VCardPut.with(&args)).await?;
                Ok(Ok(()))
            })
        })
    }
}
