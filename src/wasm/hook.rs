//! The hooks this server supports, and the policies for when a plugin fails in one.

use std::fmt;

use kernel::{LinkKind, Origin, Stage};

/// A supported hook: an interface that a plugin may export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hook {
    /// A client's stanza, after `from` is stamped.
    ClientIn,
    /// A stanza from another server.
    ServerIn,
    /// A stanza from a component.
    ComponentIn,
    /// A stanza about to be delivered, with all its recipients on one domain.
    BeforeDeliver,
    /// A stanza that no online session takes.
    BeforeOffline,
    /// Requests that the plugin answers.
    IqHandler,
    /// Presence of a local session that was recorded.
    PresenceChange,
    /// Beginning and end of sessions.
    SessionEvents,
    /// Whether a session may begin.
    SessionGate,
    /// Changes of privacy lists.
    ScreeningEvents,
    /// Everything sent to an address that belongs to the plugin.
    Service,
    /// What is due from time to time.
    Timers,
    /// Ad-hoc commands.
    Commands,
    /// Accounts in a foreign database, verified by the server.
    Credentials,
    /// Passwords, checked by the plugin.
    PasswordCheck,
}

/// What happens to a stanza when a plugin fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// As if the plugin were absent: `pass`, `keep` in the offline hook, or `admit` for a session.
    Open,
    /// The sender gets `internal-server-error`; presence is dropped. In the offline hook: it is bounced with
    /// `service-unavailable`. A session is refused with `resource-constraint`.
    Reject,
    /// It is dropped, and counted.
    Drop,
}

impl Hook {
    pub(crate) const ALL: [Hook; 15] = [
        Hook::ClientIn,
        Hook::ServerIn,
        Hook::ComponentIn,
        Hook::BeforeDeliver,
        Hook::BeforeOffline,
        Hook::IqHandler,
        Hook::PresenceChange,
        Hook::SessionEvents,
        Hook::SessionGate,
        Hook::ScreeningEvents,
        Hook::Service,
        Hook::Timers,
        Hook::Commands,
        Hook::Credentials,
        Hook::PasswordCheck,
    ];

    /// The interface's name in WIT.
    pub fn name(self) -> &'static str {
        match self {
            Hook::ClientIn => "client-in",
            Hook::ServerIn => "server-in",
            Hook::ComponentIn => "component-in",
            Hook::BeforeDeliver => "before-deliver",
            Hook::BeforeOffline => "before-offline",
            Hook::IqHandler => "iq-handler",
            Hook::PresenceChange => "presence-change",
            Hook::SessionEvents => "session-events",
            Hook::SessionGate => "session-gate",
            Hook::ScreeningEvents => "screening-events",
            Hook::Service => "service",
            Hook::Timers => "timers",
            Hook::Commands => "commands",
            Hook::Credentials => "credentials",
            Hook::PasswordCheck => "password-check",
        }
    }

    /// Where the kernel calls it on a stanza's way; `None`: it is called in a service.
    pub(crate) fn stage(self) -> Option<Stage> {
        match self {
            Hook::ClientIn | Hook::ServerIn | Hook::ComponentIn => Some(Stage::Send),
            Hook::BeforeDeliver => Some(Stage::Receive),
            Hook::BeforeOffline => Some(Stage::Undelivered),
            _ => None,
        }
    }

    /// Whether it is called for stanzas that enter the server, as soon as `from` is known to be right: one hook for each way in.
    pub(crate) fn is_entry(self) -> bool {
        self.stage() == Some(Stage::Send)
    }

    /// Whether a stanza of this origin is one of those that it is called for.
    pub(crate) fn is_for(self, origin: &Origin) -> bool {
        let by_link = |kind| matches!(origin, Origin::Link(link, _) if link.kind() == kind);
        match self {
            Hook::ClientIn => origin.client().is_some(),
            Hook::ServerIn => by_link(LinkKind::Server),
            Hook::ComponentIn => by_link(LinkKind::Component),
            _ => true,
        }
    }

    /// Whether its calls may wait.
    pub(crate) fn is_service(self) -> bool {
        self.stage().is_none()
    }

    /// Whether it tells where the accounts of a domain are, so that `auth` may name the plugin.
    pub fn is_provider(self) -> bool {
        matches!(self, Hook::Credentials | Hook::PasswordCheck)
    }

    /// Whether somebody who logs in waits for it. Such calls have breakers and seats of their own: what goes wrong in others must keep
    /// nobody from logging in.
    pub(crate) fn is_log_in(self) -> bool {
        self.is_provider() || self == Hook::SessionGate
    }

    /// Whether the plugin is only told of something. Nobody waits for that, and it waits for as long as it takes.
    pub(crate) fn is_event(self) -> bool {
        matches!(self, Hook::SessionEvents | Hook::PresenceChange | Hook::ScreeningEvents)
    }

    /// Whether it is called for stanzas that its interests choose.
    pub(crate) fn has_interests(self) -> bool {
        !self.is_service() || self == Hook::PresenceChange
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.name() == name)
    }

    /// The names of the policies for this hook.
    pub(crate) fn words(self) -> &'static [(&'static str, Policy)] {
        match self {
            Hook::ClientIn | Hook::ServerIn | Hook::ComponentIn | Hook::BeforeDeliver => {
                &[("pass", Policy::Open), ("reject", Policy::Reject), ("drop", Policy::Drop)]
            }
            Hook::BeforeOffline => {
                &[("keep", Policy::Open), ("bounce", Policy::Reject), ("discard", Policy::Drop)]
            }
            Hook::SessionGate => &[("admit", Policy::Open), ("refuse", Policy::Reject)],
            _ => &[],
        }
    }

    /// The name of a policy.
    pub fn word(self, policy: Policy) -> &'static str {
        self.words().iter().find(|(_, one)| *one == policy).map_or("", |(word, _)| word)
    }

    /// The policy of this name for this hook.
    pub(crate) fn policy(self, word: &str) -> Result<Policy, String> {
        let words = self.words();
        let found = words.iter().find(|(name, _)| *name == word).map(|(_, policy)| *policy);
        found.ok_or_else(|| match words {
            [] => format!("{self} has no failure policy"),
            words => {
                let names = words.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                format!("`{word}` is not a valid failure policy of {self} ({names})")
            }
        })
    }

    /// The policy when neither the operator nor the plugin sets one.
    pub(crate) fn default_policy(self, guards: bool) -> Policy {
        match self {
            Hook::ClientIn | Hook::ServerIn | Hook::ComponentIn | Hook::BeforeDeliver if guards => {
                Policy::Reject
            }
            Hook::SessionGate => Policy::Reject,
            _ => Policy::Open,
        }
    }

    /// The names of its verdicts, in the order of their counters.
    pub(crate) fn verdicts(self) -> &'static [&'static str] {
        match self {
            Hook::ClientIn | Hook::ServerIn | Hook::ComponentIn => {
                &["pass", "drop", "reject", "amend", "replace", "handled"]
            }
            Hook::BeforeDeliver => &["pass", "drop", "reject"],
            Hook::BeforeOffline => &["keep", "discard", "bounce", "keep-for"],
            Hook::IqHandler => &["result", "error"],
            Hook::SessionGate => &["admit", "refuse"],
            Hook::Commands => &["next", "done", "error"],
            Hook::Credentials => &["mine", "not-mine"],
            Hook::PasswordCheck => {
                &["accept", "refuse", "no-such-account", "locked", "try-later", "not-mine"]
            }
            Hook::Service
            | Hook::PresenceChange
            | Hook::SessionEvents
            | Hook::ScreeningEvents
            | Hook::Timers => &["done"],
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
