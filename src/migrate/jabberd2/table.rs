//! The tables that are read user by user.

use storage::source::{Scan, ScanKey, Tables};

use super::realm_map::RealmMap;
use super::vcard;
use crate::feeds::Feeding;
use crate::{Kind, MigrateError};

/// The column of all tables but `authreg`: the bare address.
pub(super) const OWNER: &str = "collection-owner";
const SEQUENCE: &str = "object-sequence";

/// A table. Those of one user are read in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Authreg,
    Active,
    Logout,
    RosterItems,
    RosterGroups,
    VCard,
    Queue,
    Private,
    PrivacyItems,
    PrivacyDefault,
}

impl Table {
    const ALL: [Self; 10] = [
        Self::Authreg,
        Self::Active,
        Self::Logout,
        Self::RosterItems,
        Self::RosterGroups,
        Self::VCard,
        Self::Queue,
        Self::Private,
        Self::PrivacyItems,
        Self::PrivacyDefault,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Authreg => "authreg",
            Self::Active => "active",
            Self::Logout => "logout",
            Self::RosterItems => "roster-items",
            Self::RosterGroups => "roster-groups",
            Self::VCard => "vcard",
            Self::Queue => "queue",
            Self::Private => "private",
            Self::PrivacyItems => "privacy-items",
            Self::PrivacyDefault => "privacy-default",
        }
    }

    pub fn kind(self) -> Kind {
        match self {
            Self::Authreg | Self::Active => Kind::Account,
            Self::Logout => Kind::Last,
            Self::RosterItems => Kind::Roster,
            Self::RosterGroups => Kind::Group,
            Self::VCard => Kind::VCard,
            Self::Queue => Kind::Offline,
            Self::Private => Kind::Private,
            Self::PrivacyItems | Self::PrivacyDefault => Kind::Privacy,
        }
    }

    /// The columns that are read; old versions lack some.
    fn columns(self) -> Vec<&'static str> {
        match self {
            Self::Authreg => vec!["username", "realm", "password"],
            Self::Active | Self::Logout => vec!["time"],
            Self::RosterItems => vec!["jid", "name", "to", "from", "ask"],
            Self::RosterGroups => vec!["jid", "group"],
            Self::VCard => vcard::columns().collect(),
            Self::Queue => vec!["xml"],
            Self::Private => vec!["ns", "xml"],
            Self::PrivacyItems => vec!["list", "type", "value", "deny", "order", "block"],
            Self::PrivacyDefault => vec!["default"],
        }
    }

    /// Those of the columns that all versions have.
    fn needed(self) -> &'static [&'static str] {
        match self {
            Self::Authreg => &["realm", "password"],
            Self::Active | Self::Logout => &["time"],
            Self::RosterItems => &["jid", "name", "to", "from", "ask"],
            Self::RosterGroups => &["jid", "group"],
            Self::VCard => &["fn"],
            Self::Queue | Self::Private => &["xml"],
            Self::PrivacyItems => &["list", "type", "value", "deny", "order", "block"],
            Self::PrivacyDefault => &["default"],
        }
    }
}

/// A table that the database has, with those of its columns that are read.
pub(super) struct Found {
    pub table: Table,
    /// Its name there.
    pub name: String,
    pub columns: Vec<&'static str>,
    has_key: bool,
    has_sequence: bool,
}

/// Where the tables are, and which are wanted.
pub(super) struct Wanted<'a> {
    /// What their names begin with.
    pub prefix: &'a str,
    /// Only those of these kinds; all if empty.
    pub kinds: &'a [Kind],
}

impl Wanted<'_> {
    fn wants(&self, table: Table) -> bool {
        // Requests that wait, which belong to the roster, are in the queue.
        let of_roster = table == Table::Queue && self.kinds.contains(&Kind::Roster);
        of_roster || table.kind().is_chosen(self.kinds)
    }

    /// The name of a table; that of accounts may go without the prefix, which jabberd2 has for the session manager only.
    async fn look(&self, tables: &Tables, table: Table) -> Result<Option<Found>, MigrateError> {
        let found = look(tables, table, format!("{}{}", self.prefix, table.name())).await?;
        match found {
            None if table == Table::Authreg && !self.prefix.is_empty() => {
                look(tables, table, table.name().to_owned()).await
            }
            found => Ok(found),
        }
    }
}

/// The tables of the database.
///
/// # Errors
/// It is not jabberd2's, or lacks a table or a column without which users would seem to have nothing.
pub(super) async fn find(tables: &Tables, wanted: &Wanted<'_>) -> Result<Vec<Found>, MigrateError> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for table in Table::ALL {
        match wanted.look(tables, table).await? {
            Some(one) => found.push(one),
            // Accounts may be in LDAP.
            None if table != Table::Authreg && wanted.wants(table) => {
                missing.push(format!("{}{}", wanted.prefix, table.name()));
            }
            None => {}
        }
    }
    if !found.iter().any(|one| matches!(one.table, Table::Authreg | Table::Active)) {
        return Err(MigrateError::source(format!(
            "this is not a database of jabberd2: it has neither a table authreg nor a table {}active — name the database \
             of the session manager in --from, and what the names of its tables begin with in --prefix",
            wanted.prefix
        )));
    }
    if !missing.is_empty() {
        return Err(MigrateError::source(format!(
            "the database has no table {} — if the names of the tables begin with something (prefix in sm.xml), say it with \
             --prefix; if these data are kept elsewhere, name the kinds that are here with --kind",
            missing.join(", ")
        )));
    }
    match found.iter().filter(|one| wanted.wants(one.table)).find_map(Found::lacks) {
        Some((table, column)) => Err(MigrateError::source(format!(
            "the table {table} has no column {column}, which jabberd2's has — is it the right database?"
        ))),
        // One of a kind that is not wanted may lack anything.
        None => Ok(found.into_iter().filter(|one| one.lacks().is_none()).collect()),
    }
}

async fn look(tables: &Tables, table: Table, name: String) -> Result<Option<Found>, MigrateError> {
    let there = tables.columns(&name).await?;
    if there.is_empty() {
        return Ok(None);
    }
    let has = |column: &str| there.iter().any(|one| one.name == column);
    let has_key = has(if table == Table::Authreg { "username" } else { OWNER });
    let columns = table.columns().into_iter().filter(|column| has(column)).collect();
    Ok(Some(Found { table, name, columns, has_key, has_sequence: has(SEQUENCE) }))
}

impl Found {
    /// The table, and a column that all versions have and it does not.
    fn lacks(&self) -> Option<(&str, &'static str)> {
        let key = if self.table == Table::Authreg { "username" } else { OWNER };
        let missing = || self.table.needed().iter().find(|column| !self.columns.contains(column)).copied();
        let missing = if self.has_key { missing() } else { Some(key) };
        missing.map(|column| (self.name.as_str(), column))
    }

    /// How the table is read.
    pub fn feeding(&self, realms: &RealmMap) -> Feeding<Table> {
        let key = match self.table {
            Table::Authreg => {
                ScanKey::Joined { first: "username".into(), second: "realm".into(), instead: realms.clone() }
            }
            _ => ScanKey::Column(OWNER.into()),
        };
        let then = if self.has_sequence { vec![SEQUENCE.to_owned()] } else { Vec::new() };
        let scan = Scan {
            table: self.name.clone(),
            columns: self.columns.iter().map(|name| (*name).to_owned()).collect(),
            key,
            then,
            distinct: false,
            many: matches!(self.table, Table::RosterItems | Table::RosterGroups | Table::PrivacyItems),
        };
        Feeding { table: self.table, columns: self.columns.iter().copied().collect(), scan }
    }
}
