//! Schema migrations.

use crate::StorageError;
use crate::connection::{Connection, Readers};
use crate::statement::Statement;

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

/// In order, without gaps. A released one is never changed.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "first", sql: include_str!("migrations/sqlite/0001_first.sql") },
    Migration {
        version: 2,
        name: "account data",
        sql: include_str!("migrations/sqlite/0002_account_data.sql"),
    },
    Migration { version: 3, name: "strangers", sql: include_str!("migrations/sqlite/0003_strangers.sql") },
];

const VERSION_TABLE: &str = "CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, \
    name VARCHAR(255) NOT NULL, applied_us BIGINT NOT NULL)";

/// Migrates the schema to the newest version, in one transaction.
///
/// # Errors
/// [`StorageError::NewerSchema`] if a newer version of this program wrote it, [`StorageError::Corrupt`] if
/// another program did.
pub(crate) async fn migrate(connection: &mut Connection, now_us: i64) -> Result<(), StorageError> {
    connection.run(Statement::Begin).await?;
    match steps(connection, now_us).await {
        Ok(()) => connection.run(Statement::Commit).await,
        Err(error) => {
            if let Err(second) = connection.run(Statement::Rollback).await {
                tracing::error!(%second, "cannot roll back the migration");
            }
            Err(error)
        }
    }
}

/// Checks that [`migrate`] would not refuse the database.
///
/// # Errors
/// As [`migrate`].
pub(crate) async fn probe(readers: &Readers) -> Result<(), StorageError> {
    let mut tables = Vec::new();
    for row in readers.fetch(Statement::Tables.with(&[])).await? {
        tables.push(row.text(0)?);
    }
    if tables.is_empty() {
        return Ok(());
    }
    ours(&tables)?;
    let version = readers.first(Statement::SchemaVersion.with(&[])).await?;
    newest(version.map_or(Ok(0), |row| row.int(0))?)
}

fn newest(found: i64) -> Result<(), StorageError> {
    let known = MIGRATIONS.last().map_or(0, |newest| newest.version);
    if found > known { Err(StorageError::NewerSchema { found, known }) } else { Ok(()) }
}

fn ours(tables: &[String]) -> Result<(), StorageError> {
    match tables.iter().any(|table| table == "schema_version") {
        true => Ok(()),
        false => Err(StorageError::Corrupt("it has tables of another program".into())),
    }
}

async fn steps(connection: &mut Connection, now_us: i64) -> Result<(), StorageError> {
    let found = version(connection).await?;
    newest(found)?;
    for step in MIGRATIONS.iter().filter(|step| step.version > found) {
        connection.script(step.sql).await?;
        let record = [step.version.into(), step.name.into(), now_us.into()];
        connection.execute(Statement::SchemaRecord.with(&record)).await?;
        tracing::info!(version = step.version, name = step.name, "schema migrated");
    }
    Ok(())
}

/// The schema's version; an empty database gets its version table.
async fn version(connection: &mut Connection) -> Result<i64, StorageError> {
    let mut tables = Vec::new();
    for row in connection.fetch(Statement::Tables.with(&[])).await? {
        tables.push(row.text(0)?);
    }
    if tables.is_empty() {
        connection.script(VERSION_TABLE).await?;
    } else {
        ours(&tables)?;
    }
    match connection.fetch(Statement::SchemaVersion.with(&[])).await?.first() {
        Some(row) => row.int(0),
        None => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbered_from_one_without_gaps() {
        for (at, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version, at as i64 + 1);
        }
    }
}
