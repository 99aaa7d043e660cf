//! The handshake of components (XEP-0114 section 3).

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::digest::hex;

/// What proves the secret on a stream with this id: SHA-1 of both, in lower-case hexadecimal.
pub fn component_handshake(id: &str, secret: &str) -> String {
    hex(&Sha1::new_with_prefix(id).chain_update(secret).finalize())
}

/// Whether `given` proves the secret, in a time that does not tell how much of it is right.
pub fn proves_secret(id: &str, secret: &str, given: &str) -> bool {
    component_handshake(id, secret).as_bytes().ct_eq(given.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_id_and_a_secret() {
        // By sha1sum.
        let proof = component_handshake("3BF96D32", "secret");
        assert_eq!(proof, "b09ea9b3b7f586be8a08d0a3dd7466f110aeb136");
        assert!(proves_secret("3BF96D32", "secret", &proof));
        for bad in ["", &proof.to_uppercase(), &proof[1..], "secret"] {
            assert!(!proves_secret("3BF96D32", "secret", bad));
        }
        assert!(!proves_secret("3BF96D33", "secret", &proof));
    }
}
