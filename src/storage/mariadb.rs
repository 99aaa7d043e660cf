//! MariaDB: connections, session settings, error codes.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::mysql::{MySql, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};

use crate::native::{self, STATEMENT_CACHE, native, opening, unsupported};
use crate::role::Role;
use crate::{Options, StorageError, parameters};

/// Nothing is cut to fit; no gaps are locked, as rows are only looked for by their keys.
const SESSION: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
    tx_isolation = 'READ-COMMITTED'";

/// Connection parameters from a URL.
pub(crate) fn options(options: &Options) -> Result<MySqlConnectOptions, StorageError> {
    parameters::check(&options.url, parameters::MARIADB)?;
    let url = MySqlConnectOptions::from_str(&options.url).map_err(unsupported)?;
    let options = match &options.password {
        Some(password) => url.password(password),
        None => url,
    };
    Ok(options.statement_cache_capacity(STATEMENT_CACHE).disable_statement_logging())
}

/// A connection whose waits for locks end after `locks`.
pub(crate) async fn connect(
    options: &MySqlConnectOptions,
    role: Role,
    locks: Duration,
) -> Result<MySqlConnection, StorageError> {
    let mut connection = options.connect().await.map_err(opening::<MySql>)?;
    native::script(&mut connection, SESSION).await?;
    let locks = format!(
        "SET SESSION innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}",
        seconds = locks.as_secs().max(1)
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(locks))).await.map_err(opening::<MySql>)?;
    if role == Role::Reader {
        native::script(&mut connection, "SET SESSION TRANSACTION READ ONLY").await?;
    }
    Ok(connection)
}

native!(MySql, Mariadb);

/// By number: <https://mariadb.com/kb/en/mariadb-error-codes/>.
fn failure(error: sqlx::Error) -> StorageError {
    let sqlx::Error::Database(error) = error else { return native::lost(error) };
    let number = error.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number);
    let message = error.message().to_owned();
    match number {
        1213 | 1020 => StorageError::Conflict,
        1205 => StorageError::Busy,
        1022 | 1048 | 1062 | 1169 | 1216 | 1217 | 1451 | 1452 | 1557 => StorageError::Constraint(message),
        1021 | 1026 | 1030 | 1114 | 1290 | 1792 | 1836 => StorageError::Io(message),
        1040 | 1044 | 1045 | 1049 | 1053 | 1129 | 1130 | 1203 => StorageError::Unreachable(message),
        1034 | 1194 | 1712 => StorageError::Corrupt(message),
        _ => StorageError::Database(message),
    }
}
