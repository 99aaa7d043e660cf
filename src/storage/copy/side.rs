//! One of the two databases of a copy.

use runtime::Runtime;

use super::rows::{Cells, Summary, cells};
use super::{CopyError, RUN, insert_sql};
use crate::dialect::Dialect;
use crate::look::Look;
use crate::role::Role;
use crate::schema::{TABLES, Table};
use crate::statement::{Call, Shape, Statement};
use crate::{Options, StorageError, migration};

/// Rows read at a time of a table whose rows may be large; each has at most the size of a stanza.
pub(super) const PAGE: usize = 200;

/// Rows and bytes per insert.
const ROWS: usize = 256;
const BYTES: usize = 1 << 20;

/// A database, by one connection.
pub(super) struct Side(pub(super) Look);

/// Part of the rows of a run, and where to go on.
pub(super) struct Page {
    pub rows: Vec<Cells>,
    pub next: Option<i64>,
}

impl Side {
    pub async fn source(options: &Options, runtime: &Runtime) -> Result<Self, CopyError> {
        let mut side = Self(Look::new(options, Role::Reader, runtime).await.map_err(CopyError::From)?);
        let version = migration::version(&mut side.0.connection).await.map_err(CopyError::From)?;
        if version < migration::newest_known() {
            return Err(CopyError::OldSchema);
        }
        match side.copied().await.map_err(CopyError::From)? {
            None => Ok(side),
            Some(_) => Err(CopyError::Unfinished),
        }
    }

    pub async fn target(options: &Options, runtime: &Runtime) -> Result<Self, CopyError> {
        let mut side = Self(Look::new(options, Role::Writer, runtime).await.map_err(CopyError::To)?);
        migration::migrate(&mut side.0.connection, runtime.clock.now_us()).await.map_err(CopyError::To)?;
        side.0.connection.wait_long(true);
        if side.copied().await.map_err(CopyError::To)?.is_none() {
            for table in TABLES {
                if side.0.count(table).await.map_err(CopyError::To)? > 0 {
                    return Err(CopyError::NotEmpty);
                }
            }
        }
        Ok(side)
    }

    /// The last account of an unfinished copy; `None` if there is none.
    async fn copied(&mut self) -> Result<Option<i64>, StorageError> {
        let rows = self.0.connection.fetch(Statement::SettingGet.with(&[migration::COPYING.into()])).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let text = String::from_utf8(row.bytes(0)?).unwrap_or_default();
        text.parse().map(Some).map_err(|_| StorageError::Corrupt("the mark of an unfinished copy".into()))
    }

    /// Marks the database as an unfinished copy; returns the last account that is in it.
    pub async fn begin(&mut self) -> Result<i64, StorageError> {
        match self.copied().await? {
            Some(last) => Ok(last),
            None => self.mark(0).await.map(|()| 0),
        }
    }

    async fn mark(&mut self, last: i64) -> Result<(), StorageError> {
        let text = last.to_string();
        let args = [migration::COPYING.into(), text.as_bytes().into()];
        self.0.connection.execute(Statement::SettingPut.with(&args)).await.map(drop)
    }

    pub async fn accounts_after(&mut self, after: i64) -> Result<u64, StorageError> {
        let count = self.0.number("SELECT count(*) FROM account WHERE id > ?", &[after.into()]).await?;
        Ok(count.unsigned_abs())
    }

    /// The next run of accounts: its last one, and how many they are.
    pub async fn run_after(&mut self, after: i64) -> Result<Option<(i64, u64)>, StorageError> {
        let sql = "SELECT id FROM account WHERE id > ? ORDER BY id LIMIT ?";
        let rows = self.0.fetch(sql, &[after.into(), RUN.into()]).await?;
        rows.last().map(|row| Ok((row.int(0)?, rows.len() as u64))).transpose()
    }

    /// Rows of these accounts, behind `after` up to `last`: all, or if the table has an `id`, a page of them.
    pub async fn page(
        &mut self,
        table: &Table,
        after: i64,
        last: i64,
        from: Option<i64>,
    ) -> Result<Page, StorageError> {
        let names: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
        let owner = table.owner().unwrap_or("account_id");
        let select =
            format!("SELECT {} FROM {} WHERE {owner} > ? AND {owner} <= ?", names.join(", "), table.name);
        let rows = if table.counts() {
            let args = [after.into(), last.into(), from.unwrap_or(i64::MIN).into(), (PAGE as u32).into()];
            self.0.fetch(&format!("{select} AND id > ? ORDER BY id LIMIT ?"), &args).await?
        } else {
            self.0.fetch(&select, &[after.into(), last.into()]).await?
        };
        let more = table.counts() && rows.len() == PAGE;
        let next = rows.last().filter(|_| more).map(|row| row.int(0)).transpose()?;
        let rows = rows.iter().map(|row| cells(table, row)).collect::<Result<_, _>>()?;
        Ok(Page { rows, next })
    }

