//! One hash over a password and a salt: hexadecimal columns, and LDAP's `userPassword` (RFC 3112, and what OpenLDAP made
//! of it).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use super::algorithm::Algorithm;
use super::error::SecretError;
use super::format::Format;

/// The parts of `H(before password after)`.
pub(super) struct Salted {
    algorithm: Algorithm,
    before: Vec<u8>,
    after: Vec<u8>,
    expected: Vec<u8>,
}

/// Where a salt of a column of its own stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Nowhere,
    First,
    Last,
}

impl Salted {
    /// A hexadecimal hash, in any case.
    pub(super) fn hex(
        format: Format,
        (algorithm, place): (Algorithm, Place),
        text: &str,
        salt: Option<&str>,
    ) -> Result<Self, SecretError> {
        let expected = hex(text).filter(|hash| hash.len() == algorithm.output_len());
        let expected = expected.ok_or(SecretError::Malformed(format))?;
        let salt = || Ok(salt.ok_or(SecretError::NoSalt(format))?.as_bytes().to_vec());
        let (before, after) = match place {
            Place::Nowhere => (Vec::new(), Vec::new()),
            Place::First => (salt()?, Vec::new()),
            Place::Last => (Vec::new(), salt()?),
        };
        Ok(Self { algorithm, before, after, expected })
    }

    /// `{SCHEME}` and base64 of the hash and of the salt behind it.
    pub(super) fn ldap(text: &str) -> Option<Self> {
        let (scheme, encoded) = text.strip_prefix('{')?.split_once('}')?;
        let (algorithm, salted) = match scheme.to_ascii_uppercase().as_str() {
            "MD5" => (Algorithm::Md5, false),
            "SMD5" => (Algorithm::Md5, true),
            "SHA" => (Algorithm::Sha1, false),
            "SSHA" => (Algorithm::Sha1, true),
            "SHA256" => (Algorithm::Sha256, false),
            "SSHA256" => (Algorithm::Sha256, true),
            "SHA512" => (Algorithm::Sha512, false),
            "SSHA512" => (Algorithm::Sha512, true),
            _ => return None,
        };
        let mut expected = STANDARD.decode(encoded).ok()?;
        if expected.len() < algorithm.output_len() {
            return None;
        }
        let after = expected.split_off(algorithm.output_len());
        (after.is_empty() != salted).then_some(Self { algorithm, before: Vec::new(), after, expected })
    }

    pub(super) fn verify(&self, password: &str) -> bool {
        let made = self.algorithm.digest(&[&self.before, password.as_bytes(), &self.after]);
        made.ct_eq(&self.expected).into()
    }
}

/// The bytes of hexadecimal digits.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    if rest.is_empty() { bytes.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{PASSWORD, arbitrary, one_of, refused, verifies};
    use super::*;

    // Passlib 1.7.4 (`ldap_*`); without salt, hashlib of Python 3.11.
    #[test]
    fn hashes_of_passlib() {
        for text in [
            "{SHA}wBFJYYjnh5eS5Eft5JORpd7Gkko=",
            "{sha}wBFJYYjnh5eS5Eft5JORpd7Gkko=",
            "{MD5}7goPoJ33weEME8J5Khxfug==",
            "{SMD5}uf3z0VH74dTmzizyiPAc93NhbHQ=",
            "{SHA256}f7RERuWhObO3oHciFhtpNCnGhD0FNBL7CyE3AkK4vbA=",
            "{SSHA256}FMa4ATrlqQ1NaQrKMFj2klD7VCPV0TmPSp0FayIliA9zYWx0c2FsdA==",
            "{SHA512}CKWQ1bFe+6HuV0fkV78KrhRH5bOjFVbkHBnd8vTWw2lc3YVFx8X2I6wtGQoVpZVuVsftC++RLO5GPIvd7H4Lyg==",
            "{SSHA512}s3FOPMgVYqBO0w3WzPkne+tyzouHb9eDOJIoRJtla4L0U7+PFku4DOCVwjjDgbe2zKjD8FVOP7/zXoB2Q34wpHNhbHRzYWx0",
        ] {
            assert!(
                verifies(Format::Ldap, text, PASSWORD) && verifies(Format::Auto, text, PASSWORD),
                "{text}"
            );
            assert!(!verifies(Format::Ldap, text, "pässword 2"), "{text}");
        }
    }

    #[test]
    fn upper_case_is_hexadecimal_too() {
        assert!(verifies(Format::Md5Hex, "EE0A0fa09df7c1e10c13c2792a1c5fbA", PASSWORD));
    }

    #[test]
    fn what_is_cut_or_has_a_salt_that_it_should_not_have_is_refused() {
        for text in [
            "ee0a0fa09df7c1e10c13c2792a1c5fb",
            "ee",
            "zz0a0fa09df7c1e10c13c2792a1c5fba",
            "+e0a0fa09df7c1e10c13c2792a1c5fba",
        ] {
            assert_eq!(refused(Format::Md5Hex, text), SecretError::Malformed(Format::Md5Hex));
        }
        for text in [
            "{SHA}wBFJYYjnh5eS5Eft5JORpd7G",
            "{SHA}idX3pKaj4FpK0K4cUUxogwqgcipzYWx0c2FsdA==",
            "{SSHA}wBFJYYjnh5eS5Eft5JORpd7Gkko=",
            "{SHA}",
            "{SHA",
            "{ROT13}abc",
            "{SHA}wBFJ!",
        ] {
            assert_eq!(refused(Format::Ldap, text), SecretError::Malformed(Format::Ldap), "{text}");
        }
    }

    #[test]
    fn a_salt_column_that_is_absent_or_empty_is_missed() {
        let (text, _) = Format::Sha1HexSaltLast.example();
        for salt in [None, Some("")] {
            let read = super::super::Secret::read(Format::Sha1HexSaltLast, text, salt);
            assert_eq!(read.err(), Some(SecretError::NoSalt(Format::Sha1HexSaltLast)));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in one_of("\\{S?(SHA|MD5)(256|512)?\\}[A-Za-z0-9+/]{0,130}={0,2}")) {
            arbitrary(Format::Ldap, &text);
        }

        #[test]
        fn any_digits_are_read_or_refused(text in one_of("[0-9a-fA-F]{31,41}")) {
            arbitrary(Format::Md5Hex, &text);
            arbitrary(Format::Sha1HexSaltFirst, &text);
        }
    }
}
