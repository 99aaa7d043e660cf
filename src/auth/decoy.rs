//! What is answered for accounts that do not exist.

use std::sync::Arc;

use runtime::Random;
use storage::{Hash, ScramKeys, StorageError, Store};

use crate::keys::decoy_keys;

/// The name of the secret among the settings in the database.
const SETTING: &str = "auth.decoy-secret";

const SECRET_LEN: usize = 32;

/// The server's secret and the iterations that new accounts get: all that [`decoy_keys`] needs. Without `Debug`.
#[derive(Clone)]
pub struct Decoys {
    secret: Arc<[u8]>,
    iterations: u32,
}

impl Decoys {
    /// `secret`: at least 16 random bytes, the same after a restart.
    pub fn new(secret: impl Into<Arc<[u8]>>, iterations: u32) -> Self {
        Decoys { secret: secret.into(), iterations }
    }

    /// With the secret that the database keeps; the first call makes it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open(store: &Store, random: &dyn Random, iterations: u32) -> Result<Self, StorageError> {
        let settings = store.settings();
        if let Some(secret) = settings.get(SETTING).await? {
            return Ok(Decoys::new(secret, iterations));
        }
        let mut secret = [0; SECRET_LEN];
        random.fill(&mut secret);
        settings.set(SETTING, &secret).await?;
        Ok(Decoys::new(secret, iterations))
    }

    /// The keys of a name that has no account.
    pub fn keys(&self, domain: &str, local: &str, hash: Hash) -> ScramKeys {
        decoy_keys(&self.secret, domain, local, hash, self.iterations)
    }
}
