//! Tables and their keys.

use std::borrow::Cow;

use serde_json::Value;

use crate::Kind;

/// The keys of a table.
#[derive(Clone, Debug)]
pub struct Section {
    /// The noun for its keys in messages.
    pub noun: &'static str,
    /// In the order of the reference documentation.
    pub keys: Vec<Key>,
    /// The minimum number of keys that must be present.
    pub least: usize,
}

/// One key of a table.
#[derive(Clone, Debug)]
pub struct Key {
    pub name: Cow<'static, str>,
    pub kind: Kind,
    /// What happens if it is absent.
    pub absent: Absent,
    /// When a change takes effect.
    pub holds: Holds,
    /// Where it can be set.
    pub scope: Scope,
    /// Its description, in a sentence or two.
    pub doc: Cow<'static, str>,
}

/// What happens when a key is absent.
#[derive(Clone, Debug, PartialEq)]
pub enum Absent {
    /// It is an error.
    Refused,
    /// It has no value.
    Nothing,
    /// This value is used.
    Default(Value),
}

/// When a change of a key takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// At the next `reload`.
    Reload,
    /// At the next start.
    Start,
}

/// Where a key can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For the server, and for each domain.
    Domain,
    /// For the whole server only.
    Server,
}

impl Section {
    /// A table of these keys; `noun` is the word for its keys in messages.
    pub fn new(noun: &'static str, keys: Vec<Key>) -> Self {
        Self { noun, keys, least: 0 }
    }

    /// The key of that name.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    /// A key that has no value when absent, and takes effect at `reload`.
    pub fn new(name: impl Into<Cow<'static, str>>, kind: Kind, doc: impl Into<Cow<'static, str>>) -> Self {
        let (name, doc) = (name.into(), doc.into());
        Self { name, kind, absent: Absent::Nothing, holds: Holds::Reload, scope: Scope::Domain, doc }
    }

    /// The same with a default value.
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.absent = Absent::Default(value.into());
        self
    }

    /// The same, but required.
    pub fn required(mut self) -> Self {
        self.absent = Absent::Refused;
        self
    }

    /// The same, but a change takes effect at the next start.
    pub fn at_start(mut self) -> Self {
        self.holds = Holds::Start;
        self
    }
}
