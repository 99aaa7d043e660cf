//! Errors of commands, worded for the user.

use std::fmt;

/// A sentence that says what failed and, if known, the remedy.
#[derive(Debug)]
pub struct Failure(String);

/// The result of every step.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Adds context to an error of the standard library or of a parser.
pub trait While<T> {
    fn when(self, doing: impl fmt::Display) -> Outcome<T>;
}

impl<T, E: fmt::Display> While<T> for Result<T, E> {
    fn when(self, doing: impl fmt::Display) -> Outcome<T> {
        self.map_err(|error| Failure(format!("{doing}: {error}")))
    }
}
