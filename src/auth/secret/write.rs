//! Writing a password as other software stores it, for a source whose passwords can be changed.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use runtime::Random;
use storage::{Hash, ScramKeys};
use zeroize::Zeroizing;

use crate::digest::{hex, salted_password};
use crate::keys::{PasswordError, new_keys};

use super::algorithm::Algorithm;
use super::format::Format;
use super::{AccountName, bcrypt, crypt};

/// The costs of new hashes: those that the formats' own software uses today, as far as a log-in can wait for them.
const BCRYPT_COST: u32 = 11;
const PBKDF2_ITERATIONS: u32 = 600_000;
const ARGON2: (u32, u32, u32) = (19_456, 2, 1);
/// Bytes of a salt.
const SALT: usize = 16;

/// Why a password cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Its salt is in a column of its own, or it is too long.
    #[error("passwords of the format {0} can only be read")]
    ReadOnly(Format),
}

/// What is needed beside the password. Blocking: it takes what a log-in does.
pub struct Writing<'a> {
    pub format: Format,
    pub account: AccountName<'a>,
    /// Of [`Format::A1Hash`]; without it the domain.
    pub realm: Option<&'a str>,
    /// Of [`Format::Scram`]: which keys, and their PBKDF2 iterations.
    pub hashes: &'a [Hash],
    pub iterations: u32,
    pub random: &'a dyn Random,
}

impl Writing<'_> {
    /// The password as it is stored.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn write(&self, password: &str) -> Result<Zeroizing<String>, WriteError> {
        let mut salt = [0; SALT];
        self.random.fill(&mut salt);
        let read_only = || WriteError::ReadOnly(self.format);
        let bytes = password.as_bytes();
        // One that SASLprep refuses could not be used to log in.
        let keys = new_keys(self.random, self.hashes, self.iterations, password)?;
        Ok(Zeroizing::new(match self.format {
            Format::Plain => password.to_owned(),
            Format::Scram => scram(&keys),
            Format::Bcrypt | Format::Auto => bcrypt::hash(BCRYPT_COST, salt, bytes),
            Format::Argon2 => argon2(&salt, bytes).ok_or_else(read_only)?,
            Format::Pbkdf2 => pbkdf2(&salt, bytes),
            Format::Crypt => crypt::hash(&salt, bytes).ok_or_else(read_only)?,
            Format::Ldap => {
                let hash = Algorithm::Sha512.digest(&[bytes, &salt]);
                format!("{{SSHA512}}{}", STANDARD.encode([&hash[..], &salt].concat()))
            }
            Format::Md5Hex => hex(&Algorithm::Md5.digest(&[bytes])),
            Format::Sha1Hex => hex(&Algorithm::Sha1.digest(&[bytes])),
            Format::Sha256Hex => hex(&Algorithm::Sha256.digest(&[bytes])),
            Format::Sha512Hex => hex(&Algorithm::Sha512.digest(&[bytes])),
            Format::A1Hash => {
                let realm = self.realm.unwrap_or(self.account.domain);
                let parts = [self.account.local, ":", realm, ":", password];
                hex(&Algorithm::Md5.digest(&parts.map(str::as_bytes)))
            }
            _ => return Err(read_only()),
        }))
    }
}

/// RFC 5803, section 2.
fn scram(keys: &[ScramKeys]) -> String {
    let one = |keys: &ScramKeys| {
        let name = match keys.hash {
            Hash::Sha1 => "SCRAM-SHA-1",
            Hash::Sha256 => "SCRAM-SHA-256",
            Hash::Sha512 => "SCRAM-SHA-512",
        };
        let [salt, stored, server] =
            [&keys.salt, &keys.stored_key, &keys.server_key].map(|bytes| STANDARD.encode(bytes));
        format!("{name}${}:{salt}${stored}:{server}", keys.iterations)
    };
    keys.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn argon2(salt: &[u8], password: &[u8]) -> Option<String> {
    let (memory, passes, lanes) = ARGON2;
    let params = argon2::Params::new(memory, passes, lanes, Some(32)).ok()?;
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let (mut made, mut blocks) = ([0; 32], vec![argon2::Block::new(); argon2.params().block_count()]);
    argon2.hash_password_into_with_memory(password, salt, &mut made, &mut blocks).ok()?;
    let [salt, hash] = [salt, &made[..]].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    Some(format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}"))
}

/// As Django writes it.
fn pbkdf2(salt: &[u8], password: &[u8]) -> String {
    let salt = hex(salt);
    let made = salted_password(Hash::Sha256, password, salt.as_bytes(), PBKDF2_ITERATIONS);
    format!("pbkdf2_sha256${PBKDF2_ITERATIONS}${salt}${}", STANDARD.encode(made))
}

#[cfg(test)]
mod tests {
    use runtime::SeededRandom;

    use super::super::Secret;
    use super::super::tests::{JACK, PASSWORD};
    use super::*;

    #[test]
    fn what_is_written_is_read_and_verified() {
        let random = SeededRandom::new(3);
        for format in Format::ALL {
            let writing = Writing {
                format: *format,
                account: JACK,
                realm: None,
                hashes: &[Hash::Sha1, Hash::Sha256],
                iterations: 16,
                random: &random,
            };
            let salted = format.word().contains("salt");
            match writing.write(PASSWORD) {
                Err(error) => assert!(salted && error == WriteError::ReadOnly(*format), "{format}: {error}"),
                Ok(written) => {
                    let secret =
                        Secret::read(*format, &written, None).unwrap_or_else(|e| panic!("{format}: {e}"));
                    assert!(!salted && secret.verify(JACK, PASSWORD), "{format}");
                    assert!(!secret.verify(JACK, "another"), "{format}");
                }
            }
            assert!(writing.write("").is_err(), "{format}");
        }
    }
}
