//! Conflicting registrations: refused before anything is published.

use std::fmt;
use std::sync::Arc;

/// Two owners claim the same thing; nothing is published then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What both claim: an address, or requests of one kind.
    pub what: String,
    /// The modules or plugins that claim it.
    pub owners: [Arc<str>; 2],
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = &self.owners;
        match one == other {
            true => write!(f, "{} is claimed twice by {one}", self.what),
            false => write!(f, "{} is claimed by both {one} and {other}", self.what),
        }
    }
}

impl std::error::Error for Taken {}
