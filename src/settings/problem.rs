//! Problems of values.

use std::fmt;

/// A problem and its remedy. Shown as `message — remedy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The problem, worded to be followed by the remedy.
    pub message: String,
    pub remedy: String,
}

impl Complaint {
    pub fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} — {}", self.message, self.remedy)
    }
}

/// A problem of a value in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, relative to what was checked: `drop[1].kind`; empty for the whole.
    pub path: String,
    /// The problem, worded to be followed by the remedy. It names the key.
    pub message: String,
    pub remedy: String,
    /// The path of the place that the remedy names.
    pub see: Option<String>,
}

impl Problem {
    /// A problem of the value at `path`.
    pub fn new(path: impl Into<String>, complaint: Complaint) -> Self {
        let Complaint { message, remedy } = complaint;
        Self { path: path.into(), message, remedy, see: None }
    }

    /// The same, with the path of the place that the remedy names.
    pub fn see(mut self, path: impl Into<String>) -> Self {
        self.see = Some(path.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} — {}", self.message, self.remedy)
    }
}
