//! What an import is asked to do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Kind;

/// What kind of server is imported from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Server {
    Jabberd2,
    Ejabberd,
    Prosody,
    /// Files in the Portable Import/Export Format.
    Xep0227,
}

impl Server {
    /// Its number in the database.
    pub const fn number(self) -> u8 {
        match self {
            Self::Jabberd2 => 1,
            Self::Ejabberd => 2,
            Self::Prosody => 3,
            Self::Xep0227 => 4,
        }
    }
}

/// What happens to a record that was changed here since it was imported, or stood here before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// It stays as it is here.
    #[default]
    Keep,
    /// It becomes as it is in the source.
    Replace,
    /// The import ends.
    Fail,
}

/// How passwords in the clear are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Secrets {
    /// As keys, made now: that takes time.
    #[default]
    Derive,
    /// As they are, until the first log-in.
    Keep,
}

/// What is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    #[default]
    Write,
    /// Only said.
    DryRun,
    /// Source and store are compared.
    Verify,
}

/// What an import is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub server: Server,
    pub mode: Mode,
    pub on_conflict: OnConflict,
    pub secrets: Secrets,
    /// The domains to be imported, by their names there or here; all if empty.
    pub domains: Vec<String>,
    /// New names of domains, by the old ones.
    pub map: BTreeMap<String, String>,
    /// The kinds to be imported; all if empty.
    pub kinds: Vec<Kind>,
    /// What is missing in the source stays here: it was not read to its end.
    #[serde(default)]
    pub keep_missing: bool,
}

/// Where a domain of the source goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To this domain.
    Domain(String),
    NotChosen,
    /// This server does not have it.
    NotServed,
}

impl Order {
    /// An import of everything.
    pub fn new(server: Server) -> Self {
        Self {
            server,
            mode: Mode::Write,
            on_conflict: OnConflict::Keep,
            secrets: Secrets::Derive,
            domains: Vec::new(),
            map: BTreeMap::new(),
            kinds: Vec::new(),
            keep_missing: false,
        }
    }

    /// Whether records of the kind are asked for.
    pub fn wants(&self, kind: Kind) -> bool {
        kind.is_chosen(&self.kinds)
    }

    /// The name of a source's domain here. Both are normalized.
    pub fn renamed<'a>(&'a self, host: &'a str) -> &'a str {
        self.map.get(host).map_or(host, String::as_str)
    }

    /// Where a domain of the source goes on a server with these domains.
    pub fn place<'a>(&self, host: &str, mut served: impl Iterator<Item = &'a str>) -> Place {
        let here = self.renamed(host);
        if !self.domains.is_empty() && !self.domains.iter().any(|chosen| chosen == host || chosen == here) {
            return Place::NotChosen;
        }
        match served.any(|domain| domain == here) {
            true => Place::Domain(here.to_owned()),
            false => Place::NotServed,
        }
    }
}
