//! PostgreSQL as a source. Parameters are sent as text and converted by the database to the types that it has found for
//! them, so that a value fits whatever PostgreSQL itself reads; results come in binary.

use std::fmt::Write as _;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnection, PgQueryResult, PgRow, PgTypeKind, Postgres};
use sqlx::{
    Arguments as _, AssertSqlSafe, ConnectOptions as _, Either, Executor as _, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _, ValueRef as _,
};

use super::columns::{Described, Foreign, described, unusable};
use super::postgres_text::text;
use super::{Query, SourceError, SourceOptions, Value};
use crate::postgres;

const STATEMENTS: usize = 64;

/// # Errors
/// [`SourceError::Unavailable`].
pub(super) async fn connect(options: &SourceOptions) -> Result<PgConnection, SourceError> {
    let native = postgres::options(&options.with_password()?)
        .map_err(|error| SourceError::Unsupported(error.to_string()))?
        .statement_cache_capacity(STATEMENTS);
    let limit = options.statement.as_millis().to_string();
    // Twice: a connection of ours that hangs between two statements holds no transaction for long.
    let idle = (options.statement * 2).as_millis().to_string();
    let native = native.options([
        ("statement_timeout", limit.as_str()),
        ("lock_timeout", limit.as_str()),
        ("idle_in_transaction_session_timeout", idle.as_str()),
        ("standard_conforming_strings", "on"),
        ("default_transaction_read_only", if options.write { "off" } else { "on" }),
    ]);
    native.connect().await.map_err(|error| match Postgres::failure(error) {
        SourceError::Database(why) => SourceError::Unavailable(why),
        SourceError::Refused(code) => SourceError::Unavailable(format!("error {code}")),
        other => other,
    })
}

/// The types that the database finds for the parameters, and the columns.
pub(super) async fn describe(connection: &mut PgConnection, query: &Query) -> Result<Described, SourceError> {
    let sql = AssertSqlSafe(query.sql()).into_sql_str();
    let statement = connection.prepare(sql).await.map_err(Postgres::failure)?;
    let mut found = described::<Postgres>(&statement, |kind| returnable(kind.name(), kind.kind()));
    let Some(Either::Left(types)) = statement.parameters() else { return Ok(found) };
    if types.is_empty() {
        return Ok(found);
    }
    let mut names = String::from("SELECT");
    for (at, kind) in types.iter().enumerate() {
        let oid = kind.oid().map_or(0, |oid| oid.0);
        // Writing to a string does not fail.
        let _ = write!(names, "{} format_type({oid}, NULL)", if at == 0 { "" } else { "," });
    }
    let row = connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(names))).await.map_err(Postgres::failure)?;
    for at in 0..types.len() {
        found.types.push(row.try_get(at).map_err(Postgres::failure)?);
    }
    Ok(found)
}

