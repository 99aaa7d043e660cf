//! The keys stored in the database instead of a password.

use storage::{Hash, ScramKeys};
use subtle::ConstantTimeEq;
use xmpp::{PrepError, saslprep};
use zeroize::Zeroizing;

use crate::decoy::Shape;
use crate::digest::{digest, hmac, output_len, salted_password};

/// Length in bytes of generated salts.
pub const SALT_LEN: usize = 16;

/// Why keys cannot be derived from a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is empty, or consists of characters that SASLprep removes.
    #[error("the password must not be empty")]
    Empty,
    /// SASLprep refuses it.
    #[error("the password contains {0}")]
    Prep(PrepError),
}

pub(crate) fn prepare(password: &str) -> Result<Zeroizing<String>, PasswordError> {
    let prepared = saslprep(password).map_err(PasswordError::Prep)?;
    if prepared.is_empty() { Err(PasswordError::Empty) } else { Ok(Zeroizing::new(prepared.into_owned())) }
}

/// The keys of a password (RFC 5802 §3), after SASLprep (RFC 4013). Takes milliseconds of CPU at thousands of
/// iterations: call it where blocking is allowed.
///
/// # Errors
/// [`PasswordError`].
pub fn derive_keys(
    hash: Hash,
    password: &str,
    salt: &[u8],
    iterations: u32,
) -> Result<ScramKeys, PasswordError> {
    let prepared = prepare(password)?;
    Ok(keys_of(hash, prepared.as_bytes(), salt, iterations))
}

fn keys_of(hash: Hash, password: &[u8], salt: &[u8], iterations: u32) -> ScramKeys {
    let salted = Zeroizing::new(salted_password(hash, password, salt, iterations));
    let client_key = Zeroizing::new(hmac(hash, &salted, &[b"Client Key"]));
    ScramKeys {
        hash,
        iterations,
        salt: salt.to_vec(),
        stored_key: digest(hash, &client_key),
        server_key: hmac(hash, &salted, &[b"Server Key"]),
    }
}

/// As [`derive_keys`], and takes as long for a password that SASLprep refuses; then there are none.
pub(crate) fn derive_anyway(hash: Hash, password: &str, salt: &[u8], iterations: u32) -> Option<ScramKeys> {
    let prepared = prepare(password);
    let keys = keys_of(hash, prepared.as_ref().map_or(&[], |text| text.as_bytes()), salt, iterations);
    prepared.is_ok().then_some(keys)
}

/// Keys for a new password, one set for each hash, each with a salt of its own. Blocking, as [`derive_keys`].
///
/// # Errors
/// [`PasswordError`].
pub fn new_keys(
    random: &dyn runtime::Random,
    hashes: &[Hash],
    iterations: u32,
    password: &str,
) -> Result<Vec<ScramKeys>, PasswordError> {
    let prepared = prepare(password)?;
    let make = |&hash| {
        let mut salt = [0; SALT_LEN];
        random.fill(&mut salt);
        keys_of(hash, prepared.as_bytes(), &salt, iterations)
    };
    Ok(hashes.iter().map(make).collect())
}

/// Whether the password matches the keys, by the strongest hash among them. `false` if there are none, or if
/// SASLprep refuses the password. Blocking, as [`derive_keys`].
pub fn verify_plain(password: &str, keys: &[ScramKeys]) -> bool {
    let Some(strongest) = keys.iter().max_by_key(|k| output_len(k.hash)) else { return false };
    // The work is done even for an impossible password, so that timing does not reveal which those are.
    let prepared = prepare(password).unwrap_or_default();
    let tried = keys_of(strongest.hash, prepared.as_bytes(), &strongest.salt, strongest.iterations);
    let equal: bool = tried.stored_key.ct_eq(&strongest.stored_key).into();
    equal && !prepared.is_empty()
}

/// The keys of an account that does not exist: with a salt that is always the same, derived from the server's
/// secret, that no password matches. `username` and `domain` in the form used for lookups.
pub(crate) fn decoy_keys(secret: &[u8], domain: &str, username: &str, hash: Hash, shape: Shape) -> ScramKeys {
    let derive = |what: &str| {
        let parts = [what, "\0", hash_name(hash), "\0", domain, "\0", username];
        hmac(hash, secret, &parts.map(str::as_bytes))
    };
    let mut salt = derive("decoy salt");
    while salt.len() < shape.salt_len {
        salt.extend(derive(&format!("decoy salt {}", salt.len())));
    }
    salt.truncate(shape.salt_len);
    ScramKeys {
        hash,
        iterations: shape.iterations,
        salt,
        stored_key: derive("decoy stored key"),
        server_key: derive("decoy server key"),
    }
}

