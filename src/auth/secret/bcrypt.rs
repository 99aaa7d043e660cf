//! bcrypt, as crypt(3) and Django write it.

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::bounds::Bounds;
use super::error::{SecretError, bounded};
use super::format::Format;
use super::number;

/// bcrypt takes so many bytes of a password; the rest is ignored.
const PASSWORD: usize = 72;

/// Salts made by hand, as PHP once took them, may end in bits that are not used.
const BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, LENIENT);
const LENIENT: GeneralPurposeConfig =
    NO_PAD.with_decode_allow_trailing_bits(true).with_decode_padding_mode(DecodePaddingMode::RequireNone);

pub(super) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    expected: [u8; 23],
    /// Django's `bcrypt_sha256`: the password is hashed first, so that none is too long.
    hashed_first: bool,
}

impl Bcrypt {
    /// # Errors
    /// [`SecretError::Malformed`] of `format`, [`SecretError::TooCostly`].
    pub(super) fn read(format: Format, text: &str, bounds: &Bounds) -> Result<Self, SecretError> {
        let (hashed_first, text) = match text.split_once("$$") {
            Some(("bcrypt_sha256", rest)) => (true, rest),
            Some(("bcrypt", rest)) => (false, rest),
            _ => (false, text.strip_prefix('$').unwrap_or_default()),
        };
        let (cost, salt, expected) = parts(text).ok_or(SecretError::Malformed(format))?;
        let cost = bounded("the bcrypt cost", cost, bounds.bcrypt_cost)?;
        Ok(Self { cost, salt, expected, hashed_first })
    }

    pub(super) fn verify(&self, password: &str) -> bool {
        let hashed;
        let password = if self.hashed_first {
            let digest = Algorithm::Sha256.digest(&[password.as_bytes()]);
            hashed = Zeroizing::new(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
            hashed.as_bytes()
        } else {
            password.as_bytes()
        };
        raw(self.cost, self.salt, password)
            .iter()
            .take(self.expected.len())
            .copied()
            .collect::<Vec<u8>>()
            .ct_eq(&self.expected)
            .into()
    }
}

/// A new hash.
pub(super) fn hash(cost: u32, salt: [u8; 16], password: &[u8]) -> String {
    let made = raw(cost, salt, password);
    let hash = BASE64.encode(made.get(..23).unwrap_or_default());
    format!("$2b${cost:02}${}{hash}", BASE64.encode(salt))
}

fn raw(cost: u32, salt: [u8; 16], password: &[u8]) -> [u8; 24] {
    // As long as it fits, the NUL byte that ended it in C is hashed too.
    let bytes = password.iter().copied().chain([0]).take(PASSWORD);
    let bytes = Zeroizing::new(bytes.collect::<Vec<u8>>());
    bcrypt::bcrypt(cost, salt, &bytes)
}

/// `2b$12$` and 22 characters of salt, 31 of the hash.
fn parts(text: &str) -> Option<(u64, [u8; 16], [u8; 23])> {
    let (version, rest) = text.split_once('$')?;
    let (cost, rest) = rest.split_once('$')?;
    let known = matches!(version, "2a" | "2b" | "2y") && cost.len() == 2;
    let cost = number(cost).filter(|cost| known && (4..=31).contains(cost))?;
    let (salt, hash) = rest.split_at_checked(22)?;
    Some((cost, BASE64.decode(salt).ok()?.try_into().ok()?, BASE64.decode(hash).ok()?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{PASSWORD, arbitrary, one_of, refused, verifies};
    use super::*;

    // The bcrypt package of Python, 4.0.1; Passlib 1.7.4; Django 5.2.
    #[test]
    fn hashes_of_python_and_django() {
        for text in [
            "$2b$04$abcdefghijklmnopqrstuu6M4AonsBSlaSmLjwpr7Te.9CyLp4qpK",
            "$2a$04$abcdefghijklmnopqrstuu6M4AonsBSlaSmLjwpr7Te.9CyLp4qpK",
            "$2y$04$abcdefghijklmnopqrstuu6M4AonsBSlaSmLjwpr7Te.9CyLp4qpK",
            "bcrypt$$2b$04$abcdefghijklmnopqrstuu6M4AonsBSlaSmLjwpr7Te.9CyLp4qpK",
            "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuujq7UterWFXWUh6GBRoZEcCnsKuMjOYS",
        ] {
            assert!(
                verifies(Format::Bcrypt, text, PASSWORD) && verifies(Format::Auto, text, PASSWORD),
                "{text}"
            );
            assert!(!verifies(Format::Bcrypt, text, "pässword 2"), "{text}");
            assert!(!verifies(Format::Bcrypt, text, ""), "{text}");
        }
        let (text, _) = Format::Bcrypt.example();
        assert!(verifies(Format::Crypt, text, PASSWORD));
        assert!(verifies(Format::Crypt, &format!("{{CRYPT}}{text}"), PASSWORD));
    }

    // PHP's manual, crypt(); libxcrypt has the same. Its salt was made by hand and ended in "s".
    #[test]
    fn the_hash_of_phps_manual() {
        let text = "$2y$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi";
        assert!(verifies(Format::Bcrypt, text, "rasmuslerdorf"));
        assert!(verifies(Format::Bcrypt, &text.replace("fore2", "fors2"), "rasmuslerdorf"));
        assert!(!verifies(Format::Bcrypt, text, "rasmuslerdor"));
    }

    // The bcrypt package of Python, 4.0.1, with 72 times "x".
    #[test]
    fn what_is_beyond_72_bytes_is_ignored() {
        let text = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";
        assert!(verifies(Format::Bcrypt, text, &"x".repeat(72)));
        assert!(verifies(Format::Bcrypt, text, &"x".repeat(100)));
        assert!(!verifies(Format::Bcrypt, text, &"x".repeat(71)));
    }

    #[test]
    fn costs_and_versions_are_checked() {
        let with = |start: &str| format!("{start}$abcdefghijklmnopqrstuu6M4AonsBSlaSmLjwpr7Te.9CyLp4qpK");
        let costly = SecretError::TooCostly { what: "the bcrypt cost", asked: 15, most: 14 };
        assert_eq!(refused(Format::Bcrypt, &with("$2b$15")), costly);
        assert_eq!(
            costly.to_string(),
            "the stored password is too costly: the bcrypt cost is 15, and at most 14 is allowed"
        );
        for start in ["$2x$04", "$2b$03", "$2b$32", "$2b$4", "$2b$+4", "2b$04", "$2b$04$", "bcrypt$2b$04"] {
            assert_eq!(
                refused(Format::Bcrypt, &with(start)),
                SecretError::Malformed(Format::Bcrypt),
                "{start}"
            );
        }
        let (text, _) = Format::Bcrypt.example();
        assert_eq!(refused(Format::Bcrypt, &text[..59]), SecretError::Malformed(Format::Bcrypt));
        assert_eq!(refused(Format::Bcrypt, &text[..29]), SecretError::Malformed(Format::Bcrypt));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_read_or_refused(text in one_of("(bcrypt\\$|bcrypt_sha256\\$)?\\$2[abxy]\\$0[34]\\$[./A-Za-z0-9]{53}")) {
            arbitrary(Format::Bcrypt, &text);
        }
    }
}