/// # Errors
/// [`SourceError::Refused`]: bytes for a parameter of another type.
pub(super) fn arguments(values: &[&Value], types: &[String]) -> Result<PgArguments, SourceError> {
    let mut arguments = PgArguments::default();
    for (value, kind) in values.iter().zip(types) {
        let text = match value {
            Value::Null => None,
            Value::Text(text) if kind == "bytea" => Some(hexadecimal(text.as_bytes())),
            Value::Bytes(bytes) if kind == "bytea" => Some(hexadecimal(bytes)),
            Value::Bytes(_) => return Err(SourceError::Refused(format!("bytes for the type {kind}"))),
            Value::Bool(value) => Some(value.to_string()),
            Value::Integer(value) => Some(value.to_string()),
            Value::Real(value) => Some(value.to_string()),
            Value::Text(text) => Some(text.clone()),
        };
        arguments.add(text).map_err(|_| SourceError::Refused("too large".into()))?;
    }
    Ok(arguments)
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("\\x");
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

impl Foreign for Postgres {
    fn affected(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }

    fn value(row: &PgRow, column: usize) -> Result<Value, SourceError> {
        let raw = row.try_get_raw(column).map_err(Self::failure)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let info = raw.type_info();
        let kind = info.name();
        let bytes = raw.as_bytes().map_err(|_| unusable(row, column, kind))?;
        decoded(kind, info.kind(), bytes).ok_or_else(|| unusable(row, column, kind))
    }

    fn raw(row: &PgRow, column: usize) -> Result<Value, SourceError> {
        // A database in SQL_ASCII has text in whatever encoding.
        Self::value(row, column).or_else(|error| {
            let raw = row.try_get_raw(column).map_err(Self::failure)?;
            let bytes = raw.as_bytes().map_err(|_| error)?;
            Ok(Value::Bytes(bytes.to_vec()))
        })
    }

    /// By the class of the code: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
    fn failure(error: sqlx::Error) -> SourceError {
        let sqlx::Error::Database(error) = error else { return lost(&error) };
        let code = error.code().unwrap_or_default().into_owned();
        match (code.get(..2).unwrap_or_default(), code.as_str()) {
            (_, "57014") => SourceError::Deadline(Duration::ZERO),
            (_, "25006") => SourceError::ReadOnly,
            ("40", _) | (_, "55P03") => SourceError::Conflict,
            ("08" | "28" | "3D" | "53" | "57", _) => SourceError::Unavailable(error.message().to_owned()),
            // These messages quote values.
            ("21" | "22" | "23" | "44" | "P0", _) => SourceError::Refused(code),
            ("0A" | "25" | "26" | "3F" | "42" | "54" | "55", _) => {
                SourceError::Database(error.message().to_owned())
            }
            _ => SourceError::Database(format!("error {code}")),
        }
    }
}

/// An error that the database itself did not report.
pub(super) fn lost(error: &sqlx::Error) -> SourceError {
    SourceError::Unavailable(match error {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Tls(error) => format!("TLS: {error}"),
        other => other.to_string(),
    })
}

fn decoded(kind: &str, of: &PgTypeKind, bytes: &[u8]) -> Option<Value> {
    let plain = || std::str::from_utf8(bytes).ok().map(|text| Value::Text(text.to_owned()));
    if matches!(of, PgTypeKind::Enum(_)) {
        return plain();
    }
    Some(match kind {
        "BOOL" => Value::Bool(*bytes.first()? != 0),
        "INT2" => Value::Integer(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        "INT4" => Value::Integer(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        "INT8" => Value::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
        "OID" => Value::Integer(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        "FLOAT4" => Value::Real(f32::from_be_bytes(bytes.try_into().ok()?).into()),
        "FLOAT8" => Value::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
        "BYTEA" => Value::Bytes(bytes.to_vec()),
        "TEXT" | "VARCHAR" | "CHAR" | "\"CHAR\"" | "NAME" | "UNKNOWN" => return plain(),
        _ if kind.eq_ignore_ascii_case("citext") => return plain(),
        _ => Value::Text(text(kind, bytes)?),
    })
}

/// Whether columns of the type can be returned.
fn returnable(kind: &str, of: &PgTypeKind) -> bool {
    const KINDS: [&str; 27] = [
        "BOOL",
        "INT2",
        "INT4",
        "INT8",
        "OID",
        "FLOAT4",
        "FLOAT8",
        "BYTEA",
        "TEXT",
        "VARCHAR",
        "CHAR",
        "\"CHAR\"",
        "NAME",
        "UNKNOWN",
        "UUID",
        "JSON",
        "JSONB",
        "XML",
        "DATE",
        "TIME",
        "TIMETZ",
        "TIMESTAMP",
        "TIMESTAMPTZ",
        "INTERVAL",
        "NUMERIC",
        "INET",
        "CIDR",
    ];
    matches!(of, PgTypeKind::Enum(_)) || KINDS.contains(&kind) || kind.eq_ignore_ascii_case("citext")
}
