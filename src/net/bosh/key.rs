//! A sequence of keys, each the hash of the one that follows it (XEP-0124 §15).

use sha1::{Digest, Sha1};

use super::condition::Condition;

/// The last key seen, in lower case; the next key must hash to it. It is no longer secret, but the next one
/// authorizes requests, so keys must not be logged.
#[derive(Default)]
pub(super) struct Keys(Option<Box<str>>);

impl Keys {
    /// The sequence the first request begins, if any.
    pub fn begin(newkey: Option<&str>) -> Result<Self, Condition> {
        newkey.map(Self::check).transpose().map(Self)
    }

    fn check(key: &str) -> Result<Box<str>, Condition> {
        let well_formed = key.len() == 40 && key.bytes().all(|b| b.is_ascii_hexdigit());
        if well_formed { Ok(key.to_ascii_lowercase().into()) } else { Err(Condition::BadRequest) }
    }

    /// Checks the keys of the next request.
    pub fn follow(&mut self, key: Option<&str>, newkey: Option<&str>) -> Result<(), Condition> {
        if let Some(last) = &self.0 {
            let key = key.ok_or(Condition::ItemNotFound)?;
            if hash(key) != **last {
                return Err(Condition::ItemNotFound);
            }
            self.0 = Some(key.to_ascii_lowercase().into());
        }
        if let Some(newkey) = newkey {
            self.0 = Some(Self::check(newkey)?);
        }
        Ok(())
    }
}

/// Hashes the key as sent, as text: its hexadecimal digits are not decoded.
fn hash(key: &str) -> String {
    Sha1::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
