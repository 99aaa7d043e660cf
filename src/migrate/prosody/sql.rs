//! The SQL storage: two tables, `prosody` with a row for each entry of a store and `prosodyarchive` with one for each
//! item. They are read side by side in the order of their owners.

use crate::prosody::understood::understood;
use std::collections::{BTreeMap, BTreeSet};

use crate::{Kind, Leftover, MigrateError, RawUser, Reason, Skipped, Survey};
use storage::source::Tables;

use super::belongings::Belongings;
use super::lua::shown;
use super::row::{ARCHIVE_COLUMNS, COLUMNS, Row};
use super::rows::Rows;
use super::store::{Content, content, is_of_users, kind};

/// The most bytes of one user, with what a row takes in memory besides.
const BYTES: usize = 64 << 20;
const OVERHEAD: usize = 100;

const TABLE: &str = "prosody";
const ARCHIVE: &str = "prosodyarchive";

/// The SQL storage.
pub struct Sql {
    tables: Tables,
    /// Those that have been opened, in the order of [`COLUMNS`] and [`ARCHIVE_COLUMNS`].
    open: Vec<Rows>,
    /// Hosts with users, not components.
    hosts: BTreeSet<String>,
    leftovers: BTreeMap<(String, Kind), u64>,
    odd: Vec<Leftover>,
}

impl Sql {
    pub fn new(tables: Tables) -> Self {
        Self { tables, open: Vec::new(), hosts: BTreeSet::new(), leftovers: BTreeMap::new(), odd: Vec::new() }
    }

    pub async fn survey(&mut self) -> Result<Survey, MigrateError> {
        if !self.has(TABLE, &COLUMNS).await? {
            return Err(MigrateError::source(
                "the database has no table prosody with its columns — name the database of Prosody's option `sql`",
            ));
        }
        let archived = self.has(ARCHIVE, &ARCHIVE_COLUMNS).await?;
        let mut survey = Survey::default();
        if !archived {
            survey.notes.push("there is no table prosodyarchive: no messages that wait".into());
        }
        let names: &[&str] = if archived { &[TABLE, ARCHIVE] } else { &[TABLE] };
        self.look(names, &mut survey).await?;
        survey.users = Some(self.count(names).await?);
        self.open = vec![Rows::open(&self.tables, TABLE, &COLUMNS, &["store", "key"]).await?];
        if archived {
            self.open.push(Rows::open(&self.tables, ARCHIVE, &ARCHIVE_COLUMNS, &["sort_id"]).await?);
        }
        Ok(survey)
    }

    async fn has(&self, table: &str, columns: &[&str]) -> Result<bool, MigrateError> {
        let found = self.tables.columns(table).await?;
        let has = |wanted: &&str| found.iter().any(|column| column.name == *wanted);
        Ok(columns.iter().chain(&["host", "user"]).all(has))
    }

    /// Tells hosts with users from components by their stores.
    async fn look(&mut self, names: &[&str], survey: &mut Survey) -> Result<(), MigrateError> {
        let (mut components, mut with_accounts) = (BTreeSet::new(), BTreeSet::new());
        for name in names {
            let mut rows = Rows::different(&self.tables, name, "store").await?;
            while let Some(pair) = rows.owner().map(<[u8]>::to_vec) {
                rows.next_of(&pair).await?;
                let Some((store, host)) = split(&pair) else { continue };
                if store == "accounts" {
                    with_accounts.insert(host.clone());
                }
                let hosts = if is_of_users(&store) { &mut self.hosts } else { &mut components };
                hosts.insert(host);
            }
        }
        for host in components.difference(&self.hosts) {
            survey.notes.push(format!("{host} is a component's: its rooms and the like are counted only"));
        }
        for host in self.hosts.difference(&with_accounts) {
            survey.notes.push(format!("{host} has no accounts: its passwords are kept elsewhere"));
        }
        survey.hosts = self.hosts.iter().cloned().collect();
        if survey.hosts.is_empty() {
            return Err(MigrateError::source(
                "the database has no host with users — name Prosody's database",
            ));
        }
        Ok(())
    }

    /// The number of users that will come.
    async fn count(&self, names: &[&str]) -> Result<u64, MigrateError> {
        let mut open = Vec::new();
        for name in names {
            open.push(Rows::different(&self.tables, name, "user").await?);
        }
        let mut count = 0;
        while let Some(owner) = first(&open) {
            for rows in &mut open {
                while rows.next_of(&owner).await?.is_some() {}
            }
            count += u64::from(self.user_of(&owner).is_some());
        }
        Ok(count)
    }

    /// User and host, if it is a user's.
    fn user_of(&self, owner: &[u8]) -> Option<(String, String)> {
        split(owner).filter(|(user, host)| !user.is_empty() && self.hosts.contains(host))
    }