/// A position among a domain's accounts, in the order of their names: that of the account a nonexistent name
/// imitates.
pub(crate) fn decoy_model(secret: &[u8], domain: &str, username: &str) -> String {
    let parts = ["decoy model", "\0", domain, "\0", username];
    let letter = |byte: &u8| char::from(b'a' + byte % 26);
    hmac(Hash::Sha256, secret, &parts.map(str::as_bytes)).iter().take(8).map(letter).collect()
}

const fn hash_name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha1 => "sha-1",
        Hash::Sha256 => "sha-256",
        Hash::Sha512 => "sha-512",
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use runtime::SeededRandom;

    use super::*;

    fn b64(bytes: &[u8]) -> String {
        STANDARD.encode(bytes)
    }

    // RFC 5802 §5 and RFC 7677 §3; the keys were computed from them with Python's hashlib.
    #[test]
    fn keys_of_the_rfcs() {
        let salt = STANDARD.decode("QSXCR+Q6sek8bf92").unwrap();
        let keys = derive_keys(Hash::Sha1, "pencil", &salt, 4096).unwrap();
        assert_eq!(b64(&keys.stored_key), "6dlGYMOdZcOPutkcNY8U2g7vK9Y=");
        assert_eq!(b64(&keys.server_key), "D+CSWLOshSulAsxiupA+qs2/fTE=");
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let keys = derive_keys(Hash::Sha256, "pencil", &salt, 4096).unwrap();
        assert_eq!(b64(&keys.stored_key), "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
        assert_eq!(b64(&keys.server_key), "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
    }

    #[test]
    fn saslprep_is_applied() {
        // RFC 4013 §3: a soft hyphen is mapped to nothing; a roman nine is normalized.
        let plain = derive_keys(Hash::Sha256, "IX", b"salt", 1).unwrap();
        for same in ["I\u{AD}X", "\u{2168}"] {
            assert!(verify_plain(same, std::slice::from_ref(&plain)));
        }
        let error = |password| derive_keys(Hash::Sha256, password, b"salt", 1).err();
        assert_eq!(error("\u{7}\u{ad}ä"), Some(PasswordError::Prep(PrepError::Prohibited)));
        assert_eq!(error("\u{ad}"), Some(PasswordError::Empty));
    }

    #[test]
    fn new_keys_verify_and_differ_in_salt() {
        let random = SeededRandom::new(7);
        let keys = new_keys(&random, &[Hash::Sha1, Hash::Sha256, Hash::Sha512], 16, "secret").unwrap();
        assert_eq!(keys.len(), 3);
        assert_ne!(keys[0].salt, keys[1].salt);
        for one in &keys {
            assert!(verify_plain("secret", std::slice::from_ref(one)));
            assert!(!verify_plain("Secret", std::slice::from_ref(one)));
        }
        assert!(!verify_plain("", &keys));
        assert!(!verify_plain("\u{7}", &keys));
        assert!(!verify_plain("secret", &[]));
    }

    #[test]
    fn the_strongest_hash_decides() {
        let mut keys = vec![derive_keys(Hash::Sha1, "old", b"salt", 2).unwrap()];
        keys.push(derive_keys(Hash::Sha256, "new", b"salt", 2).unwrap());
        assert!(verify_plain("new", &keys));
        assert!(!verify_plain("old", &keys));
    }

    #[test]
    fn decoys_are_stable_and_told_apart() {
        let decoy = |secret: &[u8], domain: &str, user: &str, hash| {
            let keys = decoy_keys(secret, domain, user, hash, Shape { iterations: 4096, salt_len: SALT_LEN });
            assert_eq!(keys.salt.len(), SALT_LEN);
            assert_eq!(keys.stored_key.len(), output_len(hash));
            assert_eq!(keys.server_key.len(), output_len(hash));
            keys.salt
        };
        let one = decoy(b"secret", "chess.example", "jack", Hash::Sha1);
        assert_eq!(one, decoy(b"secret", "chess.example", "jack", Hash::Sha1));
        assert_ne!(one, decoy(b"secret", "chess.example", "jill", Hash::Sha1));
        assert_ne!(one, decoy(b"secret", "wuchess.example", "jack", Hash::Sha1));
        assert_ne!(one, decoy(b"other", "chess.example", "jack", Hash::Sha1));
        assert_ne!(one, decoy(b"secret", "chess.example", "jack", Hash::Sha256));
    }
}
