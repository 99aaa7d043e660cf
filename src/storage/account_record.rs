//! Accounts as the server loads them: with everything that any stanza may need.

use crate::account::account;
use crate::last_activity::last_activity;
use crate::privacy::list;
use crate::statement::Statement;
use crate::{Account, Accounts, LastActivity, PrivacyList, StorageError};

/// An account and what is loaded by the same statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRecord {
    pub account: Account,
    /// When it was last online; `None` if never.
    pub last: Option<LastActivity>,
    /// Its default privacy list.
    pub default_list: Option<PrivacyList>,
}

impl Accounts<'_> {
    /// The account of that name with its record, in one statement.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if an item of the default list is damaged: an account is not loaded without
    /// the rules that protect it. The database failed.
    pub async fn load(&self, domain: &str, local: &str) -> Result<Option<AccountRecord>, StorageError> {
        let args = [domain.into(), local.into()];
        let rows = self.0.readers().fetch(Statement::AccountLoad.with(&args)).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        Ok(Some(AccountRecord {
            account: account(first)?,
            last: last_activity(first, 6)?,
            default_list: list(&rows, 8)?,
        }))
    }
}
