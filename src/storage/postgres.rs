//! PostgreSQL: connections, session settings, error codes.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, Postgres};

use crate::native::{self, STATEMENT_CACHE, native, opening, unsupported};
use crate::role::Role;
use crate::{Options, StorageError, parameters};

/// Connection parameters from a URL. What a commit survives is the database server's setting: with `synchronous_commit`
/// off it could lose acknowledged writes when the server is killed.
pub(crate) fn options(options: &Options) -> Result<PgConnectOptions, StorageError> {
    parameters::check(&options.url, parameters::POSTGRES)?;
    let url = PgConnectOptions::from_str(&options.url).map_err(unsupported)?;
    let options = match &options.password {
        Some(password) => url.password(password),
        None => url,
    };
    let options = options.application_name("castling");
    Ok(options.statement_cache_capacity(STATEMENT_CACHE).disable_statement_logging())
}

/// A connection whose waits for locks end after `locks`.
pub(crate) async fn connect(
    options: &PgConnectOptions,
    role: Role,
    locks: Duration,
) -> Result<PgConnection, StorageError> {
    let locks = locks.as_millis().to_string();
    let options = options.clone().options([("lock_timeout", locks.as_str())]);
    let options = match role {
        Role::Reader => options.options([("default_transaction_read_only", "on")]),
        Role::Writer => options,
    };
    options.connect().await.map_err(opening::<Postgres>)
}

native!(Postgres, Postgres);

/// By the class of the code: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn failure(error: sqlx::Error) -> StorageError {
    let sqlx::Error::Database(error) = error else { return native::lost(error) };
    let (code, message) = (error.code().unwrap_or_default(), error.message().to_owned());
    match (code.get(..2).unwrap_or_default(), code.as_ref()) {
        ("40", _) => StorageError::Conflict,
        (_, "55P03") => StorageError::Busy,
        ("23", _) => StorageError::Constraint(message),
        (_, "25006" | "53100" | "58030") => StorageError::Io(message),
        ("08" | "57" | "53", _) => StorageError::Unreachable(message),
        (_, "XX001" | "XX002") => StorageError::Corrupt(message),
        _ => StorageError::Database(message),
    }
}
