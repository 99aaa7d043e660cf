//! SCRAM keys, as stored.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A hash function of SCRAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Hash {
    /// SHA-1 (RFC 5802).
    Sha1,
    /// SHA-256 (RFC 7677).
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// All of them, weakest first.
    pub const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    /// Its number in the database: one bit, so that a set of hashes is a sum.
    pub(crate) fn bit(self) -> i64 {
        match self {
            Self::Sha1 => 1,
            Self::Sha256 => 2,
            Self::Sha512 => 4,
        }
    }

    pub(crate) fn from_bit(bit: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.bit() == bit)
    }
}

/// The keys of one account for one hash (RFC 5802 §3). Enough to verify a proof or a plain password, not
/// enough to log in elsewhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScramKeys {
    /// The hash they were made with.
    pub hash: Hash,
    /// The iteration count, `i`.
    pub iterations: u32,
    /// The salt, `s`, decoded.
    pub salt: Vec<u8>,
    /// `H(HMAC(SaltedPassword, "Client Key"))`, as long as the hash's output.
    pub stored_key: Vec<u8>,
    /// `HMAC(SaltedPassword, "Server Key")`, as long as the hash's output.
    pub server_key: Vec<u8>,
}

impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut keys = f.debug_struct("ScramKeys");
        keys.field("hash", &self.hash).field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_single_and_read_back() {
        for hash in Hash::ALL {
            assert_eq!(hash.bit().count_ones(), 1);
            assert_eq!(Hash::from_bit(hash.bit()), Some(hash));
        }
        assert_eq!(Hash::from_bit(3), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let keys = ScramKeys {
            hash: Hash::Sha1,
            iterations: 4096,
            salt: vec![211],
            stored_key: vec![212],
            server_key: vec![213],
        };
        let shown = format!("{keys:?}");
        assert!(shown.contains("4096") && !shown.contains("21"), "{shown}");
    }
}
