//! By what an importer sees whether a password has been changed here.

use sha2::{Digest, Sha256};

use crate::{AccountSecret, Kept, ScramKeys};

/// What is recorded of it.
const BYTES: usize = 16;

/// Of a password that is kept itself: only an import makes such an account, so whichever it is, it was not changed here. A
/// digest of it would outlive it, and be easier to guess from than any hash of a password.
const PLAIN: &[u8] = b"plain";

impl Kept {
    /// The same for the same password, if it is kept in the same way and has not been set anew.
    pub fn mark(&self) -> Vec<u8> {
        match self {
            Self::Keys(keys) => mark_of_keys(keys),
            Self::Secret(secret) => mark_of_secret(secret),
        }
    }
}

pub(crate) fn mark_of_secret(secret: &AccountSecret) -> Vec<u8> {
    if !secret.one_way {
        return PLAIN.to_vec();
    }
    let salt = secret.salt.as_deref().unwrap_or_default();
    digest(&[secret.format.as_bytes(), secret.text.as_bytes(), salt.as_bytes()])
}

pub(crate) fn mark_of_keys(keys: &[ScramKeys]) -> Vec<u8> {
    let mut sorted: Vec<_> = keys.iter().collect();
    sorted.sort_by_key(|keys| keys.hash.bit());
    let parts = sorted.iter().flat_map(|keys| [&keys.salt, &keys.stored_key, &keys.server_key]);
    digest(&parts.map(Vec::as_slice).collect::<Vec<_>>())
}

fn digest(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(BYTES).copied().collect()
}
