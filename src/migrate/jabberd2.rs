//! Users of jabberd2, from its SQL database: versions 2.0 to 2.7, on MySQL or MariaDB, PostgreSQL and SQLite.
//!
//! `authreg` has the accounts by user name and realm, all other tables what the session manager keeps, by the bare address.
//! Which realm is for which domains is a matter of jabberd2's configuration, not of the data (`realms`). An address may
//! be spelt in more than one way (`owners`). The tables are read side by side in the order of the address.
//!
//! Sums are of records: a row of `active` only says when an account was made, unless there is none in `authreg`.

mod account;
mod contacts;
mod gathered;
mod nad;
mod owners;
mod privacy;
mod queue;
mod realm_map;
mod realms;
mod rest;
mod table;
mod vcard;

use std::collections::HashMap;

use storage::source::{Engine, Tables};

use crate::encoding::Encodings;
use crate::feeds::Feeds;
use crate::{BoxFuture, Kind, Leftover, MigrateError, RawUser, Source, Survey};
use gathered::Gathered;
use owners::Owners;
use table::{Table, Wanted};

/// A database of jabberd2.
pub struct Jabberd2Source {
    tables: Tables,
    /// Domains by realm, as the operator says.
    realms: Vec<(String, String)>,
    /// What the names of the tables begin with.
    prefix: String,
    /// The kinds whose tables must be there; all if empty.
    kinds: Vec<Kind>,
    reading: Option<Reading>,
    leftovers: Vec<Leftover>,
}

/// What is known once the database has been looked at.
struct Reading {
    feeds: Feeds<Table>,
    owners: Owners,
    encodings: Encodings,
    /// Whether passwords are MD5 of user, realm and password.
    a1hash: bool,
    /// Those whose rows stand under several spellings, and how many of these are still to come.
    waiting: HashMap<String, (Gathered, usize)>,
}

impl Jabberd2Source {
    /// The users of a database. `realms`: a realm and a domain that it is for, as often as needed.
    pub fn new(tables: Tables, realms: Vec<(String, String)>) -> Self {
        Self {
            tables,
            realms,
            prefix: String::new(),
            kinds: Vec::new(),
            reading: None,
            leftovers: Vec::new(),
        }
    }

    /// The same where the names of the tables begin with `prefix` (`prefix` in jabberd2's `sm.xml`).
    pub fn prefixed(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    /// The same where the tables of other kinds may be missing, since they are not wanted.
    pub fn of_kinds(self, kinds: &[Kind]) -> Self {
        Self { kinds: kinds.to_vec(), ..self }
    }

    async fn look(&mut self) -> Result<Survey, MigrateError> {
        let wanted = Wanted { prefix: &self.prefix, kinds: &self.kinds };
        let found = table::find(&self.tables, &wanted).await?;
        let is_mariadb = self.tables.engine()? == Engine::Mariadb;
        let mut encodings = Encodings::new(is_mariadb);
        let mut owners = Owners::new(is_mariadb);
        for one in found.iter().filter(|one| one.table != Table::Authreg) {
            owners.read(&self.tables, one, &mut encodings).await?;
        }
        let authreg = found.iter().find(|one| one.table == Table::Authreg);
        let mut survey = Survey::default();
        let realms = realms::resolve(&self.tables, authreg, &self.realms, &owners).await?;
        let mut a1hash = false;
        if let Some(authreg) = authreg {
            let passwords = owners.read_accounts(&self.tables, authreg, &realms.map, &mut encodings).await?;
            a1hash = passwords.are_a1hash();
            survey.notes.extend(passwords.note());
        }
        survey.lacks_accounts = authreg.is_none();
        if authreg.is_none() {
            survey.notes.push("there is no table authreg: all accounts are without a password".to_owned());
        }
        owners.finish();
        survey.notes.extend(realms.notes);
        survey.hosts = owners.hosts();
        survey.users = Some(owners.count());
        self.leftovers = rest::count(&self.tables, &self.prefix).await?;
        let feedings = found.iter().map(|one| one.feeding(&realms.map)).collect();
        let feeds = Feeds::open(&self.tables, feedings).await?;
        let waiting = HashMap::new();
        self.reading = Some(Reading { feeds, owners, encodings, a1hash, waiting });
        Ok(survey)
    }

    async fn read(&mut self) -> Result<Option<RawUser>, MigrateError> {
        if self.reading.is_none() {
            self.look().await?;
        }
        match &mut self.reading {
            Some(reading) => reading.next().await,
            None => Ok(None),
        }
    }
}

impl Reading {
    async fn next(&mut self) -> Result<Option<RawUser>, MigrateError> {
        while let Some(key) = self.feeds.least() {
            let owner = self.owners.owner(&key, &mut self.encodings);
            let (mut gathered, left) = match self.waiting.remove(&owner.name) {
                Some((gathered, left)) => (gathered, left),
                None => (Gathered::new(&owner.name, self.a1hash), owner.spellings),
            };
            while let Some((table, rows)) = self.feeds.take(&key).await? {
                for row in rows {
                    gathered.take(table, row, &mut self.encodings);
                }
            }
            match left {
                0 | 1 => return Ok(Some(gathered.finish())),
                left => {
                    self.waiting.insert(owner.name, (gathered, left - 1));
                }
            }
        }
        // None waits any longer, unless the database has changed meanwhile.
        let name = self.waiting.keys().next().cloned();
        let last = name.and_then(|name| self.waiting.remove(&name));
        Ok(last.map(|(gathered, _)| gathered.finish()))
    }
}

impl Source for Jabberd2Source {
    fn survey(&mut self) -> BoxFuture<'_, Result<Survey, MigrateError>> {
        Box::pin(self.look())
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Option<RawUser>, MigrateError>> {
        Box::pin(self.read())
    }

    fn notes(&mut self) -> Vec<String> {
        self.reading.as_ref().map(|reading| reading.encodings.notes()).unwrap_or_default()
    }

    fn leftovers(&mut self) -> Vec<Leftover> {
        std::mem::take(&mut self.leftovers)
    }
}
