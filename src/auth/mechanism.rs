//! The supported SASL mechanisms.

use std::fmt;
use std::str::FromStr;

use storage::Hash;

/// A SASL mechanism by its registered name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// `SCRAM-SHA-512`.
    ScramSha512,
    /// `SCRAM-SHA-256` (RFC 7677).
    ScramSha256,
    /// `SCRAM-SHA-1` (RFC 5802).
    ScramSha1,
    /// `PLAIN` (RFC 4616); over TLS only, which the caller must ensure.
    Plain,
}

impl Mechanism {
    /// All of them, in the order of preference in which they are offered.
    pub const ALL: [Mechanism; 4] =
        [Mechanism::ScramSha512, Mechanism::ScramSha256, Mechanism::ScramSha1, Mechanism::Plain];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Mechanism::ScramSha512 => "SCRAM-SHA-512",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
            Mechanism::ScramSha1 => "SCRAM-SHA-1",
            Mechanism::Plain => "PLAIN",
        }
    }

    /// The hash of a SCRAM mechanism; `None` for PLAIN.
    pub const fn hash(self) -> Option<Hash> {
        match self {
            Mechanism::ScramSha512 => Some(Hash::Sha512),
            Mechanism::ScramSha256 => Some(Hash::Sha256),
            Mechanism::ScramSha1 => Some(Hash::Sha1),
            Mechanism::Plain => None,
        }
    }

    /// The SCRAM mechanism of a hash.
    pub const fn scram(hash: Hash) -> Mechanism {
        match hash {
            Hash::Sha512 => Mechanism::ScramSha512,
            Hash::Sha256 => Mechanism::ScramSha256,
            Hash::Sha1 => Mechanism::ScramSha1,
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Not the name of a supported mechanism; answered with [`crate::SaslError::InvalidMechanism`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown SASL mechanism")]
pub struct UnknownMechanism;

impl FromStr for Mechanism {
    type Err = UnknownMechanism;

    fn from_str(name: &str) -> Result<Self, UnknownMechanism> {
        Mechanism::ALL.into_iter().find(|m| m.name() == name).ok_or(UnknownMechanism)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for m in Mechanism::ALL {
            assert_eq!(m.name().parse(), Ok(m));
            if let Some(hash) = m.hash() {
                assert_eq!(Mechanism::scram(hash), m);
            }
        }
    }

    #[test]
    fn names_are_exact() {
        for name in ["scram-sha-1", "SCRAM-SHA-1-PLUS", "PLAIN ", ""] {
            assert_eq!(name.parse::<Mechanism>(), Err(UnknownMechanism));
        }
    }
}
