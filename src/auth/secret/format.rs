//! The formats of stored passwords, by name.

use std::fmt;
use std::str::FromStr;

/// The password of every [`Format::example`], of the account `jack@chess.example`.
pub const EXAMPLE_PASSWORD: &str = "pässword 1";

/// A format's name that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a known password format")]
pub struct UnknownFormat(pub String);

macro_rules! formats {
    ($($(#[$doc:meta])* $id:ident $word:literal $example:literal $(salt $salt:literal)?;)*) => {
        /// How a source writes its passwords.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Format {
            $($(#[$doc])* #[doc = concat!("\n\n`", $word, "`, such as `", $example, "`")]
            $(#[doc = concat!("with the salt column `", $salt, "`")])? $id),*
        }

        impl Format {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$id),*];

            /// Its name, as configurations and the database have it.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$id => $word),*
                }
            }

            /// A stored password with the value of the salt column, if the format has one. It is that of
            /// [`EXAMPLE_PASSWORD`].
            pub const fn example(self) -> (&'static str, Option<&'static str>) {
                match self {
                    $(Self::$id => ($example, formats!(@salt $($salt)?))),*
                }
            }
        }
    };
    (@salt) => { None };
    (@salt $salt:literal) => { Some($salt) };
}

formats! {
    /// Whichever of `scram`, `bcrypt`, `argon2`, `pbkdf2`, `crypt` and `ldap` the text itself names by its prefix.
    /// All other text is refused.
    Auto "auto" "$2y$04$abcdefghijklmnopqrstuu6M4AonsBSlaSmLjwpr7Te.9CyLp4qpK";
    /// The password itself.
    Plain "plain" "pässword 1";
    /// SCRAM keys (RFC 5803 §2) for SHA-1, SHA-256 or SHA-512; for several of them, separated by white space or
    /// commas.
    Scram "scram" "SCRAM-SHA-256$1000:c2FsdHlzYWx0$Mhn+z4JOkqxlSmrcLCyj936cljpxjnBrx/nkW2ME37Q=:oHSZ/0bE/9le94iFBpCS8bWtbPFjLoHThIe3nD75FLs=";
    /// bcrypt as `$2a$`, `$2b$` and `$2y$`; Django's `bcrypt$` and `bcrypt_sha256$`.
    Bcrypt "bcrypt" "$2b$04$abcdefghijklmnopqrstuu6M4AonsBSlaSmLjwpr7Te.9CyLp4qpK";
    /// Argon2i, Argon2d and Argon2id as PHC strings; Django's `argon2$`.
    Argon2 "argon2" "$argon2id$v=19$m=64,t=2,p=2$c29tZXNhbHQxMjM0NTY3OA$6RQN5y67NYPEXg9NWL1fxH82KWY8fD0RAGAtWMuaIY8";
    /// PBKDF2 as Django (`pbkdf2_sha256$`, `pbkdf2_sha1$`) and Passlib (`$pbkdf2$`, `$pbkdf2-sha256$`,
    /// `$pbkdf2-sha512$`) write it.
    Pbkdf2 "pbkdf2" "pbkdf2_sha256$1000$saltysalt$21jer5fncZpnHbVEca/Yqg0gpVZhOTiXawOhHCkPTZk=";
    /// crypt(3): MD5 (`$1$`), SHA-256 (`$5$`), SHA-512 (`$6$`) and bcrypt, also after `{CRYPT}`.
    Crypt "crypt" "$6$saltstring$XGgY63P1V71pIEzmkWAAKA2p9zafjPqJCMnjIfT42NOwiSelR3y9IUy9x75IK4MOIqwcL/3xD0l5I0d.bJOa00";
    /// LDAP's `{SHA}`, `{SSHA}`, `{SHA256}`, `{SSHA256}`, `{SHA512}`, `{SSHA512}`, `{MD5}`, `{SMD5}` and `{CRYPT}`.
    Ldap "ldap" "{SSHA}idX3pKaj4FpK0K4cUUxogwqgcipzYWx0c2FsdA==";
    /// Hexadecimal MD5.
    Md5Hex "md5-hex" "ee0a0fa09df7c1e10c13c2792a1c5fba";
    /// Hexadecimal MD5 of the salt column and the password.
    Md5HexSaltFirst "md5-hex-salt-first" "3e07599e4d823b1aa4168f73023c6631" salt "NaCl";
    /// Hexadecimal MD5 of the password and the salt column.
    Md5HexSaltLast "md5-hex-salt-last" "2d4cc261730017aa370caf502e80e7cf" salt "NaCl";
    /// Hexadecimal SHA-1.
    Sha1Hex "sha1-hex" "c011496188e7879792e447ede49391a5dec6924a";
    /// Hexadecimal SHA-1 of the salt column and the password.
    Sha1HexSaltFirst "sha1-hex-salt-first" "4d7aa1ddc3d21b45a0ef7d3511e27f4071693503" salt "NaCl";
    /// Hexadecimal SHA-1 of the password and the salt column.
    Sha1HexSaltLast "sha1-hex-salt-last" "9f61e0ff5bd4ecbcc9a47013468ccff452e39c0f" salt "NaCl";
    /// Hexadecimal SHA-256.
    Sha256Hex "sha256-hex" "7fb44446e5a139b3b7a07722161b693429c6843d053412fb0b21370242b8bdb0";
    /// Hexadecimal SHA-256 of the salt column and the password.
    Sha256HexSaltFirst "sha256-hex-salt-first" "a3572d2148865e6d4a2a07b8178ad6f29773e026549d7094576f9d02dbcc00c7" salt "NaCl";
    /// Hexadecimal SHA-256 of the password and the salt column.
    Sha256HexSaltLast "sha256-hex-salt-last" "f79ed4485282a3f76ef3f72520aa9d0d881ca6fcc070bf9db94a957f789424e9" salt "NaCl";
    /// Hexadecimal SHA-512.
    Sha512Hex "sha512-hex" "08a590d5b15efba1ee5747e457bf0aae1447e5b3a31556e41c19ddf2f4d6c3695cdd8545c7c5f623ac2d190a15a5956e56c7ed0bef912cee463c8bddec7e0bca";
    /// Hexadecimal SHA-512 of the salt column and the password.
    Sha512HexSaltFirst "sha512-hex-salt-first" "5348be79f3f031aec9113088b916ed56f246d1057a1c641bc3832207e7576a4e74fbdf4c3821727ce74acf429b5a59ad7d006945da3c4c9b5ed4a27f5661905a" salt "NaCl";
    /// Hexadecimal SHA-512 of the password and the salt column.
    Sha512HexSaltLast "sha512-hex-salt-last" "70c978cfea5a09726a10154211fd6541ec75bbdca5e98e00f7b07aca3f2d08c354c7f6dd0789a053e19b57ddb9851b855142fc3b7f2ff75f37e47d6dffd9574b" salt "NaCl";
    /// The `a1hash` of jabberd2: hexadecimal MD5 of `user:realm:password`. The salt column is the realm; without one it
    /// is the account's domain.
    A1Hash "a1hash" "2ac5edba3bf4cb2dd3e3a7a16604f5da" salt "other realm";
}

