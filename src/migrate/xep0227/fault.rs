//! Why a file cannot be read any further, and why an element is not taken.

use std::io;

use crate::Reason;
use xmpp::{StreamCondition, StreamError};

/// Why a file cannot be read any further. No text of the file is quoted but names of elements.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It is in another encoding.
    Encoding(String),
    /// It is not well-formed, or has what is refused.
    Broken(String),
    /// The system cannot read it.
    Io(io::Error),
}

impl Fault {
    pub(crate) fn broken(why: impl Into<String>) -> Self {
        Self::Broken(why.into())
    }

    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Encoding(_) => Reason::BadText,
            Self::Broken(_) => Reason::BrokenXml,
            Self::Io(_) => Reason::Damaged,
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Encoding(name) => {
                write!(f, "it is in {name}, not in UTF-8 — convert it, for example with iconv -t UTF-8")
            }
            Self::Broken(why) => f.write_str(why),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

/// The reason by which an element is not taken that the strict pass refuses.
pub(crate) fn reason(error: &StreamError) -> Reason {
    match error.condition {
        StreamCondition::PolicyViolation => Reason::TooLarge,
        StreamCondition::UnsupportedEncoding => Reason::BadText,
        _ => Reason::BrokenXml,
    }
}
