//! Passwords as other software stores them: a table of users that belongs to another system, or accounts imported from one.

mod a1hash;
mod algorithm;
mod argon2;
mod bcrypt;
mod bounds;
mod crypt;
mod error;
mod format;
mod kept;
mod md5_crypt;
mod pbkdf2;
mod salted;
mod scram;
mod write;

use std::str::FromStr;

use storage::ScramKeys;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::keys::{prepare, verify_plain};

use self::a1hash::A1Hash;
use self::algorithm::Algorithm;
use self::bcrypt::Bcrypt;
use self::crypt::Crypt;
use self::pbkdf2::Pbkdf2;
use self::salted::{Place, Salted};

pub use self::bounds::Bounds;
pub use self::error::SecretError;
pub use self::format::{EXAMPLE_PASSWORD, Format, UnknownFormat};
pub use self::kept::kept;
pub use self::write::{WriteError, Writing};

/// The account whose password is verified, in the form used for lookups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountName<'a> {
    pub local: &'a str,
    pub domain: &'a str,
}

/// A stored password, parsed. No `Debug`, so that it cannot be logged.
pub enum Secret {
    /// The password itself.
    Plain(Zeroizing<String>),
    /// At least one, at most one for each hash.
    Scram(Vec<ScramKeys>),
    /// A hash, which a password can be checked against and nothing else.
    OneWay(OneWay),
}

/// A password's hash.
pub struct OneWay(Family);

enum Family {
    A1Hash(A1Hash),
    Argon2(Box<argon2::Phc>),
    Bcrypt(Bcrypt),
    Crypt(Crypt),
    Pbkdf2(Pbkdf2),
    Salted(Salted),
}

impl Secret {
    /// Parses a stored password, within [`Bounds::MOST`]. `salt` is the value of the salt column, if there is one; an
    /// empty one is as an absent one.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn read(format: Format, text: &str, salt: Option<&str>) -> Result<Self, SecretError> {
        Self::read_within(format, text, salt, &Bounds::MOST)
    }

    /// The same within other bounds.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn read_within(
        format: Format,
        text: &str,
        salt: Option<&str>,
        bounds: &Bounds,
    ) -> Result<Self, SecretError> {
        let salt = salt.filter(|salt| !salt.is_empty());
        if text.len().max(salt.map_or(0, str::len)) > bounds::MAX_TEXT {
            return Err(SecretError::TooLong);
        }
        // Columns of a fixed width fill up hashes with spaces; those of a password belong to it.
        let trimmed = if format == Format::Plain { text } else { text.trim() };
        if trimmed.is_empty() {
            return Err(SecretError::Empty);
        }
        match format.of(trimmed).ok_or(SecretError::Unrecognized)? {
            Format::Plain => Ok(Self::Plain(Zeroizing::new(text.to_owned()))),
            Format::Scram => scram::read(trimmed, bounds).map(Self::Scram),
            format => Ok(Self::OneWay(OneWay(family(format, trimmed, salt, bounds)?))),
        }
    }

    /// Whether the password is the account's. Blocking: it may take seconds of CPU time at the highest costs that are
    /// allowed.
    pub fn verify(&self, account: AccountName<'_>, password: &str) -> bool {
        match self {
            Self::Plain(right) => same(right, password),
            Self::Scram(keys) => verify_plain(password, keys),
            Self::OneWay(OneWay(family)) => match family {
                Family::A1Hash(hash) => hash.verify(account, password),
                Family::Argon2(hash) => hash.verify(password),
                Family::Bcrypt(hash) => hash.verify(password),
                Family::Crypt(hash) => hash.verify(password),
                Family::Pbkdf2(hash) => hash.verify(password),
                Family::Salted(hash) => hash.verify(password),
            },
        }
    }
}

fn family(format: Format, text: &str, salt: Option<&str>, bounds: &Bounds) -> Result<Family, SecretError> {
    Ok(match format {
        Format::Bcrypt => Family::Bcrypt(Bcrypt::read(format, text, bounds)?),
        Format::Argon2 => Family::Argon2(Box::new(argon2::Phc::read(text, bounds)?)),
        Format::Pbkdf2 => Family::Pbkdf2(Pbkdf2::read(text, bounds)?),
        Format::A1Hash => Family::A1Hash(A1Hash::read(text, salt)?),
        Format::Crypt => unix(format, without_scheme(text).unwrap_or(text), bounds)?,
        Format::Ldap => match without_scheme(text) {
            Some(text) => unix(format, text, bounds)?,
            None => Family::Salted(Salted::ldap(text).ok_or(SecretError::Malformed(format))?),
        },
        _ => {
            let hash = hexadecimal(format).ok_or(SecretError::Malformed(format))?;
            Family::Salted(Salted::hex(format, hash, text, salt)?)
        }
    })
}

/// What crypt(3) verifies.
fn unix(format: Format, text: &str, bounds: &Bounds) -> Result<Family, SecretError> {
    match text.starts_with("$2") {
        true => Bcrypt::read(format, text, bounds).map(Family::Bcrypt),
        false => Crypt::read(format, text, bounds).map(Family::Crypt),
    }
}

/// What is behind `{CRYPT}`.
fn without_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.strip_prefix('{')?.split_once('}')?;
    scheme.eq_ignore_ascii_case("crypt").then_some(rest)
}

fn hexadecimal(format: Format) -> Option<(Algorithm, Place)> {
    Some(match format {
        Format::Md5Hex => (Algorithm::Md5, Place::Nowhere),
        Format::Md5HexSaltFirst => (Algorithm::Md5, Place::First),
        Format::Md5HexSaltLast => (Algorithm::Md5, Place::Last),
        Format::Sha1Hex => (Algorithm::Sha1, Place::Nowhere),
        Format::Sha1HexSaltFirst => (Algorithm::Sha1, Place::First),
        Format::Sha1HexSaltLast => (Algorithm::Sha1, Place::Last),
        Format::Sha256Hex => (Algorithm::Sha256, Place::Nowhere),
        Format::Sha256HexSaltFirst => (Algorithm::Sha256, Place::First),
        Format::Sha256HexSaltLast => (Algorithm::Sha256, Place::Last),
        Format::Sha512Hex => (Algorithm::Sha512, Place::Nowhere),
        Format::Sha512HexSaltFirst => (Algorithm::Sha512, Place::First),
        Format::Sha512HexSaltLast => (Algorithm::Sha512, Place::Last),
        _ => return None,
    })
}

/// Whether two passwords are the same after SASLprep, or as they are where it refuses them. Hashed first, so that not even
/// their lengths show in the time that it takes.
fn same(one: &str, other: &str) -> bool {
    let digest = |password: &str| {
        let prepared = prepare(password).unwrap_or_else(|_| Zeroizing::new(password.to_owned()));
        Algorithm::Sha256.digest(&[prepared.as_bytes()])
    };
    digest(one).ct_eq(&digest(other)).into()
}

/// A decimal number without a sign.
fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { u64::from_str(text).ok() } else { None }
}

#[cfg(test)]
mod tests;
