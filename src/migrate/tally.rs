//! What became of the records: the numbers of the report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Kind, Reason};

/// The most records that a report names; of more it has the numbers only.
pub const LISTED: usize = 100_000;

/// Records of one kind on one domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Read of the source: the sum of the next three.
    pub read: u64,
    /// Written that were not here.
    pub created: u64,
    /// Written over what was here.
    pub changed: u64,
    /// Not written, by the reason.
    pub skipped: BTreeMap<Reason, u64>,
    /// Removed here, since they are gone there.
    pub removed: u64,
}

impl Counts {
    /// Written, whether or not they were here before.
    pub fn written(&self) -> u64 {
        self.created + self.changed
    }

    /// Not written.
    pub fn skipped(&self) -> u64 {
        self.skipped.values().sum()
    }

    fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.created += other.created;
        self.changed += other.changed;
        self.removed += other.removed;
        for (reason, rows) in &other.skipped {
            *self.skipped.entry(*reason).or_default() += rows;
        }
    }
}

/// A record that the report names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub domain: String,
    /// The user's local part.
    pub user: String,
    pub kind: Kind,
    pub reason: Reason,
    /// What it is, among the user's records of the kind.
    pub key: String,
    /// More about why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// What became of records, by domain and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub counts: BTreeMap<String, BTreeMap<Kind, Counts>>,
    /// Those that the report names: at most [`LISTED`].
    pub listed: Vec<Listed>,
    /// How many more there were.
    #[serde(default)]
    pub not_listed: u64,
    /// Whose they are, if they are one user's.
    #[serde(skip)]
    pub user: String,
}

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Created,
    Changed,
    Skipped(Reason),
}

impl Tally {
    pub fn of(&mut self, domain: &str, kind: Kind) -> &mut Counts {
        if !self.counts.contains_key(domain) {
            self.counts.insert(domain.to_owned(), BTreeMap::new());
        }
        // It is there.
        self.counts.entry(domain.to_owned()).or_default().entry(kind).or_default()
    }

    /// Counts rows that have been read.
    pub fn read(&mut self, domain: &str, kind: Kind, rows: u64, fate: Fate) {
        if rows == 0 {
            return;
        }
        let counts = self.of(domain, kind);
        counts.read += rows;
        match fate {
            Fate::Created => counts.created += rows,
            Fate::Changed => counts.changed += rows,
            Fate::Skipped(reason) => *counts.skipped.entry(reason).or_default() += rows,
        }
    }

    /// Names a record.
    pub fn list(&mut self, domain: &str, user: &str, kind: Kind, reason: Reason, key: &str, detail: &str) {
        let (key, detail) = (shortened(key), shortened(detail));
        let (domain, user) = (domain.to_owned(), user.to_owned());
        self.listed.push(Listed { domain, user, kind, reason, key, detail });
    }

    /// What was to be written was refused by the database.
    pub fn refuse(&mut self, why: &str) {
        let mut named = None;
        for (domain, kinds) in &mut self.counts {
            for counts in kinds.values_mut() {
                let rows = counts.written();
                (counts.created, counts.changed, counts.removed) = (0, 0, 0);
                if rows > 0 {
                    *counts.skipped.entry(Reason::Refused).or_default() += rows;
                    named = Some(domain.clone());
                }
            }
        }
        if let Some(domain) = named {
            let user = self.user.clone();
            self.list(&domain, &user, Kind::Account, Reason::Refused, "all that was to be written", why);
        }
    }

    /// Adds what another has.
    pub fn add(&mut self, other: Self) {
        for (domain, kinds) in other.counts {
            for (kind, counts) in kinds {
                self.of(&domain, kind).add(&counts);
            }
        }
        self.not_listed += other.not_listed;
        for one in other.listed {
            match self.listed.len() < LISTED {
                true => self.listed.push(one),
                false => self.not_listed += 1,
            }
        }
    }

    /// The domains and kinds of which not each record that was read has become something.
    pub fn unbalanced(&self) -> Vec<(String, Kind)> {
        let all = self.counts.iter().flat_map(|(domain, kinds)| kinds.iter().map(move |one| (domain, one)));
        let off = all.filter(|(_, (_, counts))| counts.read != counts.written() + counts.skipped());
        off.map(|(domain, (kind, _))| (domain.clone(), *kind)).collect()
    }
}

/// A report says what a record is, not all of it.
fn shortened(text: &str) -> String {
    const CHARS: usize = 200;
    match text.char_indices().nth(CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
