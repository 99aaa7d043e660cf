//! How a foreign database would run a statement: which large tables it would read from end to end, and the index that
//! would help.

mod compared;

use sqlx::mysql::{MySql, MySqlConnection};
use sqlx::postgres::{PgConnection, Postgres};
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{AssertSqlSafe, Executor as _, Row as _};

use self::compared::{compared, limits, table};
use super::columns::Foreign;
use super::link::{GRACE, Link};
use super::{Query, SourceError, SourceOptions, Value, mariadb};
use crate::check::Finding;

/// A table with no more rows may be read as a whole.
const FEW: i64 = 1000;

/// A table that would be read from end to end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scan {
    schema: Option<String>,
    table: String,
    /// Its name in the statement.
    alias: String,
}

/// What a statement would cost more than it has to.
pub(super) async fn warnings(
    link: &mut Link,
    query: &Query,
    options: &SourceOptions,
) -> Result<Vec<Finding>, SourceError> {
    let scans = match link {
        Link::Sqlite(link) => {
            let _running = link.timer.start(options.statement + GRACE);
            sqlite(&mut link.connection, query).await?
        }
        Link::Postgres(connection) => postgres(connection, query).await?,
        Link::Mariadb(connection) => mariadb(connection, query).await?,
    };
    let mut findings = Vec::new();
    for scan in scans {
        // A derived table has no name to count by.
        if !rows(link, &scan, options).await.is_ok_and(|rows| rows > FEW) {
            continue;
        }
        let finding = Finding {
            what: format!("the whole table {} is read (more than {FEW} rows)", scan.table),
            remedy: remedy(link, query, &scan),
        };
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    Ok(findings)
}

fn remedy(link: &Link, query: &Query, scan: &Scan) -> String {
    let Some(expression) = compared(query, &scan.table, &scan.alias) else {
        return "compare an indexed column with a :parameter by =".into();
    };
    let on = match &scan.schema {
        Some(schema) if schema != "public" => format!("{schema}.{}", scan.table),
        _ => scan.table.clone(),
    };
    let name: String = expression.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    match link {
        Link::Postgres(_) => format!("CREATE INDEX ON {on} ({expression})"),
        Link::Mariadb(_) if expression.contains('(') => {
            format!(
                "compare the column itself instead of {expression}, which MariaDB cannot index, and index that"
            )
        }
        _ => format!("CREATE INDEX {}_{} ON {on} ({expression})", scan.table, name.trim_matches('_')),
    }
}

/// The rows of a table, counted up to one more than matters.
async fn rows(link: &mut Link, scan: &Scan, options: &SourceOptions) -> Result<i64, SourceError> {
    let quote = if matches!(link, Link::Mariadb(_)) { '`' } else { '"' };
    let quoted = |name: &str| format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")));
    let table = match &scan.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&scan.table)),
        None => quoted(&scan.table),
    };
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {}) AS few", FEW + 1);
    let sql = sqlx::raw_sql(AssertSqlSafe(sql));
    match link {
        Link::Sqlite(link) => {
            let _running = link.timer.start(options.statement);
            link.connection.fetch_one(sql).await.and_then(|row| row.try_get(0)).map_err(Sqlite::failure)
        }
        Link::Postgres(connection) => {
            connection.fetch_one(sql).await.and_then(|row| row.try_get(0)).map_err(Postgres::failure)
        }
        Link::Mariadb(connection) => {
            connection.fetch_one(sql).await.and_then(|row| row.try_get(0)).map_err(MySql::failure)
        }
    }
}

/// `SCAN member`; a `SELECT` without a table and the rows of a `VALUES` are "scanned" too.
async fn sqlite(connection: &mut SqliteConnection, query: &Query) -> Result<Vec<Scan>, SourceError> {
    let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", query.sql()));
    let steps = connection.fetch_all(sqlx::query(sql)).await.map_err(Sqlite::failure)?;
    let mut scans = Vec::new();
    for step in steps {
        let step: String = step.try_get(3).map_err(Sqlite::failure)?;
        let constant = step.ends_with("CONSTANT ROW") || step.ends_with("VALUES CLAUSE");
        let scanned = step.strip_prefix("SCAN ").filter(|_| !constant);
        scans.extend(scanned.and_then(|rest| rest.split(' ').next()).map(|alias| named(query, alias)));
    }
    Ok(scans)
}

/// The plan that holds for any value. An index is used if there is one, however few rows match.
async fn postgres(connection: &mut PgConnection, query: &Query) -> Result<Vec<Scan>, SourceError> {
    let settings = "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan";
    connection.execute(sqlx::raw_sql(settings)).await.map_err(Postgres::failure)?;
    let prepare = AssertSqlSafe(format!("PREPARE castling_check AS {}", query.sql()));
    connection.execute(sqlx::raw_sql(prepare)).await.map_err(Postgres::failure)?;
    let values = vec!["NULL"; query.parameters().len()].join(", ");
    let values = if values.is_empty() { values } else { format!("({values})") };
    let explain = format!("EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE castling_check{values}");
    let plan = connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(explain))).await;
    connection.execute(sqlx::raw_sql("DEALLOCATE castling_check")).await.map_err(Postgres::failure)?;
    let plan: String = plan.and_then(|row| row.try_get_unchecked(0)).map_err(Postgres::failure)?;
    let mut scans = Vec::new();
    let plan = serde_json::from_str(&plan);
    sequential(&plan.map_err(|error| SourceError::Database(error.to_string()))?, &mut scans);
    Ok(scans)
}

/// The sequential scans of a plan.
fn sequential(plan: &serde_json::Value, scans: &mut Vec<Scan>) {
    match plan {
        serde_json::Value::Array(list) => list.iter().for_each(|part| sequential(part, scans)),
        serde_json::Value::Object(node) => {
            let text = |key: &str| node.get(key).and_then(|value| value.as_str()).map(str::to_owned);
            if text("Node Type").as_deref() == Some("Seq Scan")
                && let (Some(table), Some(alias)) = (text("Relation Name"), text("Alias"))
            {
                scans.push(Scan { schema: text("Schema"), table, alias });
            }
            node.values().for_each(|part| sequential(part, scans));
        }
        _ => {}
    }
}

/// The columns `id`, `select_type`, `table`, `type`, …
async fn mariadb(connection: &mut MySqlConnection, query: &Query) -> Result<Vec<Scan>, SourceError> {
    // As text, which a number is compared with by its index, too; NULL would match nothing, and have no plan.
    let (text, one) = (Value::Text("1".into()), Value::Integer(1));
    let limits = limits(query);
    let values: Vec<&Value> = limits.iter().map(|limit| if *limit { &one } else { &text }).collect();
    let sql = AssertSqlSafe(format!("EXPLAIN {}", query.sql()));
    let steps = connection.fetch_all(sqlx::query_with(sql, mariadb::arguments(&values)?)).await;
    let mut scans = Vec::new();
    for step in steps.map_err(MySql::failure)? {
        let column = |at: usize| -> Result<String, SourceError> {
            let bytes: Option<Vec<u8>> = step.try_get_unchecked(at).map_err(MySql::failure)?;
            Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default())
        };
        if matches!(column(3)?.as_str(), "ALL" | "index") && column(1)? != "INSERT" {
            scans.push(named(query, &column(2)?));
        }
    }
    Ok(scans)
}

/// The table that is called so in the statement.
fn named(query: &Query, alias: &str) -> Scan {
    Scan { schema: None, table: table(query, alias), alias: alias.to_owned() }
}
