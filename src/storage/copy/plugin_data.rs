//! What plugins store for domains: one owner after the other, each with all its values in one transaction. One that is
//! there has been copied before.

use super::CopyError;
use super::rows::{Cells, Summary, cells};
use super::side::{PAGE, Side};
use crate::schema::{TABLES, Table};
use crate::statement::Statement;
use crate::{StorageError, plugin_key};

fn tables() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(|table| table.is_of_plugins())
}

pub(super) async fn copy(source: &mut Side, target: &mut Side) -> Result<(), CopyError> {
    let mut after = Vec::new();
    loop {
        let owners = source.owners_after(&after).await.map_err(CopyError::From)?;
        for owner in &owners {
            if !target.has_owner(owner).await.map_err(CopyError::To)? {
                one_owner(source, target, owner).await?;
            }
        }
        match owners.into_iter().next_back() {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

async fn one_owner(source: &mut Side, target: &mut Side, owner: &[u8]) -> Result<(), CopyError> {
    target.0.connection.run(Statement::Begin).await.map_err(CopyError::To)?;
    for table in tables() {
        let mut from = Some(String::new());
        while let Some(first) = from {
            let (rows, next) = source.of_owner(table, owner, &first).await.map_err(CopyError::From)?;
            target.insert(table, &rows).await.map_err(CopyError::To)?;
            from = next;
        }
    }
    target.0.connection.run(Statement::Commit).await.map_err(CopyError::To)
}

impl Side {
    /// Adds all rows of a table of plugins.
    pub async fn sum_of_plugins(&mut self, table: &Table, sum: &mut Summary) -> Result<(), StorageError> {
        let mut after = Vec::new();
        loop {
            let owners = self.owners_after(&after).await?;
            for owner in &owners {
                let mut from = Some(String::new());
                while let Some(first) = from {
                    let (rows, next) = self.of_owner(table, owner, &first).await?;
                    sum.add_all(table, &rows);
                    from = next;
                }
            }
            match owners.into_iter().next_back() {
                Some(last) => after = last,
                None => return Ok(()),
            }
        }
    }

    /// A page of owners, by digest in order.
    async fn owners_after(&mut self, after: &[u8]) -> Result<Vec<Vec<u8>>, StorageError> {
        let sql =
            "SELECT owner_digest FROM plugin_usage WHERE owner_digest > ? ORDER BY owner_digest LIMIT ?";
        let rows = self.0.fetch(sql, &[after.into(), (PAGE as u32).into()]).await?;
        rows.iter().map(|row| row.bytes(0)).collect()
    }

    async fn has_owner(&mut self, owner: &[u8]) -> Result<bool, StorageError> {
        let sql = "SELECT count(*) FROM plugin_usage WHERE owner_digest = ?";
        Ok(self.0.number(sql, &[owner.into()]).await? > 0)
    }

    /// The owner's rows: all, or if they have keys of their own, a page from the key `first` on and the key at which the
    /// next begins.
    async fn of_owner(
        &mut self,
        table: &Table,
        owner: &[u8],
        first: &str,
    ) -> Result<(Vec<Cells>, Option<String>), StorageError> {
        let names: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
        let select = format!("SELECT {} FROM {} WHERE owner_digest = ?", names.join(", "), table.name);
        let Some(key) = table.key.get(1) else {
            let rows = self.0.fetch(&select, &[owner.into()]).await?;
            let rows = rows.iter().map(|row| cells(table, row)).collect::<Result<_, _>>()?;
            return Ok((rows, None));
        };
        let sql = format!("{select} AND {key} >= ? ORDER BY {key} LIMIT ?");
        let rows = self.0.fetch(&sql, &[owner.into(), first.into(), (PAGE as u32).into()]).await?;
        let column = names.iter().position(|name| name == key).unwrap_or_default();
        let last = rows.last().filter(|_| rows.len() == PAGE).map(|row| row.text(column)).transpose()?;
        let rows = rows.iter().map(|row| cells(table, row)).collect::<Result<_, _>>()?;
        Ok((rows, last.map(|last| plugin_key::next(&last))))
    }
}
