//! The failure of a command.

use std::fmt;
use std::path::Path;

use admin::{CallError, CommandError};

use crate::config::{Problem, Problems};

/// Why a command ends with exit code 1; shown on standard error.
#[derive(Debug)]
pub enum Failure {
    /// The configuration cannot be used; warnings are included.
    Configuration(Vec<Problem>),
    /// Any other failure.
    Message(String),
    /// The failure has been reported already.
    Said,
}

impl Failure {
    /// The failure when no server uses the data directory.
    pub fn no_server(data_dir: &Path) -> Self {
        let place = data_dir.display();
        let what = format!("no server is running with the data directory {place}");
        Self::Message(format!("{what} — start it with castling serve"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(problems) => {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                out.write_str(&lines.join("\n"))
            }
            Self::Message(message) => write!(out, "castling: {message}"),
            Self::Said => Ok(()),
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Configuration(problems.into_list())
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        Self::Message(error.to_string())
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Message(error.to_string())
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}
