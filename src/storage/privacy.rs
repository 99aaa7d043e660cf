//! Privacy lists (XEP-0016). Active lists belong to sessions and are not stored.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::connection::Connection;
use crate::privacy_item::{PrivacyItem, item};
use crate::repeat::{fill, lists, parts};
use crate::statement::Statement;
use crate::value::{Row, Value};
use crate::writer::Commit;
use crate::{AccountId, StorageError, Store};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivacyList {
    /// Its name, unique per account; at most 1023 bytes.
    pub name: String,
    /// At least one, in ascending order.
    pub items: Vec<PrivacyItem>,
}

/// A change of one list in one write. Items are removed first, then stored; the default is set last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrivacyChange {
    /// The list's name, at most 1023 bytes. It need not exist.
    pub list: String,
    /// Orders of the items to delete; unknown ones are ignored.
    pub remove: Vec<u32>,
    /// Items to store; each replaces the one of the same order. Of two with the same order the later wins.
    pub put: Vec<PrivacyItem>,
    /// `Some(true)` makes this list the default, if it then has items; `Some(false)` leaves the account
    /// without a default list, whichever it was.
    pub default: Option<bool>,
}

/// The repository of privacy lists; from [`Store::privacy`]. Callers limit the number of lists and items.
pub struct PrivacyLists<'a>(pub(crate) &'a Store);

impl PrivacyLists<'_> {
    /// The names of the account's lists, in bytewise order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn names(&self, account: AccountId) -> Result<Vec<String>, StorageError> {
        let rows = self.0.readers().fetch(Statement::PrivacyNames.with(&[account.into()])).await?;
        let mut names = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
        names.sort_unstable();
        Ok(names)
    }

    /// The list of that name.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if an item is damaged; the database failed.
    pub async fn list(&self, account: AccountId, name: &str) -> Result<Option<PrivacyList>, StorageError> {
        let digest = digest(name);
        let args = [account.into(), digest.as_slice().into()];
        list(&self.0.readers().fetch(Statement::PrivacyList.with(&args)).await?, 0)
    }

    /// The account's default list.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if an item is damaged; the database failed.
    pub async fn default_list(&self, account: AccountId) -> Result<Option<PrivacyList>, StorageError> {
        list(&self.0.readers().fetch(Statement::PrivacyDefault.with(&[account.into()])).await?, 0)
    }

    /// The number of accounts of a domain that have a default list. Counts an index: not for hot paths.
    ///
    /// # Errors
    /// The database failed.
    pub async fn accounts_with_default(&self, domain: &str) -> Result<u64, StorageError> {
        let count = self.0.readers().number(Statement::PrivacyDefaultCount.with(&[domain.into()])).await?;
        Ok(count.unsigned_abs())
    }

    /// Changes a list, in one write. A list without items no longer exists and is no longer the default.
    /// Queued at the call.
    ///
    /// # Errors
    /// [`StorageError::Constraint`] if items are stored for an account that does not exist.
    pub fn change(&self, account: AccountId, change: PrivacyChange) -> Commit<()> {
        self.0.queue_for(&[account], (account, change), |connection, (account, change)| {
            Box::pin(async move { apply(connection, *account, change).await.map(Ok) })
        })
    }

    /// Deletes a list; `false` if it did not exist. Queued at the call.
    pub fn remove(&self, account: AccountId, list: &str) -> Commit<bool> {
        self.0.queue_for(&[account], (account, digest(list)), |connection, (account, digest)| {
            Box::pin(async move {
                let key = [(*account).into(), digest.as_slice().into()];
                let items = connection.execute(Statement::PrivacyRemove.with(&key)).await?;
                drop_empty_default(connection, key).await?;
                Ok(Ok(items > 0))
            })
        })
    }
}

pub(crate) async fn apply(
    connection: &mut Connection,
    account: AccountId,
    change: &PrivacyChange,
) -> Result<(), StorageError> {
    let digest = digest(&change.list);
    let key = [account.into(), digest.as_slice().into()];
    for orders in lists(&change.remove) {
        let mut args: Vec<_> = key.into_iter().chain(orders.iter().map(|order| (*order).into())).collect();
        let count = fill(&mut args, orders.len());
        connection.execute(Statement::PrivacyItemRemove.repeat(count, &args)).await?;
    }
    // PostgreSQL refuses two rows with the same key in one statement.
    let items: BTreeMap<_, _> = change.put.iter().map(|item| (item.order, item)).collect();
    let items: Vec<_> = items.into_values().collect();
    for items in parts(&items) {
        put(connection, key, &change.list, items).await?;
    }
    match change.default {
        Some(true) => connection.execute(Statement::PrivacyDefaultPut.with(&key)).await.map(drop)?,
        Some(false) => {
            connection.execute(Statement::PrivacyDefaultDelete.with(&[account.into()])).await.map(drop)?;
        }
        None => {}
    }
    if change.remove.is_empty() { Ok(()) } else { drop_empty_default(connection, key).await }
}

async fn put(
    connection: &mut Connection,
    [account, digest]: [Value<'_>; 2],
    list: &str,
    items: &[&PrivacyItem],
) -> Result<(), StorageError> {
    let mut args = Vec::with_capacity(items.len() * 8);
    for item in items {
        let (subject, value) = item.subject_columns();
        args.extend([account, digest, list.into(), item.order.into()]);
        let rule: [Value<'_>; 4] =
            [subject.into(), value.into(), item.allow.into(), item.kinds_column().into()];
        args.extend(rule);
    }
    connection.execute(Statement::PrivacyItemPut.repeat(items.len(), &args)).await.map(drop)
}

/// If the list is the default and has no items, unsets the default.
async fn drop_empty_default(connection: &mut Connection, key: [Value<'_>; 2]) -> Result<(), StorageError> {
    let [account, digest] = key;
    let args = [account, digest, account, digest];
    connection.execute(Statement::PrivacyDefaultDeleteEmpty.with(&args)).await.map(drop)
}

/// A name may exceed the maximum length of an index key.
pub(crate) fn digest(list: &str) -> [u8; 32] {
    Sha256::digest(list).into()
}

/// A list from its items in order, one per row: `list`, and the columns of an item, starting with `column`.
/// `None` without rows.
pub(crate) fn list(rows: &[Row], column: usize) -> Result<Option<PrivacyList>, StorageError> {
    let Some(first) = rows.first() else { return Ok(None) };
    let Some(name) = first.opt_text(column)? else { return Ok(None) };
    let items = rows.iter().filter_map(|row| item(row, column + 1).transpose()).collect::<Result<_, _>>()?;
    Ok(Some(PrivacyList { name, items }))
}
