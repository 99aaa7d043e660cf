//! MariaDB as a source. Values are bound with the types that they have: the database does not tell those of parameters.

use std::time::Duration;

use sqlx::mysql::{MySql, MySqlArguments, MySqlConnection, MySqlDatabaseError, MySqlQueryResult, MySqlRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, ConnectOptions as _, Executor as _, Row as _, TypeInfo as _, ValueRef as _,
};

use super::columns::{Foreign, unusable};
use super::mariadb_text::text;
use super::postgres::lost;
use super::{SourceError, SourceOptions, Value};
use crate::mariadb;

const STATEMENTS: usize = 64;

/// # Errors
/// [`SourceError::Unavailable`].
pub(super) async fn connect(options: &SourceOptions) -> Result<MySqlConnection, SourceError> {
    let native = mariadb::options(&options.with_password()?)
        .map_err(|error| SourceError::Unsupported(error.to_string()))?
        .statement_cache_capacity(STATEMENTS)
        .pipes_as_concat(false);
    let unavailable = |error| match MySql::failure(error) {
        SourceError::Database(why) => SourceError::Unavailable(why),
        SourceError::Refused(code) => SourceError::Unavailable(format!("error {code}")),
        other => other,
    };
    let mut connection = native.connect().await.map_err(unavailable)?;
    // Without ANSI_QUOTES and NO_BACKSLASH_ESCAPES, which would change what is a string.
    let session = format!(
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', max_statement_time = {limit}, \
         innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}",
        limit = options.statement.as_secs_f64(),
        seconds = options.statement.as_secs().max(1)
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(session))).await.map_err(unavailable)?;
    if !options.write {
        connection.execute(sqlx::raw_sql("SET SESSION TRANSACTION READ ONLY")).await.map_err(unavailable)?;
    }
    Ok(connection)
}

/// # Errors
/// None of this database; the others have some.
pub(super) fn arguments(values: &[&Value]) -> Result<MySqlArguments, SourceError> {
    let mut arguments = MySqlArguments::default();
    for value in values {
        let added = match value {
            Value::Null => arguments.add(None::<&str>),
            Value::Bool(value) => arguments.add(i64::from(*value)),
            Value::Integer(value) => arguments.add(*value),
            Value::Real(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.as_str()),
            Value::Bytes(value) => arguments.add(value.as_slice()),
        };
        added.map_err(|_| SourceError::Refused("too large".into()))?;
    }
    Ok(arguments)
}

impl Foreign for MySql {
    fn affected(result: &MySqlQueryResult) -> u64 {
        result.rows_affected()
    }

    fn value(row: &MySqlRow, column: usize) -> Result<Value, SourceError> {
        let raw = row.try_get_raw(column).map_err(Self::failure)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let info = raw.type_info().into_owned();
        let kind = info.name();
        let failed = |_| unusable(row, column, kind);
        let bytes = || row.try_get_unchecked::<Vec<u8>, _>(column).map_err(failed);
        match kind {
            "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
                row.try_get_unchecked(column).map(Value::Integer).map_err(failed)
            }
            _ if kind.ends_with(" UNSIGNED") || matches!(kind, "YEAR" | "BIT") => {
                row.try_get_unchecked(column).map(unsigned).map_err(failed)
            }
            "FLOAT" => {
                row.try_get_unchecked::<f32, _>(column).map(|real| Value::Real(real.into())).map_err(failed)
            }
            "DOUBLE" => row.try_get_unchecked(column).map(Value::Real).map_err(failed),
            "DATE" | "TIME" | "DATETIME" | "TIMESTAMP" => {
                text(kind, &bytes()?).map(Value::Text).ok_or_else(|| unusable(row, column, kind))
            }
            "GEOMETRY" => Err(unusable(row, column, kind)),
            // Whether it is text says the collation only; the flag is also that of text compared byte by byte.
            _ if <str as sqlx::Type<Self>>::compatible(&info)
                || matches!(kind, "DECIMAL" | "SET" | "ENUM" | "JSON") =>
            {
                String::from_utf8(bytes()?).map(Value::Text).map_err(|_| unusable(row, column, kind))
            }
            _ => bytes().map(Value::Bytes),
        }
    }

    fn raw(row: &MySqlRow, column: usize) -> Result<Value, SourceError> {
        Self::value(row, column)
            .or_else(|error| row.try_get_unchecked(column).map(Value::Bytes).map_err(|_| error))
    }

    /// By number: <https://mariadb.com/kb/en/mariadb-error-codes/>.
    fn failure(error: sqlx::Error) -> SourceError {
        let sqlx::Error::Database(error) = error else { return lost(&error) };
        let number = error.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number);
        match number {
            1317 | 1969 => SourceError::Deadline(Duration::ZERO),
            1290 | 1792 | 1836 => SourceError::ReadOnly,
            1020 | 1205 | 1213 => SourceError::Conflict,
            1040 | 1044 | 1045 | 1049 | 1053 | 1129 | 1130 | 1203 | 4151 => {
                SourceError::Unavailable(error.message().to_owned())
            }
            // What the statement or the schema is at fault for: these messages quote no values.
            1046
            | 1048
            | 1051..=1056
            | 1059
            | 1060
            | 1064
            | 1066
            | 1109
            | 1111
            | 1140..=1146
            | 1149
            | 1193
            | 1222
            | 1235
            | 1241
            | 1242
            | 1248
            | 1267
            | 1305
            | 1318
            | 1364
            | 1370
            | 1582 => SourceError::Database(error.message().to_owned()),
            _ => SourceError::Refused(number.to_string()),
        }
    }
}

/// Beyond 64 bits signed: as text.
fn unsigned(value: u64) -> Value {
    i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Integer)
}
