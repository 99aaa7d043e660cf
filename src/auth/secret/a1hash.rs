//! `H(A1)` of Digest authentication (RFC 2617 §3.2.2.2), as jabberd2 keeps it.

use subtle::ConstantTimeEq;

use super::AccountName;
use super::algorithm::Algorithm;
use super::error::SecretError;
use super::format::Format;
use super::salted::hex;

pub(super) struct A1Hash {
    /// `None`: the account's domain.
    realm: Option<String>,
    expected: Vec<u8>,
}

impl A1Hash {
    pub(super) fn read(text: &str, realm: Option<&str>) -> Result<Self, SecretError> {
        let expected = hex(text).filter(|hash| hash.len() == Algorithm::Md5.output_len());
        let expected = expected.ok_or(SecretError::Malformed(Format::A1Hash))?;
        Ok(Self { realm: realm.map(str::to_owned), expected })
    }

    pub(super) fn verify(&self, account: AccountName<'_>, password: &str) -> bool {
        let realm = self.realm.as_deref().unwrap_or(account.domain);
        let parts = [account.local, ":", realm, ":", password];
        Algorithm::Md5.digest(&parts.map(str::as_bytes)).ct_eq(&self.expected).into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::super::tests::{JACK, PASSWORD, arbitrary, one_of};
    use super::*;

    // hashlib of Python 3.11: md5(b"jack:chess.example:" + password), md5(b"jack:other realm:" + password).
    #[test]
    fn the_realm_is_the_salt_column_or_the_domain() {
        let read = |text, realm| Secret::read(Format::A1Hash, text, realm).ok().unwrap();
        let own = read("0b4aa70bf22b6f76cbbbbe953b9e0b83", None);
        assert!(own.verify(JACK, PASSWORD));
        assert!(!own.verify(AccountName { domain: "other.example", ..JACK }, PASSWORD));
        assert!(!own.verify(AccountName { local: "jill", ..JACK }, PASSWORD));
        assert!(read("0B4AA70BF22B6F76CBBBBE953B9E0B83", Some("")).verify(JACK, PASSWORD));
        let other = read("2ac5edba3bf4cb2dd3e3a7a16604f5da", Some("other realm"));
        assert!(other.verify(AccountName { domain: "other.example", ..JACK }, PASSWORD));
        assert!(!other.verify(JACK, "pässword"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in one_of("[0-9a-f]{30,33}")) {
            arbitrary(Format::A1Hash, &text);
        }
    }
}
