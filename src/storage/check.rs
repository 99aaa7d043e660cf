//! Looks at a real database: whether each statement that runs while the server serves uses an index, and which index is
//! missing.

mod indexes;
mod literal;
mod plan;

use std::collections::BTreeMap;

use runtime::Runtime;

use crate::dialect::Dialect;
use crate::look::Look;
use crate::role::Role;
use crate::schema::{TABLES, Table};
use crate::statement::{Statement, Text};
use crate::{Options, StorageError, migration};

/// What a database looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageCheck {
    /// Rows by table.
    pub tables: Vec<(&'static str, u64)>,
    /// Statements whose plan was looked at.
    pub statements: usize,
    /// What should be mended.
    pub findings: Vec<Finding>,
}

/// Something that costs the database more than it has to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is, in words.
    pub what: String,
    /// What to do: most often SQL for the database's own client.
    pub remedy: String,
}

/// Looks at the database; changes nothing, and a server may use it meanwhile.
///
/// # Errors
/// It cannot be reached or read, or is not one of this version.
pub async fn check(options: &Options, runtime: &Runtime) -> Result<StorageCheck, StorageError> {
    // In a session that may only read, MariaDB does not explain what writes.
    let role = if options.scheme()? == Dialect::Mariadb { Role::Writer } else { Role::Reader };
    let mut look = Look::new(options, role, runtime).await?;
    migration::usable(&mut look.connection).await?;
    let mut found = StorageCheck::default();
    for table in TABLES {
        found.tables.push((table.name, look.count(table).await?));
    }
    plan::prepare(&mut look).await?;
    let mut scans = BTreeMap::<&'static str, Vec<&'static str>>::new();
    for (name, sql) in statements(look.dialect()) {
        for table in plan::scanned(&mut look, &sql).await? {
            let by = scans.entry(table).or_default();
            if !by.contains(&name) {
                by.push(name);
            }
        }
        found.statements += 1;
    }
    let present = indexes::present(&mut look).await?;
    for (table, rows) in TABLES.iter().zip(found.tables.iter().map(|(_, rows)| *rows)) {
        let missing = indexes::missing(table, &present, look.dialect());
        let by = scans.remove(table.name).unwrap_or_default();
        found.findings.extend(findings(table, rows, &missing, &by));
    }
    look.connection.close().await?;
    Ok(found)
}

/// The statements that run while a server serves, and the deletion of an account's rows, which has a text for each table.
fn statements(dialect: Dialect) -> Vec<(&'static str, String)> {
    let text = |text| match text {
        Text::Fixed(sql) => sql.to_owned(),
        Text::Built(sql) | Text::Once(sql) => sql,
    };
    let hot = Statement::ALL.iter().filter(|statement| statement.hot());
    let hot =
        hot.map(|statement| (statement.definition().name, text(statement.repeat(2, &[]).text(dialect))));
    let purge = Statement::PurgeTable;
    let owned = TABLES.iter().filter(|table| table.owner() == Some("account_id"));
    let purges =
        owned.map(|table| (purge.definition().name, text(purge.on(table.name, 2, &[]).text(dialect))));
    hot.chain(purges).collect()
}

fn findings(table: &Table, rows: u64, missing: &[indexes::Missing], by: &[&str]) -> Vec<Finding> {
    let (name, by) = (table.name, by.join(", "));
    if missing.is_empty() && by.is_empty() {
        return Vec::new();
    }
    if missing.is_empty() {
        return vec![Finding {
            what: format!("{by}: the whole table {name} ({rows} rows) is read, although no index is missing"),
            remedy: format!("ANALYZE {name}; if it stays so, report it with the database's version"),
        }];
    }
    let finding = |missing: &indexes::Missing| {
        let index = &missing.name;
        Finding {
            what: match by.as_str() {
                "" => format!("the {index} of the table {name} ({rows} rows) is missing"),
                by => format!("the {index} is missing: {by} read the whole table {name} ({rows} rows)"),
            },
            remedy: missing.remedy.clone(),
        }
    };
    missing.iter().map(finding).collect()
}
