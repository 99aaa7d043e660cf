//! The supported SASL mechanisms.

use std::fmt;
use std::str::FromStr;

use storage::Hash;

/// A SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// `EXTERNAL` (RFC 4422 appendix A): by what the lower layer has proved, the certificate of TLS (XEP-0178).
    External,
    /// `SCRAM-*` (RFC 5802, RFC 7677).
    Scram {
        hash: Hash,
        /// Whether it is the `-PLUS` variant, which is bound to the TLS channel.
        bound: bool,
    },
    /// `PLAIN` (RFC 4616); over TLS only, which the caller must ensure.
    Plain,
}

/// The registered names, in the order of preference in which mechanisms are offered.
const NAMES: [(Mechanism, &str); 8] = [
    (Mechanism::External, "EXTERNAL"),
    (Mechanism::Scram { hash: Hash::Sha512, bound: true }, "SCRAM-SHA-512-PLUS"),
    (Mechanism::Scram { hash: Hash::Sha256, bound: true }, "SCRAM-SHA-256-PLUS"),
    (Mechanism::Scram { hash: Hash::Sha1, bound: true }, "SCRAM-SHA-1-PLUS"),
    (Mechanism::Scram { hash: Hash::Sha512, bound: false }, "SCRAM-SHA-512"),
    (Mechanism::Scram { hash: Hash::Sha256, bound: false }, "SCRAM-SHA-256"),
    (Mechanism::Scram { hash: Hash::Sha1, bound: false }, "SCRAM-SHA-1"),
    (Mechanism::Plain, "PLAIN"),
];

impl Mechanism {
    /// All of them, in the order of preference in which they are offered.
    pub fn all() -> impl Iterator<Item = Mechanism> {
        NAMES.into_iter().map(|(mechanism, _)| mechanism)
    }

    /// The registered name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(mechanism, _)| *mechanism == self).map_or("", |(_, name)| name)
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
        NAMES.iter().find(|(_, one)| *one == name).map(|(mechanism, _)| *mechanism).ok_or(UnknownMechanism)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for mechanism in Mechanism::all() {
            assert_eq!(mechanism.name().parse(), Ok(mechanism));
        }
        let bound = Mechanism::Scram { hash: Hash::Sha256, bound: true };
        assert_eq!(bound.to_string(), "SCRAM-SHA-256-PLUS");
    }

    #[test]
    fn names_are_exact() {
        for name in ["scram-sha-1", "SCRAM-SHA-1-plus", "SCRAM-MD5", "PLAIN ", ""] {
            assert_eq!(name.parse::<Mechanism>(), Err(UnknownMechanism));
        }
    }
}
