//! What a manifest says of hooks that are called in services.

use std::time::Duration;

use kernel::{Holds, IqKind, Target};
use serde::{Deserialize, Serialize};

use super::{HookManifest, shown};
use crate::hook::Hook;

/// How many calls run at once on a domain, unless the manifest says otherwise, and at most.
pub(super) const INSTANCES: usize = 16;
const MOST_INSTANCES: usize = 64;
/// The most requests, timers and commands of a plugin.
const MOST: usize = 64;
/// The shortest interval of a timer, and the longest.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// Requests that a plugin answers. The namespace is announced as a feature of whom they are sent to (XEP-0030).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RequestManifest {
    /// The namespace of the payload.
    pub ns: String,
    /// Its name.
    pub name: String,
    /// `get`, `set`; both if empty.
    #[serde(default)]
    pub types: Vec<String>,
    /// `account`: to the bare JID of an account, or without `to`; `host`: to the domain.
    #[serde(default)]
    pub to: Addressee,
    /// Who may send them to an account; others are answered `forbidden`.
    #[serde(default)]
    pub from: Sender,
    /// Which of the client's other stanzas wait for the answer.
    #[serde(default)]
    pub holds: Held,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressee {
    #[default]
    Account,
    Host,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sender {
    /// Only the account's own clients.
    #[default]
    Owner,
    Anyone,
}

/// As [`Holds`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Held {
    #[default]
    Requests,
    Everything,
}

/// An ad-hoc command (XEP-0050).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CommandManifest {
    /// Its node, unique on the server.
    pub node: String,
    /// What users are shown.
    pub name: String,
    /// Who may execute it.
    #[serde(default)]
    pub by: Executors,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Executors {
    /// The administrators of the domain.
    #[default]
    Admins,
    /// Every user of the domain.
    Users,
}

impl RequestManifest {
    pub(crate) fn target(&self) -> Target {
        match self.to {
            Addressee::Account => Target::Account,
            Addressee::Host => Target::Host,
        }
    }

    pub(crate) fn holds(&self) -> Holds {
        match self.holds {
            Held::Requests => Holds::Requests,
            Held::Everything => Holds::Everything,
        }
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = IqKind> {
        let has = |word: &str| self.types.is_empty() || self.types.iter().any(|one| one == word);
        [("get", IqKind::Get), ("set", IqKind::Set)]
            .into_iter()
            .filter(move |(word, _)| has(word))
            .map(|(_, kind)| kind)
    }
}

/// The interval of a timer.
pub(crate) fn interval(text: &str) -> Option<Duration> {
    let interval = Duration::from_millis(settings::milliseconds(text)?);
    (SHORTEST..=LONGEST).contains(&interval).then_some(interval)
}

pub(super) fn check_instances(instances: Option<usize>) -> Result<(), String> {
    match instances {
        Some(number) if !(1..=MOST_INSTANCES).contains(&number) => {
            Err(format!("`instances` must be from 1 to {MOST_INSTANCES}"))
        }
        _ => Ok(()),
    }
}

/// What belongs to a hook, and to no other.
pub(super) fn check(hook: Hook, name: &str, about: &HookManifest) -> Result<(), String> {
    let empty = |key: &str| Err(format!("`{name}` has no {key}: it would never be called"));
    let stray = |key: &str| Err(format!("`{name}` cannot have {key}"));
    match () {
        () if !about.interests.is_empty() && !hook.has_interests() => stray("interests"),
        () if about.requests.is_empty() != (hook != Hook::IqHandler) => match about.requests.is_empty() {
            true => empty("requests"),
            false => stray("requests"),
        },
        () if about.timers.is_empty() != (hook != Hook::Timers) => match about.timers.is_empty() {
            true => empty("timers"),
            false => stray("timers"),
        },
        () if about.commands.is_empty() != (hook != Hook::Commands) => match about.commands.is_empty() {
            true => empty("commands"),
            false => stray("commands"),
        },
        () if [about.requests.len(), about.timers.len(), about.commands.len()].iter().any(|n| *n > MOST) => {
            Err(format!("`{name}` has more than {MOST} requests, timers or commands"))
        }
        () => check_parts(name, about),
    }
}

fn check_parts(name: &str, about: &HookManifest) -> Result<(), String> {
    for request in &about.requests {
        shown(&format!("{name}: ns"), &request.ns, 1_000)?;
        shown(&format!("{name}: name"), &request.name, 200)?;
        if let Some(other) = request.types.iter().find(|word| *word != "get" && *word != "set") {
            return Err(format!("`{name}`: a request cannot be of type `{other}`"));
        }
    }
    for (timer, every) in &about.timers {
        shown(&format!("{name}: timer"), timer, 64)?;
        if interval(every).is_none() {
            return Err(format!("`{name}`: the interval of `{timer}` must be from 1s to 7d"));
        }
    }
    for command in &about.commands {
        shown(&format!("{name}: node"), &command.node, 1_000)?;
        shown(&format!("{name}: name"), &command.name, 200)?;
    }
    Ok(())
}
