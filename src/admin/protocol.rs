//! Requests and replies: JSON, one a line.

use std::error::Error;
use std::fmt;
use std::pin::Pin;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most bytes of one request. What is longer is sent in parts (users from a file, by rows).
pub const MAX_REQUEST: usize = 1 << 20;

/// `{"command":"session.list","args":{…}}`
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What to do.
    pub command: String,
    /// With what; an object.
    #[serde(default)]
    pub args: Value,
}

// The arguments may hold passwords.
impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Request").field("command", &self.command).finish_non_exhaustive()
    }
}

impl Request {
    /// A request with its arguments.
    pub fn new(command: impl Into<String>, args: Value) -> Self {
        Self { command: command.into(), args }
    }
}

/// `{"ok":…}` or `{"error":{"message":"…"}}`
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reply {
    Ok(Value),
    Error(CommandError),
}

/// Why a command was refused or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl CommandError {
    /// A refusal without a remedy.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: None }
    }

    /// The same with what to do about it.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        self.remedy.as_ref().map_or(Ok(()), |remedy| write!(out, " — {remedy}"))
    }
}

impl Error for CommandError {}

/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a server does when it is told to. It runs to its end even if who asked has gone.
pub trait Commands: Send + Sync {
    /// Carries one request out.
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Value, CommandError>>;
}
