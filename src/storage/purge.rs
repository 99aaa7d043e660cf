//! Deletion of everything that belongs to an account or a domain, in whichever tables exist.

use std::sync::Arc;

use crate::connection::Connection;
use crate::repeat::fill;
use crate::statement::Statement;
use crate::value::Value;
use crate::writer::Commit;
use crate::{AccountId, StorageError, Store};

/// Accounts deleted by one write of [`Store::purge_domain`], so that other writes can run in between.
const CHUNK: u32 = 256;

/// The tables with a column `account_id`, read from the schema, so that a new one cannot be forgotten.
pub(crate) type AccountTables = Arc<[String]>;

pub(crate) async fn account_tables(connection: &mut Connection) -> Result<AccountTables, StorageError> {
    let rows = connection.fetch(Statement::AccountTables.with(&[])).await?;
    rows.iter().map(|row| row.text(0)).collect()
}

impl Store {
    /// Deletes the account with all its rows in every table, in one write; `false` if it did not exist.
    pub fn purge(&self, account: AccountId) -> Commit<bool> {
        let data = (self.account_tables(), account, self.common_hashes().change());
        self.queue_for(&[account], data, |connection, (tables, account, _)| {
            Box::pin(async move { Ok(Ok(delete(connection, tables, &[*account]).await? > 0)) })
        })
    }

    /// Deletes all accounts of the domain, each completely, and what plugins store for it, some hundred per write; returns
    /// how many accounts there were.
    ///
    /// # Errors
    /// The database failed; what has been deleted until then stays deleted.
    pub async fn purge_domain(&self, domain: &str) -> Result<u64, StorageError> {
        let mut total = 0;
        loop {
            let data = (self.account_tables(), domain.to_owned(), self.common_hashes().change());
            let chunk: Commit<u64> = self.queue(data, |connection, (tables, domain, _)| {
                Box::pin(async move {
                    let args = [domain.as_str().into(), CHUNK.into()];
                    let rows = connection.fetch(Statement::AccountIds.with(&args)).await?;
                    let ids = rows.iter().map(|row| row.int(0)).collect::<Result<Vec<_>, _>>()?;
                    delete(connection, tables, &ids).await.map(Ok)
                })
            });
            match chunk.await? {
                0 => break,
                deleted => total += deleted,
            }
        }
        self.plugin_values().remove_domain(domain).await?;
        Ok(total)
    }

    /// The number of the account's rows per table, `account` itself first; tables without any are included.
    /// For tests and diagnosis.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rows_of_account(&self, id: AccountId) -> Result<Vec<(String, u64)>, StorageError> {
        let args = [Value::from(id)];
        let itself = self.readers().number(Statement::AccountExists.with(&args)).await?;
        let mut counts = vec![("account".to_owned(), itself.unsigned_abs())];
        for table in self.account_tables().iter() {
            let rows = self.readers().number(Statement::CountTable.on(table, 1, &args)).await?;
            counts.push((table.clone(), rows.unsigned_abs()));
        }
        Ok(counts)
    }
}

async fn delete(
    connection: &mut Connection,
    tables: &[String],
    ids: &[AccountId],
) -> Result<u64, StorageError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let mut args: Vec<_> = ids.iter().copied().map(Value::from).collect();
    let count = fill(&mut args, ids.len());
    for table in tables {
        connection.execute(Statement::PurgeTable.on(table, count, &args)).await?;
    }
    connection.execute(Statement::AccountDelete.repeat(count, &args)).await
}
