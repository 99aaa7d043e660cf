//! Arguments and replies of commands about components and other servers.

use serde::{Deserialize, Serialize};

/// `component.add`. No `Debug`, since it has a secret.
#[derive(Serialize, Deserialize)]
pub struct AddComponent {
    pub name: String,
    /// `None`: one is made.
    pub secret: Option<String>,
    pub domains: Vec<String>,
    pub queue: bool,
}

/// `component.remove`
#[derive(Serialize, Deserialize)]
pub struct OfComponent {
    pub name: String,
}

/// A component, for `component.list`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ComponentShown {
    pub name: String,
    /// `file` or `command`.
    pub declared_by: String,
    /// The domains that may reach it; empty: all.
    pub domains: Vec<String>,
    /// `bounce` or `queue`.
    pub away: String,
    /// Its connections; `None` while no server runs.
    pub connections: Option<usize>,
    /// Stanzas that wait for it.
    pub waiting: Option<usize>,
}

/// `s2s.close`, `s2s.check`
#[derive(Serialize, Deserialize)]
pub struct OfRemote {
    /// A domain elsewhere.
    pub domain: String,
    /// For `s2s.check`: the domain here that tries; `None`: all.
    pub from: Option<String>,
}

/// What came of trying to reach a domain elsewhere.
#[derive(Serialize, Deserialize)]
pub struct Reached {
    /// The domain here.
    pub from: String,
    /// What was done, in words.
    pub steps: Vec<String>,
    pub reached: bool,
}
