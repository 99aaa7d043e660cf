//! The hashes of SCRAM's mechanisms.

use anyhow::{Result, anyhow};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    pub fn mechanism(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
        }
    }

    pub fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
        }
    }

    pub fn mac(self, key: &[u8], data: &[u8]) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Sha1 => {
                Hmac::<Sha1>::new_from_slice(key)?.chain_update(data).finalize().into_bytes().to_vec()
            }
            Self::Sha256 => {
                Hmac::<Sha256>::new_from_slice(key)?.chain_update(data).finalize().into_bytes().to_vec()
            }
        })
    }

    /// `Hi` of RFC 5802.
    pub fn salted(self, password: &[u8], salt: &[u8], iterations: u32) -> Result<Vec<u8>> {
        let mut out = vec![0; self.digest(b"").len()];
        let done = match self {
            Self::Sha1 => pbkdf2::pbkdf2::<Hmac<Sha1>>(password, salt, iterations, &mut out),
            Self::Sha256 => pbkdf2::pbkdf2::<Hmac<Sha256>>(password, salt, iterations, &mut out),
        };
        done.map_err(|error| anyhow!("{error}"))?;
        Ok(out)
    }
}
