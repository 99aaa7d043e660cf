//! Failures of plugin calls.

use std::fmt;

/// What went wrong in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The guest trapped: a panic, an exit, an invalid instruction.
    Trap,
    /// It exceeded its time limit.
    Deadline,
    /// It exceeded its memory limit.
    Memory,
    /// Its answer is invalid: malformed XML, or a stanza it must not return.
    Verdict,
    /// No instance could be created.
    Start,
    /// The server's own code panicked; this does not count against the plugin.
    Host,
    /// It was not called: it has failed too often.
    Open,
}

impl FailureKind {
    pub(crate) const ALL: [FailureKind; 7] = [
        FailureKind::Trap,
        FailureKind::Deadline,
        FailureKind::Memory,
        FailureKind::Verdict,
        FailureKind::Start,
        FailureKind::Host,
        FailureKind::Open,
    ];

    /// Its name in statistics.
    pub fn name(self) -> &'static str {
        ["trap", "deadline", "memory", "verdict", "start", "host", "open"][self as usize]
    }

    /// Its weight in the circuit breaker.
    pub(crate) fn weight(self) -> u32 {
        match self {
            FailureKind::Deadline | FailureKind::Memory => 2,
            FailureKind::Trap | FailureKind::Verdict | FailureKind::Start => 1,
            FailureKind::Host | FailureKind::Open => 0,
        }
    }
}

/// A call that failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub kind: FailureKind,
    pub message: String,
}

impl Failure {
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}
