//! Which of ejabberd's schemas a database has, and how its tables are read.

use std::collections::BTreeSet;

use crate::{Kind, MigrateError, Survey};
use storage::source::{Engine, Scan, ScanKey, Tables, Value};

use super::table::{Owner, Table};

const HOST: &str = "server_host";

/// A table that the database has, with those of the known columns that it has.
pub(super) struct Found {
    pub table: Table,
    pub columns: Vec<&'static str>,
    by_host: bool,
}

/// The schema of a database.
pub(super) struct Schema {
    /// All of its tables, whether they are known or not.
    pub names: Vec<String>,
    pub found: Vec<Found>,
    /// The only domain, in the old schema.
    pub host: Option<String>,
}

impl Schema {
    /// # Errors
    /// The database cannot be read; it is not ejabberd's; it is in the old schema and `host` is `None`.
    pub async fn of(tables: &Tables, host: Option<&str>, kinds: &[Kind]) -> Result<Self, MigrateError> {
        let names = tables.names().await?;
        let mut found = Vec::new();
        for table in Table::ALL {
            found.extend(look_at(tables, table).await?);
        }
        let mut owned = found.iter().filter(|found| found.table.shape().owner == Owner::User).peekable();
        if owned.peek().is_none() {
            return Err(MigrateError::source(
                "there is none of ejabberd's tables (users, rosterusers, spool, …) — check the database's URL",
            ));
        }
        let is_there = |table: &Table| found.iter().any(|one| one.table == *table);
        let needed =
            Table::ALL.into_iter().filter(|table| table.kind().is_taken() && table.kind().is_chosen(kinds));
        let missing: Vec<_> = needed.filter(|table| !is_there(table)).map(Table::name).collect();
        if !missing.is_empty() {
            return Err(MigrateError::source(format!(
                "the database has no table {}, which ejabberd's has — is it the right one? If these data are kept \
                 elsewhere, name the kinds that are here with --kind",
                missing.join(", ")
            )));
        }
        let host = match (owned.any(|found| found.by_host), host) {
            (true, _) => None,
            (false, Some(host)) => Some(host.to_owned()),
            (false, None) => {
                return Err(MigrateError::source(
                    "this is ejabberd's old schema, which does not contain its domain — name it with --domain",
                ));
            }
        };
        Ok(Self { names, found, host })
    }

    /// How a table is read, in the order of `local@domain`; `None` if its rows do not say whose they are.
    pub fn scan(&self, found: &Found) -> Option<Scan> {
        let shape = found.table.shape();
        let has = |name: &&&str| found.columns.contains(*name);
        Some(Scan {
            table: shape.name.to_owned(),
            columns: found.columns.iter().map(|&name| name.to_owned()).collect(),
            key: self.key(found.table)?,
            then: shape.then.iter().filter(has).map(|&name| name.to_owned()).collect(),
            distinct: false,
            many: false,
        })
    }

    fn key(&self, table: Table) -> Option<ScanKey> {
        let found = self.found.iter().find(|found| found.table == table)?;
        let username = || "username".to_owned();
        match table.shape().owner {
            Owner::User => match &self.host {
                Some(host) => Some(ScanKey::At { column: username(), domain: host.clone() }),
                None if found.by_host => {
                    Some(ScanKey::Joined { first: username(), second: HOST.to_owned(), instead: Vec::new() })
                }
                None => None,
            },
            Owner::Host => Some(ScanKey::Column("host".to_owned())),
            Owner::Of(other, column) => Some(ScanKey::Through {
                from: column.to_owned(),
                table: other.name().to_owned(),
                to: column.to_owned(),
                key: Box::new(self.key(other)?),
            }),
        }
    }

    /// # Errors
    /// The database cannot be read.
    pub async fn survey(&self, tables: &Tables) -> Result<Survey, MigrateError> {
        Ok(Survey {
            hosts: self.hosts(tables).await?,
            users: self.users(tables).await?,
            notes: self.notes(tables)?,
            ..Survey::default()
        })
    }

    /// Accounts; users without one come as well, and are not counted.
    async fn users(&self, tables: &Tables) -> Result<Option<u64>, MigrateError> {
        let Some(users) = self.found.iter().find(|found| found.table == Table::Users) else {
            return Ok(None);
        };
        if !users.columns.contains(&"type") {
            return Ok(Some(tables.count(Table::Users.name()).await?));
        }
        let Some(scan) = self.scan(users) else { return Ok(None) };
        let scan = Scan { columns: Vec::new(), then: Vec::new(), distinct: true, ..scan };
        let (mut cursor, mut users) = (tables.scan(&scan).await?, 0);
        while cursor.next().await?.is_some() {
            users += 1;
        }
        Ok(Some(users))
    }

    /// A domain whose users are another service's has no row in `users`. The archive is left out: it is large.
    async fn hosts(&self, tables: &Tables) -> Result<Vec<String>, MigrateError> {
        if let Some(host) = &self.host {
            return Ok(vec![host.clone()]);
        }
        let mut hosts = BTreeSet::new();
        for found in self.found.iter().filter(|found| found.by_host && found.table != Table::Archive) {
            let scan = Scan {
                table: found.table.name().to_owned(),
                columns: Vec::new(),
                key: ScanKey::Column(HOST.to_owned()),
                then: Vec::new(),
                distinct: true,
                many: false,
            };
            let mut cursor = tables.scan(&scan).await?;
            while let Some(row) = cursor.next().await? {
                if let Some(Value::Text(host)) = row.into_iter().next() {
                    hosts.insert(host);
                }
            }
        }
        Ok(hosts.into_iter().collect())
    }

    fn notes(&self, tables: &Tables) -> Result<Vec<String>, MigrateError> {
        let schema = match &self.host {
            Some(host) => format!("ejabberd's old schema, read as the domain {host}"),
            None => "ejabberd's new schema".to_owned(),
        };
        let mut notes = vec![schema];
        if tables.engine()? == Engine::Postgres {
            notes.push("the times at which accounts were created are taken for UTC".to_owned());
        }
        let ownerless = self.found.iter().filter(|found| self.key(found.table).is_none());
        notes.extend(ownerless.map(|found| {
            format!("the table {} does not say of which domain its rows are: left out", found.table.name())
        }));
        Ok(notes)
    }
}

/// # Errors
/// The database cannot be read; a table of that name has not ejabberd's columns.
async fn look_at(tables: &Tables, table: Table) -> Result<Option<Found>, MigrateError> {
    let shape = table.shape();
    let columns: Vec<_> = tables.columns(shape.name).await?.into_iter().map(|column| column.name).collect();
    if columns.is_empty() {
        return Ok(None);
    }
    let has = |wanted: &&str| columns.iter().any(|name| name == wanted);
    let owner: &[&str] = match shape.owner {
        Owner::User => &["username"],
        Owner::Host => &["host"],
        Owner::Of(..) => &[],
    };
    if let Some(missing) = shape.needed.iter().chain(owner).find(|name| !has(name)) {
        return Err(MigrateError::source(format!(
            "the table {} has no column {missing}: this is not ejabberd's schema — check the database's URL",
            shape.name
        )));
    }
    let known = shape.needed.iter().chain(shape.optional).filter(|name| has(name)).copied().collect();
    Ok(Some(Found { table, columns: known, by_host: has(&HOST) }))
}
