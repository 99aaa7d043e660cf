//! Schema migrations.

use crate::StorageError;
use crate::connection::Connection;
use crate::dialect::Dialect;
use crate::statement::Statement;

struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
    mariadb: &'static str,
}

/// The files of a migration, one for each database.
macro_rules! migration {
    ($version:literal, $name:literal, $file:literal) => {
        Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("migrations/sqlite/", $file)),
            postgres: include_str!(concat!("migrations/postgres/", $file)),
            mariadb: include_str!(concat!("migrations/mariadb/", $file)),
        }
    };
}

/// In order, without gaps. A released one is never changed.
const MIGRATIONS: &[Migration] = &[
    migration!(1, "first", "0001_first.sql"),
    migration!(2, "account data", "0002_account_data.sql"),
    migration!(3, "strangers", "0003_strangers.sql"),
    migration!(4, "secrets", "0004_secrets.sql"),
    migration!(5, "plugin data", "0005_plugin_data.sql"),
    migration!(6, "adopted", "0006_adopted.sql"),
    migration!(7, "imported", "0007_imported.sql"),
];

impl Migration {
    fn sql(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
            Dialect::Mariadb => self.mariadb,
        }
    }
}

/// The setting that marks an unfinished copy, which no server may open: the last account that is in it.
pub(crate) const COPYING: &str = "storage.copy";

/// # Errors
/// [`StorageError::Unfinished`] if the database is an unfinished copy of another one.
pub(crate) async fn whole(connection: &mut Connection) -> Result<(), StorageError> {
    let mark = connection.fetch(Statement::SettingGet.with(&[COPYING.into()])).await?;
    if mark.is_empty() { Ok(()) } else { Err(StorageError::Unfinished) }
}

const VERSION_TABLE: &str = "CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, \
    name VARCHAR(255) NOT NULL, applied_us BIGINT NOT NULL)";

/// Migrates the schema to the newest version: in one transaction; on MariaDB, whose definitions commit by themselves, step
/// by step, so that each can be run again. Only one server migrates at a time.
///
/// # Errors
/// [`StorageError::NewerSchema`] if a newer version of this program wrote it, [`StorageError::Corrupt`] if
/// another program did, [`StorageError::Busy`] if another server migrates for longer than the time-out.
pub(crate) async fn migrate(connection: &mut Connection, now_us: i64) -> Result<(), StorageError> {
    connection.wait_long(true);
    let done = match connection.dialect() {
        Dialect::Sqlite => in_transaction(connection, None, now_us).await,
        Dialect::Postgres => in_transaction(connection, Some(Statement::MigrationLock), now_us).await,
        Dialect::Mariadb => under_lock(connection, now_us).await,
    };
    connection.wait_long(false);
    done
}

/// A new connection afterwards: the lock and the longer patience would last as long as the one that migrated.
async fn under_lock(connection: &mut Connection, now_us: i64) -> Result<(), StorageError> {
    connection.run(Statement::MigrationPatience).await?;
    if connection.number(Statement::MigrationLock.with(&[])).await? != 1 {
        return Err(StorageError::Busy);
    }
    let done = steps(connection, now_us).await;
    connection.number(Statement::MigrationUnlock.with(&[])).await?;
    connection.lose();
    done.and(connection.restore().await)
}

async fn in_transaction(
    connection: &mut Connection,
    lock: Option<Statement>,
    now_us: i64,
) -> Result<(), StorageError> {
    connection.run(Statement::Begin).await?;
    match locked_steps(connection, lock, now_us).await {
        Ok(()) => connection.run(Statement::Commit).await,
        Err(error) => {
            if let Err(second) = connection.run(Statement::Rollback).await {
                tracing::error!(%second, "cannot roll back the migration");
            }
            Err(error)
        }
    }
}

