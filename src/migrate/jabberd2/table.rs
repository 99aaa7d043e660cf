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
}

/// A table that the database has, with those of its columns that are read.
pub(super) struct Found {
    pub table: Table,
    pub columns: Vec<&'static str>,
    has_sequence: bool,
}

/// The tables of the database.
///
/// # Errors
/// It is not jabberd2's.
pub(super) async fn find(tables: &Tables) -> Result<Vec<Found>, MigrateError> {
    let mut found = Vec::new();
    for table in Table::ALL {
        let there = tables.columns(table.name()).await?;
        let has = |name: &str| there.iter().any(|column| column.name == name);
        let key = if table == Table::Authreg { "username" } else { OWNER };
        if has(key) {
            let columns = table.columns().into_iter().filter(|name| has(name)).collect();
            found.push(Found { table, columns, has_sequence: has(SEQUENCE) });
        }
    }
    match found.iter().any(|one| matches!(one.table, Table::Authreg | Table::Active)) {
        true => Ok(found),
        false => Err(MigrateError::source(
            "this is not a database of jabberd2: it has neither a table authreg nor a table active — name the one of \
             the session manager in --from",
        )),
    }
}

impl Found {
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
            table: self.table.name().to_owned(),
            columns: self.columns.iter().map(|name| (*name).to_owned()).collect(),
            key,
            then,
            distinct: false,
            many: matches!(self.table, Table::RosterItems | Table::RosterGroups | Table::PrivacyItems),
        };
        Feeding { table: self.table, columns: self.columns.iter().copied().collect(), scan }
    }
}
