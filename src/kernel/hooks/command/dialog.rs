//! What passes between a command's handler and its client.

use std::sync::Arc;

use xmpp::StanzaError;
use xmpp::form::Form;

use crate::{Host, Kernel, Resource};

/// A handler's answer to one request.
pub type CommandResult = Result<CommandAnswer, StanzaError>;

/// What a client does with a command that waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandAction {
    Prev,
    Next,
    Complete,
}

impl CommandAction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Prev, Self::Next, Self::Complete];

    /// The `action` attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prev => "prev",
            Self::Next => "next",
            Self::Complete => "complete",
        }
    }
}

/// The actions that are possible; `cancel` always is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandActions {
    execute: CommandAction,
    possible: [bool; CommandAction::ALL.len()],
}

impl CommandActions {
    /// Only this one, which `execute` stands for.
    pub const fn only(execute: CommandAction) -> Self {
        Self { execute, possible: [false; CommandAction::ALL.len()] }.and(execute)
    }

    /// This one as well.
    pub const fn and(mut self, action: CommandAction) -> Self {
        self.possible[action as usize] = true;
        self
    }

    /// What `execute` stands for.
    pub fn execute(self) -> CommandAction {
        self.execute
    }

    /// Whether this one is possible.
    pub fn allow(self, action: CommandAction) -> bool {
        self.possible[action as usize]
    }
}

/// A request to run a command, or to go on with it.
pub struct CommandRequest {
    pub kernel: Arc<Kernel>,
    /// The host whose command it is.
    pub host: Arc<Host>,
    /// The client. It may be one of another domain of this server if it is an administrator of this one.
    pub resource: Resource,
    /// `None`: the command begins.
    pub action: Option<CommandAction>,
    /// What the client has filled in, if anything.
    pub form: Option<Form>,
    /// What the answer before this request has kept, empty at the beginning. After a reload it may come from an earlier
    /// version of the handler.
    pub state: Vec<u8>,
    /// The language that the client began the command in (`xml:lang`).
    pub lang: Option<Arc<str>>,
}

/// A handler's answer.
pub enum CommandAnswer {
    /// The command waits for the client.
    Form {
        form: Form,
        actions: CommandActions,
        /// Kept for the next request; at most [`Command::STATE_BYTES`](crate::Command::STATE_BYTES).
        state: Vec<u8>,
        notes: Vec<CommandNote>,
    },
    /// The command has ended, successfully unless there is a note that says otherwise.
    Done { form: Option<Form>, notes: Vec<CommandNote> },
}

/// How serious a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Info,
    Warn,
    Error,
}

impl Severity {
    /// The `type` attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A text for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandNote {
    pub severity: Severity,
    pub text: String,
}

impl CommandNote {
    pub fn new(severity: Severity, text: impl Into<String>) -> Self {
        Self { severity, text: text.into() }
    }
}
