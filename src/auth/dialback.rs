//! Dialback keys (XEP-0220, XEP-0185).

use runtime::Random;
use sha2::{Digest, Sha256};
use storage::Hash;
use subtle::ConstantTimeEq;

use crate::digest::{hex, hmac};

/// Makes and verifies the keys by which this server's domains prove that a stream is theirs. The secret lives as long as
/// the process. No `Debug`.
pub struct DialbackKeys(String);

impl DialbackKeys {
    /// With a secret of its own.
    pub fn new(random: &dyn Random) -> Self {
        Self(hex(&Sha256::digest(random.token(256))))
    }

    /// The key for a stream with this id (XEP-0185 section 3): of the domain that opens it, to this other.
    pub fn key(&self, originating: &str, receiving: &str, id: &str) -> String {
        let parts = [receiving, " ", originating, " ", id].map(str::as_bytes);
        hex(&hmac(Hash::Sha256, self.0.as_bytes(), &parts))
    }

    /// Whether this is the key for that stream.
    pub fn is_key(&self, originating: &str, receiving: &str, id: &str, given: &str) -> bool {
        self.key(originating, receiving, id).as_bytes().ct_eq(given.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use runtime::SeededRandom;

    use super::*;

    // XEP-0185 section 3.
    #[test]
    fn the_example() {
        let keys = DialbackKeys(hex(&Sha256::digest("s3cr3tf0rd14lb4ck")));
        let key = keys.key("example.org", "xmpp.example.com", "D60000229F");
        assert_eq!(key, "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643");
    }

    #[test]
    fn a_key_is_of_one_stream_between_two_domains() {
        let keys = DialbackKeys::new(&SeededRandom::new(1));
        let key = keys.key("chess.example", "far.example", "id");
        assert!(keys.is_key("chess.example", "far.example", "id", &key));
        for (originating, receiving, id) in [
            ("wuchess.example", "far.example", "id"),
            ("chess.example", "near.example", "id"),
            ("chess.example", "far.example", "id2"),
            ("far.example", "chess.example", "id"),
        ] {
            assert!(!keys.is_key(originating, receiving, id, &key), "{originating} {receiving} {id}");
        }
        assert!(!DialbackKeys::new(&SeededRandom::new(2)).is_key("chess.example", "far.example", "id", &key));
        assert!(!keys.is_key("chess.example", "far.example", "id", ""));
    }
}
