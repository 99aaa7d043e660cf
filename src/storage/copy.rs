//! Moving a server's data from one database to another.
//!
//! Accounts are copied in runs, each with all its rows in one transaction that also records how far the copy has got:
//! an interrupted copy goes on where it stopped, and a database with an unfinished one is not opened by a server. What
//! plugins store for domains follows, then the settings. At the end both sides are read once more and compared.

mod plugin_data;
mod rows;
mod side;

use runtime::Runtime;

use crate::dialect::Dialect;
use crate::schema::{TABLES, Table};
use crate::{Options, StorageError};
use rows::Summary;
use side::Side;

/// Accounts per transaction.
const RUN: u32 = 200;

/// What a copy is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyProgress {
    /// Accounts that are copied, of all.
    Copied(u64, u64),
    /// Accounts that have been compared, of all.
    Compared(u64, u64),
}

/// What was copied: rows by table.
pub type CopyReport = Vec<(&'static str, u64)>;

/// Why nothing, or not all, was copied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// The database that is copied from.
    #[error("the database to copy from: {0}")]
    From(StorageError),
    /// The database that is copied to.
    #[error("the database to copy to: {0}")]
    To(StorageError),
    /// The schema of the source is older than this version's.
    #[error("the database to copy from has an older schema: start this version on it once")]
    OldSchema,
    /// The source is itself an unfinished copy.
    #[error("the database to copy from is an unfinished copy itself: finish that first")]
    Unfinished,
    /// The destination has accounts that no copy has put there.
    #[error("the database to copy to is not empty")]
    NotEmpty,
    /// What was copied is not what the source contains now.
    #[error(
        "the databases differ in {}: the source was written to meanwhile; empty the database to copy to and start again",
        .0.join(", ")
    )]
    Differ(Vec<&'static str>),
}

/// Copies everything. No server may use either database. `progress` is called after each run of accounts.
///
/// # Errors
/// [`CopyError`]. What has been copied stays: the next call goes on with it.
pub async fn copy(
    from: &Options,
    to: &Options,
    runtime: &Runtime,
    mut progress: impl FnMut(CopyProgress),
) -> Result<CopyReport, CopyError> {
    let mut source = Side::source(from, runtime).await?;
    let mut target = Side::target(to, runtime).await?;
    let mut done = target.begin().await.map_err(CopyError::To)?;
    let all = source.accounts_after(0).await.map_err(CopyError::From)?;
    let mut left = source.accounts_after(done).await.map_err(CopyError::From)?;
    while let Some((last, count)) = source.run_after(done).await.map_err(CopyError::From)? {
        one_run(&mut source, &mut target, done, last).await?;
        done = last;
        left = left.saturating_sub(count);
        progress(CopyProgress::Copied(all - left, all));
    }
    plugin_data::copy(&mut source, &mut target).await?;
    settings(&mut source, &mut target).await?;
    let report = compare(&mut source, &mut target, all, &mut progress).await?;
    for table in TABLES.iter().filter(|table| table.counts()) {
        let highest = source.highest_id(table).await.map_err(CopyError::From)?;
        target.raise_id(table, highest).await.map_err(CopyError::To)?;
    }
    target.end().await.map_err(CopyError::To)?;
    Ok(report)
}

async fn one_run(source: &mut Side, target: &mut Side, after: i64, last: i64) -> Result<(), CopyError> {
    target.begin_run().await.map_err(CopyError::To)?;
    for table in TABLES.iter().filter(|table| table.owner().is_some()) {
        let mut from = None;
        loop {
            let page = source.page(table, after, last, from).await.map_err(CopyError::From)?;
            target.insert(table, &page.rows).await.map_err(CopyError::To)?;
            match page.next {
                Some(next) => from = Some(next),
                None => break,
            }
        }
    }
    target.end_run(last).await.map_err(CopyError::To)
}

async fn settings(source: &mut Side, target: &mut Side) -> Result<(), CopyError> {
    let settings = source.settings().await.map_err(CopyError::From)?;
    target.put_settings(&settings).await.map_err(CopyError::To)
}

/// Reads both sides again.
async fn compare(
    source: &mut Side,
    target: &mut Side,
    all: u64,
    progress: &mut impl FnMut(CopyProgress),
) -> Result<CopyReport, CopyError> {
    let mut sums: Vec<_> =
        TABLES.iter().map(|table| (table, Summary::default(), Summary::default())).collect();
    let (mut after, mut compared) = (0, 0);
    // Behind the source's last account, the destination must not have any.
    while let Some((last, count)) = target.run_after(after).await.map_err(CopyError::To)? {
        for (table, ours, theirs) in sums.iter_mut().filter(|(table, ..)| table.owner().is_some()) {
            source.sum(table, after, last, ours).await.map_err(CopyError::From)?;
            target.sum(table, after, last, theirs).await.map_err(CopyError::To)?;
        }
        after = last;
        compared += count;
        progress(CopyProgress::Compared(compared, all));
    }
    for (table, ours, theirs) in sums.iter_mut() {
        match table.owner() {
            Some(_) => source.sum(table, after, i64::MAX, ours).await.map_err(CopyError::From)?,
            None if table.is_of_plugins() => {
                source.sum_of_plugins(table, ours).await.map_err(CopyError::From)?;
                target.sum_of_plugins(table, theirs).await.map_err(CopyError::To)?;
            }
            None => {
                ours.add_all(table, &source.settings().await.map_err(CopyError::From)?);
                theirs.add_all(table, &target.settings().await.map_err(CopyError::To)?);
            }
        }
    }
    let differ: Vec<_> =
        sums.iter().filter(|(_, ours, theirs)| ours != theirs).map(|one| one.0.name).collect();
    match differ.is_empty() {
        true => Ok(sums.iter().map(|(table, ours, _)| (table.name, ours.rows)).collect()),
        false => Err(CopyError::Differ(differ)),
    }
}

/// The insert for rows of a table, with the part in braces for one row.
fn insert_sql(table: &Table, dialect: Dialect) -> String {
    let names: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
    let places = vec!["?"; names.len()].join(", ");
    let own_ids =
        if table.counts() && dialect == Dialect::Postgres { " OVERRIDING SYSTEM VALUE" } else { "" };
    format!("INSERT INTO {} ({}){own_ids} VALUES {{({places})}}", table.name, names.join(", "))
}
