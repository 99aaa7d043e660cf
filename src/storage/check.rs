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
    let mut broken = Vec::new();
    for (name, sql) in statements(look.dialect()) {
        found.statements += 1;
        match plan::scanned(&mut look, &sql).await {
            Ok(tables) => tables.into_iter().for_each(|table| note(scans.entry(table).or_default(), name)),
            Err(StorageError::Database(why)) => broken.push(Broken { name, sql, why }),
            Err(error) => return Err(error),
        }
    }
    let present = indexes::present(&mut look).await?;
    for (table, rows) in TABLES.iter().zip(found.tables.iter().map(|(_, rows)| *rows)) {
        let missing = indexes::missing(table, &present, look.dialect());
        let mut by = By { scan: scans.remove(table.name).unwrap_or_default(), fail: Vec::new() };
        if !missing.is_empty() {
            broken.retain(|statement| !by.takes(statement, table));
        }
        found.findings.extend(findings(table, rows, &missing, &by));
    }
    found.findings.extend(broken.iter().map(Broken::finding));
    look.connection.close().await?;
    Ok(found)
}

/// A statement that the database refuses to run.
struct Broken {
    name: &'static str,
    sql: String,
    why: String,
}

impl Broken {
    fn finding(&self) -> Finding {
        Finding {
            what: format!("{} cannot be run: {}", self.name, self.why),
            remedy: "undo what was changed in the schema by hand, or restore a backup".to_owned(),
        }
    }
}

/// Statements that suffer from the missing indexes of a table.
#[derive(Default)]
struct By {
    /// They read all of it.
    scan: Vec<&'static str>,
    /// They cannot be run: what replaces a row needs a unique index.
    fail: Vec<&'static str>,
}

impl By {
    /// Whether it is of this table.
    fn takes(&mut self, statement: &Broken, table: &Table) -> bool {
        let is_it = statement.sql.contains(&format!("INTO {} ", table.name));
        if is_it {
            note(&mut self.fail, statement.name);
        }
        is_it
    }

    /// What they do, in words; empty if there are none.
    fn words(&self, table: &str, rows: u64) -> String {
        let scan = (!self.scan.is_empty())
            .then(|| format!("{} read the whole table {table} ({rows} rows)", self.scan.join(", ")));
        let fail = (!self.fail.is_empty()).then(|| format!("{} cannot be run", self.fail.join(", ")));
        scan.into_iter().chain(fail).collect::<Vec<_>>().join("; ")
    }
}

fn note(names: &mut Vec<&'static str>, name: &'static str) {
    if !names.contains(&name) {
        names.push(name);
    }
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

fn findings(table: &Table, rows: u64, missing: &[indexes::Missing], by: &By) -> Vec<Finding> {
    let name = table.name;
    if missing.is_empty() && by.scan.is_empty() {
        return Vec::new();
    }
    if missing.is_empty() {
        let by = by.scan.join(", ");
        return vec![Finding {
            what: format!("{by}: the whole table {name} ({rows} rows) is read, although no index is missing"),
            remedy: format!("ANALYZE {name}; if it stays so, report it with the database's version"),
        }];
    }
    let words = by.words(name, rows);
    let finding = |missing: &indexes::Missing| {
        let index = &missing.name;
        Finding {
            what: match words.as_str() {
                "" => format!("the {index} of the table {name} ({rows} rows) is missing"),
                words => format!("the {index} is missing: {words}"),
            },
            remedy: missing.remedy.clone(),
        }
    };
    missing.iter().map(finding).collect()
}
