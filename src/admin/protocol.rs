//! Requests and replies: JSON, one per line.

use std::error::Error;
use std::fmt;
use std::pin::Pin;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Maximum bytes of one request: a user with all that another server had of it. Longer input is sent in parts (users from
/// a file, by rows).
pub const MAX_REQUEST: usize = 1 << 26;

/// `{"command":"session.list","args":{…}}`
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The command's name.
    pub command: String,
    /// Its arguments, an object.
    #[serde(default)]
    pub args: Value,
}

// The arguments may contain passwords.
impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Request").field("command", &self.command).finish_non_exhaustive()
    }
}

impl Request {
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
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl CommandError {
    /// An error without a remedy.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: None }
    }

    /// The same with a remedy.
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

/// The server's implementation of the commands. A command runs to its end even if the client has
/// disconnected.
pub trait Commands: Send + Sync {
    /// Executes one request.
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Value, CommandError>>;
}
