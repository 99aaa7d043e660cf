//! Failures of plugin calls.

use std::fmt;

use serde::Serialize;
use wasmtime::{FrameInfo, WasmBacktrace};

use crate::plain::line;

/// The most functions of a backtrace, and characters of a name.
const FRAMES: usize = 20;
const NAME: usize = 200;
/// The most characters of a message: some of it may be the plugin's.
const MESSAGE: usize = 1_000;

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
    /// A new instance trapped while it started.
    Start,
    /// A new instance refused its settings; this does not count against the plugin.
    Refused,
    /// The server's own code panicked; this does not count against the plugin.
    Host,
    /// It was not called: it has failed for too many senders.
    Open,
    /// It was not called for this sender: it has failed for it repeatedly.
    Blamed,
    /// There was no room for another instance; this does not count against the plugin.
    Exhausted,
    /// It was not called: its share of CPU time was used up.
    Share,
    /// It could not be loaded.
    Absent,
    /// It waited for too long.
    Timeout,
    /// It was not called: too many of its calls wait already; this does not count against the plugin.
    Overloaded,
    /// It has not answered a request in time; this does not count against the plugin.
    Unanswered,
}

impl FailureKind {
    pub(crate) const ALL: [FailureKind; 15] = [
        FailureKind::Trap,
        FailureKind::Deadline,
        FailureKind::Memory,
        FailureKind::Verdict,
        FailureKind::Start,
        FailureKind::Refused,
        FailureKind::Host,
        FailureKind::Open,
        FailureKind::Blamed,
        FailureKind::Exhausted,
        FailureKind::Share,
        FailureKind::Absent,
        FailureKind::Timeout,
        FailureKind::Overloaded,
        FailureKind::Unanswered,
    ];

    /// Its name in statistics.
    pub fn name(self) -> &'static str {
        [
            "trap",
            "deadline",
            "memory",
            "verdict",
            "start",
            "refused",
            "host",
            "open",
            "blamed",
            "exhausted",
            "share",
            "absent",
            "timeout",
            "overloaded",
            "unanswered",
        ][self as usize]
    }

    /// Its weight in the circuit breaker; 0 where the plugin is not to blame, or was not called.
    pub(crate) fn weight(self) -> u32 {
        match self {
            FailureKind::Deadline | FailureKind::Memory => 2,
            FailureKind::Trap | FailureKind::Verdict | FailureKind::Start | FailureKind::Timeout => 1,
            FailureKind::Refused
            | FailureKind::Host
            | FailureKind::Open
            | FailureKind::Blamed
            | FailureKind::Exhausted
            | FailureKind::Share
            | FailureKind::Absent
            | FailureKind::Overloaded
            | FailureKind::Unanswered => 0,
        }
    }
}

/// The name of a function as it was written.
fn demangled(name: &str) -> String {
    rustc_demangle::try_demangle(name).map_or_else(|_| name.to_owned(), |name| format!("{name:#}"))
}

/// The last failure of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LastFailure {
    /// UTC microseconds.
    pub at_us: i64,
    /// See [`FailureKind::name`].
    pub kind: &'static str,
    pub message: String,
    pub domain: String,
    /// The number of the session that sent the stanza; 0 if none did.
    pub session: u64,
    /// The `id` of the stanza.
    pub stanza: String,
    /// The functions in which it happened, innermost first.
    pub backtrace: Vec<String>,
}

/// A call that failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub kind: FailureKind,
    pub message: String,
    /// The functions in which it happened, innermost first.
    pub backtrace: Vec<String>,
}

impl Failure {
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: line(&message.into(), MESSAGE), backtrace: Vec::new() }
    }

    /// An error of the engine.
    pub fn of(kind: FailureKind, error: &wasmtime::Error) -> Self {
        let name = |frame: &FrameInfo| {
            let name =
                frame.func_name().map_or_else(|| format!("function {}", frame.func_index()), demangled);
            name.chars().take(NAME).collect::<String>()
        };
        let trace = error.downcast_ref::<WasmBacktrace>();
        let backtrace = trace.map(|trace| trace.frames().iter().take(FRAMES).map(name).collect());
        // The backtrace stands among the words of what it is attached to.
        let causes = error.chain().map(ToString::to_string);
        let lines = causes.map(|cause| cause.lines().next().unwrap_or_default().to_owned());
        let message =
            lines.filter(|line| !line.starts_with("error while executing")).collect::<Vec<_>>().join(": ");
        Self { backtrace: backtrace.unwrap_or_default(), ..Self::new(kind, message) }
    }

    /// The same, of an instance that had not started yet.
    pub fn while_starting(self) -> Self {
        let kind = if self.kind == FailureKind::Trap { FailureKind::Start } else { self.kind };
        Self { kind, message: format!("while it started: {}", self.message), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}
