//! crypt(3) with MD5, SHA-256 and SHA-512.

use sha_crypt::{Params, sha256_crypt, sha512_crypt};
use subtle::ConstantTimeEq;

use super::bounds::{Bounds, MAX_CRYPT_PASSWORD};
use super::error::{SecretError, bounded};
use super::format::Format;
use super::md5_crypt::md5_crypt;
use super::number;

/// The digits of crypt(3), which write six bits each, the lowest first.
const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

pub(super) struct Crypt {
    scheme: Scheme,
    salt: Vec<u8>,
    expected: String,
}

enum Scheme {
    Md5,
    Sha256(Params),
    Sha512(Params),
}

impl Scheme {
    /// How many bytes of a salt are used, and how many digits the hash has.
    fn lengths(&self) -> (usize, usize) {
        match self {
            Self::Md5 => (8, 22),
            Self::Sha256(_) => (16, 43),
            Self::Sha512(_) => (16, 86),
        }
    }
}

impl Crypt {
    /// # Errors
    /// [`SecretError::Malformed`] of `format`, [`SecretError::TooCostly`].
    pub(super) fn read(format: Format, text: &str, bounds: &Bounds) -> Result<Self, SecretError> {
        let malformed = || SecretError::Malformed(format);
        let (scheme, rest) =
            text.strip_prefix('$').and_then(|rest| rest.split_once('$')).ok_or_else(malformed)?;
        let (rounds, rest) = match rest.strip_prefix("rounds=").and_then(|rest| rest.split_once('$')) {
            Some((count, rest)) => (Some(number(count).ok_or_else(malformed)?), rest),
            None => (None, rest),
        };
        let scheme = match (scheme, rounds) {
            ("1", None) => Scheme::Md5,
            ("5", rounds) => Scheme::Sha256(params(format, rounds, bounds)?),
            ("6", rounds) => Scheme::Sha512(params(format, rounds, bounds)?),
            _ => return Err(malformed()),
        };
        let (salt, expected) = rest.split_once('$').ok_or_else(malformed)?;
        let (salt_len, digits) = scheme.lengths();
        if expected.len() != digits || !expected.bytes().all(|digit| DIGITS.contains(&digit)) {
            return Err(malformed());
        }
        let salt = salt.bytes().take(salt_len).collect();
        Ok(Self { scheme, salt, expected: expected.to_owned() })
    }

    pub(super) fn verify(&self, password: &str) -> bool {
        let password = password.as_bytes();
        if password.len() > MAX_CRYPT_PASSWORD {
            return false;
        }
        let made = match &self.scheme {
            Scheme::Md5 => digits(&md5_crypt(password, &self.salt), |[a, b, c]| [a + 1, b + 1, c + 1]),
            Scheme::Sha256(rounds) => {
                digits(&sha256_crypt(password, &self.salt, *rounds), |[a, b, c]| [c + 1, a + 1, b + 1])
            }
            Scheme::Sha512(rounds) => {
                digits(&sha512_crypt(password, &self.salt, *rounds), |[a, b, c]| [b + 1, c + 1, a + 1])
            }
        };
        made.as_bytes().ct_eq(self.expected.as_bytes()).into()
    }
}

/// A new hash: SHA-512 with the usual rounds; `None` if the password is too long.
pub(super) fn hash(salt: &[u8], password: &[u8]) -> Option<String> {
    if password.len() > MAX_CRYPT_PASSWORD {
        return None;
    }
    let digit = |byte: &u8| DIGITS.get(usize::from(byte & 63)).copied();
    let salt: Vec<u8> = salt.iter().filter_map(digit).collect();
    let rounds = Params::new(Params::RECOMMENDED_ROUNDS).ok()?;
    let made = digits(&sha512_crypt(password, &salt, rounds), |[a, b, c]| [b + 1, c + 1, a + 1]);
    Some(format!("$6${}${made}", String::from_utf8(salt).ok()?))
}

/// The rounds of SHA-crypt; 5000 without a number.
fn params(format: Format, rounds: Option<u64>, bounds: &Bounds) -> Result<Params, SecretError> {
    let rounds = rounds.unwrap_or(Params::RECOMMENDED_ROUNDS.into());
    let rounds = bounded("the number of crypt rounds", rounds, bounds.crypt_rounds)?;
    Params::new(rounds).map_err(|_| SecretError::Malformed(format))
}

/// Writes a hash in the order of crypt(3): groups of three bytes, each group made of the one before it, and the rest from
/// its end. SHA-crypt's come in the order 0, n, 2n, rotated; of MD5's, the last group takes the byte that is left out.
fn digits(hash: &[u8], next: impl Fn([usize; 3]) -> [usize; 3]) -> String {
    let third = hash.len() / 3;
    let start = if hash.len() == 16 { [0, 6, 12] } else { [0, third, 2 * third] };
    let byte = |at: usize| u32::from(hash.get(at).copied().unwrap_or_default());
    let mut text = String::with_capacity(hash.len() * 4 / 3 + 1);
    let mut group = start;
    for _ in 0..third {
        let [high, middle, low] = group.map(|at| if at == 16 && hash.len() == 16 { 5 } else { at });
        write(&mut text, byte(high) << 16 | byte(middle) << 8 | byte(low), 4);
        group = next(group);
    }
    match hash.len() {
        16 => write(&mut text, byte(11), 2),
        32 => write(&mut text, byte(31) << 8 | byte(30), 3),
        _ => write(&mut text, byte(63), 2),
    }
    text
}

