//! PBKDF2 (RFC 8018 §5.2) as Django and Passlib write it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use storage::Hash;
use subtle::ConstantTimeEq;

use crate::digest::{output_len, salted_password};

use super::bounds::Bounds;
use super::error::{SecretError, bounded};
use super::format::Format;
use super::number;

pub(super) struct Pbkdf2 {
    hash: Hash,
    iterations: u32,
    salt: Vec<u8>,
    expected: Vec<u8>,
}

impl Pbkdf2 {
    pub(super) fn read(text: &str, bounds: &Bounds) -> Result<Self, SecretError> {
        let malformed = || SecretError::Malformed(Format::Pbkdf2);
        let mut fields = text.split('$');
        let mut next = || fields.next().ok_or_else(malformed);
        let (scheme, passlib) = match next()? {
            "" => (next()?, true),
            scheme => (scheme, false),
        };
        let hash = hash(scheme, passlib).ok_or_else(malformed)?;
        let iterations = number(next()?).filter(|count| *count > 0).ok_or_else(malformed)?;
        let (salt, expected) = (next()?, next()?);
        let (salt, expected) = match passlib {
            true => (adapted(salt), adapted(expected)),
            false => (Some(salt.as_bytes().to_vec()), STANDARD.decode(expected).ok()),
        };
        let (salt, expected) = salt.zip(expected).ok_or_else(malformed)?;
        if fields.next().is_some() || expected.len() != output_len(hash) {
            return Err(malformed());
        }
        let iterations = bounded("the number of PBKDF2 iterations", iterations, bounds.pbkdf2_iterations)?;
        Ok(Self { hash, iterations, salt, expected })
    }

    pub(super) fn verify(&self, password: &str) -> bool {
        let made = salted_password(self.hash, password.as_bytes(), &self.salt, self.iterations);
        made.ct_eq(&self.expected).into()
    }
}

fn hash(scheme: &str, passlib: bool) -> Option<Hash> {
    match (scheme, passlib) {
        ("pbkdf2_sha1", false) | ("pbkdf2", true) => Some(Hash::Sha1),
        ("pbkdf2_sha256", false) | ("pbkdf2-sha256", true) => Some(Hash::Sha256),
        ("pbkdf2_sha512", false) | ("pbkdf2-sha512", true) => Some(Hash::Sha512),
        _ => None,
    }
}

/// Passlib's base64: without padding, and with `.` for `+`.
fn adapted(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.replace('.', "+")).ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{PASSWORD, arbitrary, one_of, refused, verifies};
    use super::*;

    // Django 5.2; Passlib 1.7.4 with the salt fb ff 00 "saltysalt".
    #[test]
    fn hashes_of_django_and_passlib() {
        for text in [
            "pbkdf2_sha256$1000$saltysalt$21jer5fncZpnHbVEca/Yqg0gpVZhOTiXawOhHCkPTZk=",
            "pbkdf2_sha1$1000$saltysalt$Q5gs0u7z68k0OvUw+ItTzdNw4eY=",
            "$pbkdf2$1000$./8Ac2FsdHlzYWx0$x/BJ6LccOVNpYK6yUAdonMM6Bwc",
            "$pbkdf2-sha256$1000$./8Ac2FsdHlzYWx0$Dmq949aQemEUoEFk19FPr2rRlSNsbNvY.hyhBK8gxOI",
            "$pbkdf2-sha512$1000$./8Ac2FsdHlzYWx0$p1QiWHYMWsllDg3M0DBgT30wQ/C7H5VOtMXzSO7yZ07fIYKZ3QJ/Kj5qM4.WRF2T6XnhGWMY1B1xQL8Hsp34XQ",
        ] {
            assert!(
                verifies(Format::Pbkdf2, text, PASSWORD) && verifies(Format::Auto, text, PASSWORD),
                "{text}"
            );
            assert!(!verifies(Format::Pbkdf2, text, "pässword 2"), "{text}");
        }
    }

    #[test]
    fn iterations_are_bounded() {
        for iterations in [3_000_001, u64::MAX] {
            let text = format!("pbkdf2_sha1${iterations}$saltysalt$Q5gs0u7z68k0OvUw+ItTzdNw4eY=");
            let costly = SecretError::TooCostly {
                what: "the number of PBKDF2 iterations",
                asked: iterations,
                most: 3_000_000,
            };
            assert_eq!(refused(Format::Pbkdf2, &text), costly);
        }
    }

    #[test]
    fn what_is_malformed_or_cut_is_refused() {
        for text in [
            "pbkdf2_sha1$0$saltysalt$Q5gs0u7z68k0OvUw+ItTzdNw4eY=",
            "pbkdf2_sha1$+1$saltysalt$Q5gs0u7z68k0OvUw+ItTzdNw4eY=",
            "pbkdf2_sha1$1000$saltysalt$Q5gs0u7z68k0OvUw",
            "pbkdf2_sha1$1000$saltysalt$",
            "pbkdf2_sha1$1000$saltysalt$Q5gs0u7z68k0OvUw+ItTzdNw4eY=$",
            "pbkdf2_md5$1000$saltysalt$Q5gs0u7z68k0OvUw+ItTzdNw4eY=",
            "pbkdf2$1000$./8Ac2FsdHlzYWx0$x/BJ6LccOVNpYK6yUAdonMM6Bwc",
            "$pbkdf2_sha1$1000$saltysalt$Q5gs0u7z68k0OvUw+ItTzdNw4eY=",
        ] {
            assert_eq!(refused(Format::Pbkdf2, text), SecretError::Malformed(Format::Pbkdf2), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(
            text in one_of("(pbkdf2_sha1|\\$pbkdf2)\\$[0-9]{1,2}\\$[A-Za-z0-9./+]{0,8}\\$[A-Za-z0-9./+]{26,28}=?")
        ) {
            arbitrary(Format::Pbkdf2, &text);
        }
    }
}
