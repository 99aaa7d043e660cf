//! The hooks this server supports, and the policies for when a plugin fails in one.

use std::fmt;

use kernel::Stage;

/// A supported hook: an interface that a plugin may export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hook {
    /// A client's stanza, after `from` is stamped.
    ClientIn,
    /// A stanza that no online session takes.
    BeforeOffline,
}

/// What happens to a stanza when a plugin fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// As if the plugin were absent: `pass`, or `keep` in the offline hook.
    Open,
    /// The sender gets `internal-server-error`; presence is dropped. In the offline hook: it is bounced with
    /// `service-unavailable`.
    Reject,
    /// It is dropped, and counted.
    Drop,
}

impl Hook {
    pub(crate) const ALL: [Hook; 2] = [Hook::ClientIn, Hook::BeforeOffline];

    /// The interface's name in WIT.
    pub fn name(self) -> &'static str {
        match self {
            Hook::ClientIn => "client-in",
            Hook::BeforeOffline => "before-offline",
        }
    }

    /// Where the kernel calls it.
    pub(crate) fn stage(self) -> Stage {
        match self {
            Hook::ClientIn => Stage::Send,
            Hook::BeforeOffline => Stage::Undelivered,
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.name() == name)
    }

    /// The names of the policies for this hook.
    pub(crate) fn words(self) -> [(&'static str, Policy); 3] {
        match self {
            Hook::ClientIn => [("pass", Policy::Open), ("reject", Policy::Reject), ("drop", Policy::Drop)],
            Hook::BeforeOffline => {
                [("keep", Policy::Open), ("bounce", Policy::Reject), ("discard", Policy::Drop)]
            }
        }
    }

    /// The name of a policy.
    pub fn word(self, policy: Policy) -> &'static str {
        self.words().into_iter().find(|(_, one)| *one == policy).map_or("", |(word, _)| word)
    }

    /// The policy of this name for this hook.
    pub(crate) fn policy(self, word: &str) -> Result<Policy, String> {
        let words = self.words();
        let found = words.iter().find(|(name, _)| *name == word).map(|(_, policy)| *policy);
        found.ok_or_else(|| {
            let names = words.map(|(name, _)| name).join(", ");
            format!("`{word}` is not a valid failure policy of {self} ({names})")
        })
    }

    /// The policy when neither the operator nor the plugin sets one.
    pub(crate) fn default_policy(self, guards: bool) -> Policy {
        match self {
            Hook::ClientIn if guards => Policy::Reject,
            Hook::ClientIn | Hook::BeforeOffline => Policy::Open,
        }
    }

    /// The names of its verdicts, in the order of their counters.
    pub(crate) fn verdicts(self) -> &'static [&'static str] {
        match self {
            Hook::ClientIn => &["pass", "drop", "reject", "amend", "replace", "handled"],
            Hook::BeforeOffline => &["keep", "discard", "bounce", "keep-for"],
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