fn write(text: &mut String, mut bits: u32, count: usize) {
    for _ in 0..count {
        text.extend(DIGITS.get((bits & 63) as usize).copied().map(char::from));
        bits >>= 6;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{PASSWORD, arbitrary, one_of, refused, verifies};
    use super::*;

    // Python 3.11's crypt (libxcrypt).
    #[test]
    fn hashes_of_libxcrypt() {
        for text in [
            "$1$saltsalt$2f.bWx.H.UmlFhfc8jBL/.",
            "$1$ab$GOwVB3cdiNLYyHAjOqnqX0",
            "$5$saltstringsalt$rTuNer0uIrErEK8/YZqMpQOiXNSc5/Ff2taoY0scwD1",
            "$5$rounds=1234$saltstring$.USZoS23v5aoPyRoEmUC2tHp47zC5cG2fXlmTmiMtk4",
            "$6$saltstring$XGgY63P1V71pIEzmkWAAKA2p9zafjPqJCMnjIfT42NOwiSelR3y9IUy9x75IK4MOIqwcL/3xD0l5I0d.bJOa00",
            "$6$rounds=1400$anotherlongsalts$cpod0PkqlxmxyB4c2hiEdziAX.0bgm3I8uCPcu6ggUJpd72Np2iEA/pgJ317cvlmjyWqwfonKZ2Gl304FPtFP0",
        ] {
            for text in [text, &format!("{{CRYPT}}{text}"), &format!("{{crypt}}{text}")] {
                assert!(
                    verifies(Format::Crypt, text, PASSWORD) && verifies(Format::Auto, text, PASSWORD),
                    "{text}"
                );
                assert!(!verifies(Format::Crypt, text, "pässword 2"), "{text}");
                assert!(!verifies(Format::Crypt, text, ""), "{text}");
            }
            assert!(verifies(Format::Ldap, &format!("{{CRYPT}}{text}"), PASSWORD), "{text}");
        }
        let long = "This is a rather long password that exceeds sixteen and thirty-two and sixty-four bytes";
        for text in [
            "$1$saltsalt$qwjdXdz2.htafGciF.fuI1",
            "$5$saltstringsalt$G2lJ3V/J4bNh2BJdsIdmqTmbfgnuEAn0QTFGPiy8TV3",
            "$6$saltstring$j0kxQyPpg1F8lBCgiW4q8XPhi.jiismULrZhEr/4gL4hgEHDZIMUbg1f0xJxhtrt1C7ILjQm3MTYgcQ95Xrnh1",
        ] {
            assert!(verifies(Format::Crypt, text, long), "{text}");
        }
    }

    // Drepper, "Unix crypt using SHA-256 and SHA-512"; PHP's manual, crypt().
    #[test]
    fn published_hashes() {
        let sha256 = "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";
        let sha512 = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";
        assert!(
            verifies(Format::Crypt, sha256, "Hello world!")
                && verifies(Format::Crypt, sha512, "Hello world!")
        );
        assert!(verifies(Format::Crypt, "$1$rasmusle$rISCgZzpwk3UhDidwXvin0", "rasmuslerdorf"));
    }

    #[test]
    fn rounds_are_bounded() {
        let with = |rounds: &str| {
            format!("$5$rounds={rounds}$saltstring$.USZoS23v5aoPyRoEmUC2tHp47zC5cG2fXlmTmiMtk4")
        };
        let costly =
            SecretError::TooCostly { what: "the number of crypt rounds", asked: 1_000_001, most: 1_000_000 };
        assert_eq!(refused(Format::Crypt, &with("1000001")), costly);
        for rounds in ["999", "", "-1", "+1234"] {
            let malformed = SecretError::Malformed(Format::Crypt);
            assert_eq!(refused(Format::Crypt, &with(rounds)), malformed, "{rounds}");
        }
    }

    #[test]
    fn a_password_that_crypt_does_not_take_is_wrong() {
        assert!(!verifies(Format::Crypt, Format::Crypt.example().0, &"x".repeat(513)));
    }

    #[test]
    fn other_schemes_and_cut_hashes_are_refused() {
        for text in [
            "$1$saltsalt$2f.bWx.H.UmlFhfc8jBL/",
            "$1$saltsalt$",
            "$1$saltsalt",
            "$1$rounds=1000$saltsalt$2f.bWx.H.UmlFhfc8jBL/.",
            "$1$saltsalt$2f.bWx.H.UmlFhfc8jBL!.",
            "$y$j9T$/.aBcdefgh$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ",
            "rl.3StKT.4T8M",
            "{CRYPT}",
            "{CRYPT",
        ] {
            assert_eq!(refused(Format::Crypt, text), SecretError::Malformed(Format::Crypt), "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_read_or_refused(
            text in one_of("(\\{CRYPT\\})?\\$[156]\\$(rounds=1[0-9]{3}\\$)?[ -~é]{0,18}\\$([./A-Za-z0-9]{22}|[./A-Za-z0-9]{43}|[./A-Za-z0-9]{86})")
        ) {
            arbitrary(Format::Crypt, &text);
        }
    }
}