    pub async fn next(&mut self) -> Result<Option<RawUser>, MigrateError> {
        while let Some(owner) = first(&self.open) {
            if let Some(user) = self.read(&owner).await? {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    /// Reads all rows of an owner. `None`: it is no user, or only of rooms.
    async fn read(&mut self, owner: &[u8]) -> Result<Option<RawUser>, MigrateError> {
        let Some((local, host)) = self.user_of(owner) else {
            self.pass(owner).await?;
            return Ok(None);
        };
        let mut to = Belongings::new(&local, &host);
        let (mut size, mut any) = (0, false);
        for (number, rows) in self.open.iter_mut().enumerate() {
            while let Some(row) = rows.next_of(owner).await? {
                let row = Row::new(row);
                let kind = kind(&String::from_utf8_lossy(&row.store));
                if kind == Kind::Room {
                    *self.leftovers.entry((host.clone(), kind)).or_insert(0) += 1;
                    continue;
                }
                any = true;
                if content(&String::from_utf8_lossy(&row.store)) != Content::Rows {
                    size += row.size() + OVERHEAD;
                }
                place(row, number == 1, size, &mut to);
            }
        }
        Ok(any.then(|| understood(to)))
    }

    /// Counts the rows of an owner that is no user.
    async fn pass(&mut self, owner: &[u8]) -> Result<(), MigrateError> {
        let owned = split(owner);
        for rows in &mut self.open {
            while let Some(row) = rows.next_of(owner).await? {
                let kind = kind(&String::from_utf8_lossy(&Row::new(row).store));
                match &owned {
                    Some((_, host)) => *self.leftovers.entry((host.clone(), kind)).or_insert(0) += 1,
                    None => unnamed(&mut self.odd, kind, owner),
                }
            }
        }
        Ok(())
    }

    pub fn leftovers(&mut self) -> Vec<Leftover> {
        let counted = std::mem::take(&mut self.leftovers).into_iter();
        let counted = counted.map(|((host, kind), rows)| Leftover { host, rows: Skipped::later(kind, rows) });
        std::mem::take(&mut self.odd).into_iter().chain(counted).collect()
    }
}

/// The owner that is next in the order of bytes.
fn first(open: &[Rows]) -> Option<Vec<u8>> {
    open.iter().filter_map(Rows::owner).min().map(<[u8]>::to_vec)
}

/// What stands before the host, and the host, which has no `@` in it.
fn split(joined: &[u8]) -> Option<(String, String)> {
    let (before, host) = std::str::from_utf8(joined).ok()?.rsplit_once('@')?;
    Some((before.to_owned(), host.to_owned()))
}

/// Rows of an owner that is not UTF-8.
fn unnamed(odd: &mut Vec<Leftover>, kind: Kind, owner: &[u8]) {
    let key = shown(owner);
    match odd.iter_mut().rev().take(Kind::ALL.len()).find(|one| one.rows.kind == kind && one.rows.key == key)
    {
        Some(one) => one.rows.rows += 1,
        None => odd.push(Leftover {
            host: key.rsplit_once('@').map(|(_, host)| host.to_owned()).unwrap_or_default(),
            rows: Skipped::one(kind, Reason::BadText, key, "not UTF-8"),
        }),
    }
}

/// Puts a row where it belongs; `size` is what the user has so far.
fn place(row: Row, archived: bool, size: usize, to: &mut Belongings) {
    let store = String::from_utf8_lossy(&row.store).into_owned();
    let (kind, key) = (kind(&store), format!("{}/{}", shown(&row.store), shown(&row.key)));
    match (content(&store), archived) {
        (Content::Rows, _) => to.count(kind, 1),
        _ if size > BYTES => too_large(to, kind, key),
        (Content::Items, true) => to.items.entry(store).or_default().push(row.into_item()),
        (Content::Table, false) => {
            if let Err(refusal) = row.add_to(to.tables.entry(store).or_default()) {
                to.skipped.push(refusal.skip(kind, key));
            }
        }
        // An entry where items should be, or the other way round.
        _ => to.skipped.push(Skipped::one(
            kind,
            Reason::UnknownValue,
            key,
            "in the other table than this store is",
        )),
    }
}

/// Counts rows of a user who has too much already, under the first of them.
fn too_large(to: &mut Belongings, kind: Kind, key: String) {
    match to.skipped.iter_mut().rev().find(|one| one.kind == kind && one.reason == Reason::TooLarge) {
        Some(one) => one.rows += 1,
        None => to.skipped.push(Skipped::one(kind, Reason::TooLarge, key, "more than 64 MiB of one user")),
    }
}

#[cfg(test)]
mod tests;
