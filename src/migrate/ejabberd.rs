//! Users of ejabberd, from its SQL database: versions 17 to 26, on SQLite, PostgreSQL and MariaDB.
//!
//! ejabberd has two schemas. In the old one, the default, a database is of one domain, which it does not name; in the new one
//! nearly every table has a column `server_host`. The tables are read side by side in the byte order of `local@domain`, and
//! what they have of one user is put together; a table or column that this version does not have is simply absent.
//!
//! Sums are of records. A row of `rosterusers` that is a contact whose request waits as well is two of them, a contact and a
//! request; rows of `users` that hold keys of one account are one; bookmarks that are made one element are one.

mod account;
mod bookmarks;
mod gathered;
mod item;
mod pep;
mod privacy;
mod rest;
mod roster;
mod schema;
mod spool;
mod table;
mod vcard4;
mod xml;

#[cfg(test)]
mod tests;

use crate::{BoxFuture, Kind, Leftover, MigrateError, RawUser, Reason, Skipped, Source, Survey};
use storage::source::Tables;

use crate::feeds::{Feeding, Feeds};
use gathered::Gathered;
use rest::Leftovers;
use schema::Schema;
use table::Table;

/// A database of ejabberd.
pub struct EjabberdSource {
    tables: Tables,
    /// The domain of a database in the old schema.
    host: Option<String>,
    /// The kinds whose tables must be there; all if empty.
    kinds: Vec<Kind>,
    feeds: Option<Feeds<Table>>,
    leftovers: Leftovers,
}

impl EjabberdSource {
    /// The users of a database. `host` is the domain of one in the old schema, which does not contain it; the new schema
    /// has its own, and `host` is not used.
    pub fn new(tables: Tables, host: Option<String>) -> Self {
        Self { tables, host, kinds: Vec::new(), feeds: None, leftovers: Leftovers::default() }
    }

    /// The same where the tables of other kinds may be missing, since they are not wanted.
    pub fn of_kinds(self, kinds: &[Kind]) -> Self {
        Self { kinds: kinds.to_vec(), ..self }
    }

    async fn look(&mut self) -> Result<Survey, MigrateError> {
        let schema = Schema::of(&self.tables, self.host.as_deref(), &self.kinds).await?;
        rest::count(&self.tables, &schema, &mut self.leftovers).await?;
        let survey = schema.survey(&self.tables).await?;
        let feeding = |found: &schema::Found| {
            let columns = found.columns.iter().copied().collect();
            Some(Feeding { table: found.table, columns, scan: schema.scan(found)? })
        };
        let feedings = schema.found.iter().filter_map(feeding).collect();
        self.feeds = Some(Feeds::open(&self.tables, feedings).await?);
        Ok(survey)
    }

    async fn read(&mut self) -> Result<Option<RawUser>, MigrateError> {
        if self.feeds.is_none() {
            self.look().await?;
        }
        let Some(feeds) = &mut self.feeds else { return Ok(None) };
        while let Some(key) = feeds.least() {
            let Some((local, host)) = owner(&key) else {
                self.leftovers.ownerless(&key, feeds).await?;
                continue;
            };
            let mut gathered = Gathered::new(local, host);
            while let Some((table, rows)) = feeds.take(&key).await? {
                rows.into_iter().for_each(|row| gathered.take(table, row));
            }
            let (user, rooms) = gathered.finish();
            self.leftovers.add(&user.host, Skipped::later(Kind::Archive, rooms));
            if !is_blank(&user) {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }
}

impl Source for EjabberdSource {
    fn survey(&mut self) -> BoxFuture<'_, Result<Survey, MigrateError>> {
        Box::pin(self.look())
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Option<RawUser>, MigrateError>> {
        Box::pin(self.read())
    }

    fn leftovers(&mut self) -> Vec<Leftover> {
        self.leftovers.list()
    }
}

/// Local part and domain of a key. A domain has no `@`; a local part that has one is not valid, but what it is.
fn owner(key: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(key);
    text.rsplit_once('@').map(|(local, host)| (local.to_owned(), host.to_owned()))
}

/// Whether there is nothing in it: all rows of its key were of a room's archive.
fn is_blank(user: &RawUser) -> bool {
    let lists = [user.private.len(), user.default_lists.len(), user.blocked.len(), user.vcards.len()];
    let others = [user.accounts.len(), user.contacts.len(), user.requests.len(), user.rules.len()];
    let rest = [user.messages.len(), user.last.len(), user.skipped.len()];
    lists.into_iter().chain(others).chain(rest).all(|length| length == 0)
}

/// Something about a record that is taken: it is listed, and counts for no row.
fn remark(kind: Kind, reason: Reason, key: impl Into<String>, detail: impl Into<String>) -> Skipped {
    Skipped { rows: 0, ..Skipped::one(kind, reason, key, detail) }
}