impl Format {
    /// Whether a stored password may be of no use for SCRAM, so that only a client that sends its password can be
    /// verified.
    pub const fn is_one_way(self) -> bool {
        !matches!(self, Self::Plain | Self::Scram)
    }

    /// The format itself; for [`Format::Auto`] the one that the text names.
    pub fn of(self, text: &str) -> Option<Self> {
        match self {
            Self::Auto => named(text.trim()),
            format => Some(format),
        }
    }
}

/// The beginnings by which a text says what it is.
const NAMED: &[(&str, Format)] = &[
    ("scram-sha-", Format::Scram),
    ("$2a$", Format::Bcrypt),
    ("$2b$", Format::Bcrypt),
    ("$2y$", Format::Bcrypt),
    ("bcrypt$", Format::Bcrypt),
    ("bcrypt_sha256$", Format::Bcrypt),
    ("$argon2", Format::Argon2),
    ("argon2$", Format::Argon2),
    ("pbkdf2_", Format::Pbkdf2),
    ("$pbkdf2", Format::Pbkdf2),
    ("$1$", Format::Crypt),
    ("$5$", Format::Crypt),
    ("$6$", Format::Crypt),
    ("{crypt}", Format::Crypt),
    ("{", Format::Ldap),
];

fn named(text: &str) -> Option<Format> {
    let begins =
        |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    NAMED.iter().find(|(prefix, _)| begins(prefix)).map(|(_, format)| *format)
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.iter().find(|format| format.word() == word);
        found.copied().ok_or_else(|| UnknownFormat(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for format in Format::ALL {
            assert_eq!(format.word().parse(), Ok(*format));
        }
        assert_eq!("rot13".parse::<Format>(), Err(UnknownFormat("rot13".into())));
    }

    #[test]
    fn a_text_that_names_its_format_is_recognized() {
        use Format::{Argon2, Bcrypt, Crypt, Ldap, Pbkdf2, Scram};
        for format in [Scram, Bcrypt, Argon2, Pbkdf2, Crypt, Ldap] {
            assert_eq!(Format::Auto.of(format.example().0), Some(format));
        }
        assert_eq!(Format::Auto.of(" {CRYPT}$1$x"), Some(Crypt));
        for other in ["", "secret", "$", "$y$j9T$x", Format::Md5Hex.example().0, "é$2b$"] {
            assert_eq!(Format::Auto.of(other), None, "{other}");
        }
        assert_eq!(Format::Md5Hex.of("$2b$"), Some(Format::Md5Hex));
    }
}
