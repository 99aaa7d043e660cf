//! How a database would run a statement.

use super::literal::literal;
use crate::StorageError;
use crate::dialect::Dialect;
use crate::look::Look;
use crate::schema::TABLES;
use crate::value::Row;

/// MariaDB reads the whole of a table with fewer rows, even if it could use an index.
const FEW: u64 = 1000;

/// Makes PostgreSQL use an index if there is one, however few rows a table has.
pub(super) async fn prepare(look: &mut Look) -> Result<(), StorageError> {
    match look.dialect() {
        Dialect::Postgres => look.connection.script("SET enable_seqscan = off").await,
        Dialect::Sqlite | Dialect::Mariadb => Ok(()),
    }
}

/// The tables that the statement would read from end to end.
pub(super) async fn scanned(look: &mut Look, sql: &str) -> Result<Vec<&'static str>, StorageError> {
    let dialect = look.dialect();
    let explain = match dialect {
        Dialect::Sqlite => format!("EXPLAIN QUERY PLAN {sql}"),
        Dialect::Postgres | Dialect::Mariadb => format!("EXPLAIN {}", literal(sql, dialect)),
    };
    let mut tables = Vec::new();
    for row in look.explain(explain).await? {
        let step = match dialect {
            Dialect::Sqlite => sqlite(&row)?,
            Dialect::Postgres => postgres(&row)?,
            Dialect::Mariadb => mariadb(&row)?,
        };
        tables.extend(step.and_then(|name| table(&name, sql)));
    }
    Ok(tables)
}

/// `SCAN account`; a `SELECT` without a table and the rows of an `INSERT` are "scanned" too.
fn sqlite(row: &Row) -> Result<Option<String>, StorageError> {
    let step = row.text(3)?;
    let constant = step.ends_with("CONSTANT ROW") || step.ends_with("VALUES CLAUSE");
    let scanned = step.strip_prefix("SCAN ").filter(|_| !constant);
    Ok(scanned.and_then(|rest| rest.split(' ').next()).map(str::to_owned))
}

/// `->  Seq Scan on account a  (cost=…)`
fn postgres(row: &Row) -> Result<Option<String>, StorageError> {
    let step = row.text(0)?;
    let scanned = step.split_once("Seq Scan on ").and_then(|(_, rest)| rest.split(' ').next());
    Ok(scanned.map(str::to_owned))
}

/// The columns `id`, `select_type`, `table`, `type`, `possible_keys`, …, `rows`.
fn mariadb(row: &Row) -> Result<Option<String>, StorageError> {
    let whole = matches!(row.opt_text(3)?.as_deref(), Some("ALL" | "index"));
    let writes = row.opt_text(1)?.as_deref() == Some("INSERT");
    let could = row.opt_text(4)?.is_some();
    // Its type depends on the statement.
    let rows = || row.opt_text(8).map(|rows| rows.and_then(|rows| rows.parse().ok()).unwrap_or(0));
    if !whole || writes || (could && rows()? < FEW) {
        return Ok(None);
    }
    row.opt_text(2)
}

/// The table of that name, or of that alias in the statement.
fn table(name: &str, sql: &str) -> Option<&'static str> {
    let known = |name: &str| TABLES.iter().map(|table| table.name).find(|table| *table == name);
    let mut words = sql.split([' ', ',']);
    known(name).or_else(|| {
        let mut before = "";
        words.find_map(|word| {
            let table = if word == name { known(before) } else { None };
            before = word;
            table
        })
    })
}