async fn locked_steps(
    connection: &mut Connection,
    lock: Option<Statement>,
    now_us: i64,
) -> Result<(), StorageError> {
    if let Some(lock) = lock {
        connection.run(Statement::MigrationPatience).await?;
        connection.fetch(lock.with(&[])).await?;
    }
    steps(connection, now_us).await
}

/// Checks that [`migrate`] would not refuse the database.
///
/// # Errors
/// As [`migrate`].
pub(crate) async fn probe(connection: &mut Connection) -> Result<(), StorageError> {
    let tables = tables(connection).await?;
    if tables.is_empty() {
        return Ok(());
    }
    ours(&tables)?;
    newest(recorded(connection).await?)?;
    match tables.iter().any(|table| table == "setting") {
        true => whole(connection).await,
        false => Ok(()),
    }
}

fn newest(found: i64) -> Result<(), StorageError> {
    let known = newest_known();
    if found > known { Err(StorageError::NewerSchema { found, known }) } else { Ok(()) }
}

fn ours(tables: &[String]) -> Result<(), StorageError> {
    match tables.iter().any(|table| table == "schema_version") {
        true => Ok(()),
        false => Err(StorageError::Corrupt("it has tables of another program".into())),
    }
}

async fn steps(connection: &mut Connection, now_us: i64) -> Result<(), StorageError> {
    let found = begun(connection).await?;
    newest(found)?;
    for step in MIGRATIONS.iter().filter(|step| step.version > found) {
        connection.script(step.sql(connection.dialect())).await?;
        let record = [step.version.into(), step.name.into(), now_us.into()];
        connection.execute(Statement::SchemaRecord.with(&record)).await?;
        tracing::info!(version = step.version, name = step.name, "schema migrated");
    }
    Ok(())
}

/// The version of a schema that is ours.
///
/// # Errors
/// [`StorageError::Corrupt`] if it is another program's or there is none, [`StorageError::NewerSchema`].
pub(crate) async fn version(connection: &mut Connection) -> Result<i64, StorageError> {
    ours(&tables(connection).await?)?;
    let version = recorded(connection).await?;
    newest(version).map(|()| version)
}

/// Checks that it is a database of this program's, and not an unfinished copy.
///
/// # Errors
/// As [`version`] and [`whole`].
pub(crate) async fn usable(connection: &mut Connection) -> Result<(), StorageError> {
    version(connection).await?;
    whole(connection).await
}

/// The version this build migrates to.
pub(crate) fn newest_known() -> i64 {
    MIGRATIONS.last().map_or(0, |newest| newest.version)
}

/// The schema's version; an empty database gets its version table.
async fn begun(connection: &mut Connection) -> Result<i64, StorageError> {
    let tables = tables(connection).await?;
    if tables.is_empty() {
        connection.script(VERSION_TABLE).await?;
    } else {
        ours(&tables)?;
    }
    recorded(connection).await
}

async fn tables(connection: &mut Connection) -> Result<Vec<String>, StorageError> {
    let rows = connection.fetch(Statement::Tables.with(&[])).await?;
    rows.iter().map(|row| row.text(0)).collect()
}

async fn recorded(connection: &mut Connection) -> Result<i64, StorageError> {
    match connection.fetch(Statement::SchemaVersion.with(&[])).await?.first() {
        Some(row) => row.int(0),
        None => Ok(0),
    }
}

/// Each statement that MariaDB commits by itself when an empty database is migrated, in order.
#[cfg(test)]
pub(crate) fn mariadb_steps() -> Vec<String> {
    let mut steps = vec![VERSION_TABLE.to_owned()];
    for step in MIGRATIONS {
        let lines = step.mariadb.lines().filter(|line| !line.starts_with("--"));
        let sql = lines.collect::<Vec<_>>().join("\n");
        steps.extend(sql.split(';').map(str::trim).filter(|sql| !sql.is_empty()).map(str::to_owned));
        steps.push(format!("INSERT INTO schema_version VALUES ({}, '{}', 0)", step.version, step.name));
    }
    steps
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