    pub async fn sum(
        &mut self,
        table: &Table,
        after: i64,
        last: i64,
        sum: &mut Summary,
    ) -> Result<(), StorageError> {
        let mut from = None;
        loop {
            let page = self.page(table, after, last, from).await?;
            sum.add_all(table, &page.rows);
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(()),
            }
        }
    }

    pub async fn begin_run(&mut self) -> Result<(), StorageError> {
        self.0.connection.run(Statement::Begin).await
    }

    /// Commits a run, which ends with that account.
    pub async fn end_run(&mut self, last: i64) -> Result<(), StorageError> {
        self.mark(last).await?;
        self.0.connection.run(Statement::Commit).await
    }

    pub async fn insert(&mut self, table: &Table, rows: &[Cells]) -> Result<(), StorageError> {
        let dialect = self.0.dialect();
        let sql = insert_sql(table, dialect);
        let mut rows = rows;
        while !rows.is_empty() {
            let mut bytes = 0;
            let small = |row: &&Cells| {
                bytes += row.iter().map(super::rows::Cell::size).sum::<usize>();
                bytes <= BYTES
            };
            let count = rows.iter().take(ROWS).take_while(small).count().max(1);
            // A power of two, as in `repeat.rs`.
            let count = 1 << count.ilog2();
            let (some, rest) = rows.split_at(count);
            let args: Vec<_> = some.iter().flatten().map(super::rows::Cell::value).collect();
            let shape = Shape::Own(dialect.text(&sql, count));
            self.0.connection.execute(Call { statement: Statement::CopyWrite, shape, args: &args }).await?;
            rows = rest;
        }
        Ok(())
    }

    fn settings_table() -> &'static Table {
        &TABLES[TABLES.len() - 1]
    }

    /// All settings, but for the mark of a copy.
    pub async fn settings(&mut self) -> Result<Vec<Cells>, StorageError> {
        let rows = self
            .0
            .fetch("SELECT name, value FROM setting WHERE name <> ?", &[migration::COPYING.into()])
            .await?;
        rows.iter().map(|row| cells(Self::settings_table(), row)).collect()
    }

    /// Replaces all settings.
    pub async fn put_settings(&mut self, settings: &[Cells]) -> Result<(), StorageError> {
        self.0.connection.run(Statement::Begin).await?;
        let sql = self.0.dialect().text("DELETE FROM setting WHERE name <> ?", 1);
        let args = [migration::COPYING.into()];
        let delete = Call { statement: Statement::CopyWrite, shape: Shape::Own(sql), args: &args };
        self.0.connection.execute(delete).await?;
        self.insert(Self::settings_table(), settings).await?;
        self.0.connection.run(Statement::Commit).await
    }

    /// The highest `id` that was ever given out.
    pub async fn highest_id(&mut self, table: &Table) -> Result<i64, StorageError> {
        let name = table.name;
        let sql = match self.0.dialect() {
            Dialect::Sqlite => format!("SELECT seq FROM sqlite_sequence WHERE name = '{name}'"),
            Dialect::Postgres => {
                format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}_id_seq")
            }
            Dialect::Mariadb => format!(
                "SELECT CAST(coalesce(auto_increment, 1) AS SIGNED) - 1 FROM information_schema.tables \
                WHERE table_schema = database() AND table_name = '{name}'"
            ),
        };
        self.0.number(&sql, &[]).await
    }

    /// The database gives out higher ones only.
    pub async fn raise_id(&mut self, table: &Table, highest: i64) -> Result<(), StorageError> {
        let highest = highest.max(self.highest_id(table).await?);
        if highest == 0 {
            return Ok(());
        }
        let name = table.name;
        let statements = match self.0.dialect() {
            Dialect::Sqlite => vec![
                format!("DELETE FROM sqlite_sequence WHERE name = '{name}'"),
                format!("INSERT INTO sqlite_sequence (name, seq) VALUES ('{name}', {highest})"),
            ],
            Dialect::Postgres => vec![format!("SELECT setval('{name}_id_seq', {highest})")],
            Dialect::Mariadb => {
                vec![format!("ALTER TABLE {name} AUTO_INCREMENT = {}", highest.saturating_add(1))]
            }
        };
        for sql in statements {
            let call = Call { statement: Statement::CopyWrite, shape: Shape::Own(sql), args: &[] };
            self.0.connection.execute(call).await?;
        }
        Ok(())
    }

    /// The copy is complete: a server may start on it.
    pub async fn end(mut self) -> Result<(), StorageError> {
        self.0.connection.execute(Statement::SettingDelete.with(&[migration::COPYING.into()])).await?;
        self.0.connection.finish().await
    }
}
