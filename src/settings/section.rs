//! Tables and their keys.

use std::borrow::Cow;

use serde_json::Value;

use crate::Kind;

/// The keys of a table.
#[derive(Clone, Debug)]
pub struct Section {
    /// What a key of it is called in messages.
    pub noun: &'static str,
    /// In the order of the reference.
    pub keys: Vec<Key>,
    /// The least number of keys that have to be there.
    pub least: usize,
}

/// One key of a table.
#[derive(Clone, Debug)]
pub struct Key {
    pub name: Cow<'static, str>,
    /// What it takes.
    pub kind: Kind,
    /// What holds without it.
    pub absent: Absent,
    /// From when on a change of it holds.
    pub holds: Holds,
    /// Where it can be set.
    pub scope: Scope,
    /// What it is for, in a sentence or two.
    pub doc: Cow<'static, str>,
}

/// What happens when a key is left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Absent {
    /// It is an error.
    Refused,
    /// It stays without a value.
    Nothing,
    /// This value holds.
    Default(Value),
}

/// From when on a change of a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// From the next `reload` on.
    Reload,
    /// From the next start on.
    Start,
}

/// Where a key can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For the server, and again for a domain.
    Domain,
    /// For the whole server only.
    Server,
}

impl Section {
    /// A table of these keys; `noun` is what a key of it is called in messages.
    pub fn new(noun: &'static str, keys: Vec<Key>) -> Self {
        Self { noun, keys, least: 0 }
    }

    /// The key of that name.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    /// A key that has no value when it is left out, and holds at `reload`.
    pub fn new(name: impl Into<Cow<'static, str>>, kind: Kind, doc: impl Into<Cow<'static, str>>) -> Self {
        let (name, doc) = (name.into(), doc.into());
        Self { name, kind, absent: Absent::Nothing, holds: Holds::Reload, scope: Scope::Domain, doc }
    }

    /// The same with a value that holds when it is left out.
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.absent = Absent::Default(value.into());
        self
    }

    /// The same, but it must not be left out.
    pub fn required(mut self) -> Self {
        self.absent = Absent::Refused;
        self
    }

    /// The same, but a change of it holds from the next start on.
    pub fn at_start(mut self) -> Self {
        self.holds = Holds::Start;
        self
    }
}
