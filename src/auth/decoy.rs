//! Decoy keys for accounts that do not exist.

use std::sync::Arc;

use runtime::Random;
use storage::{Account, Hash, Kept, ScramKeys, StorageError, Store};

use crate::keys::{SALT_LEN, decoy_keys, decoy_model};

/// The name of the secret among the database's settings.
const SETTING: &str = "auth.decoy-secret";

const SECRET_LEN: usize = 32;

/// Generates keys for accounts that do not exist: derived from the server's secret, and shaped like those of
/// an account of the domain. No `Debug`, since it contains the secret.
#[derive(Clone)]
pub struct Decoys {
    secret: Arc<[u8]>,
    /// Used for a domain without accounts with such keys.
    shape: Shape,
    /// Used to imitate existing accounts.
    store: Option<Store>,
}

/// What a challenge reveals of an account's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Of PBKDF2.
    pub iterations: u32,
    /// Bytes of the salt.
    pub salt_len: usize,
}

impl Decoys {
    /// `secret`: at least 16 random bytes, the same after a restart; `iterations`: those of new accounts.
    pub fn new(secret: impl Into<Arc<[u8]>>, iterations: u32) -> Self {
        Decoys { secret: secret.into(), shape: Shape { iterations, salt_len: SALT_LEN }, store: None }
    }

    /// With the secret stored in the database; created by the first call.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open(store: &Store, random: &dyn Random, iterations: u32) -> Result<Self, StorageError> {
        let settings = store.settings();
        let kept = settings.get(SETTING).await?;
        let secret = match kept {
            Some(secret) => secret,
            None => {
                let mut secret = vec![0; SECRET_LEN];
                random.fill(&mut secret);
                settings.set(SETTING, &secret).await?;
                secret
            }
        };
        Ok(Decoys { store: Some(store.clone()), ..Decoys::new(secret, iterations) })
    }

    /// The keys of a name without an account. Accounts of different ages have different iteration counts, and
    /// so have decoys: each imitates an account chosen by its name.
    pub async fn keys(&self, domain: &str, local: &str, hash: Hash) -> ScramKeys {
        let keys = match self.model(domain, local).await {
            Some(Kept::Keys(keys)) => keys.into_iter().find(|keys| keys.hash == hash),
            Some(Kept::Secret(_)) | None => None,
        };
        let shape = keys.map(|keys| Shape { iterations: keys.iterations, salt_len: keys.salt.len() });
        decoy_keys(&self.secret, domain, local, hash, shape.unwrap_or(self.shape))
    }

    /// The same, with this shape.
    pub(crate) fn keys_like(&self, domain: &str, local: &str, hash: Hash, shape: Shape) -> ScramKeys {
        decoy_keys(&self.secret, domain, local, hash, shape)
    }

    /// The local part of an account of the domain, chosen by a name that need not be one; `None` if there is none.
    pub(crate) async fn neighbour(&self, domain: &str, local: &str) -> Option<String> {
        let store = self.store.as_ref()?;
        Some(self.near(store, domain, local).await.ok()??.local)
    }

    async fn near(&self, store: &Store, domain: &str, local: &str) -> Result<Option<Account>, StorageError> {
        let accounts = store.accounts();
        let start = decoy_model(&self.secret, domain, local);
        let mut near = accounts.list(domain, Some(&start), 1).await?;
        if near.is_empty() {
            near = accounts.list(domain, None, 1).await?;
        }
        Ok(near.pop())
    }

    /// How the password is kept of the account that a name without one imitates; `None` if the domain has none.
    pub(crate) async fn model(&self, domain: &str, local: &str) -> Option<Kept> {
        self.found(domain, local).await.unwrap_or_else(|error| {
            if !error.is_temporary() {
                tracing::error!(%error, "cannot choose the account that an unknown one imitates");
            }
            None
        })
    }

    async fn found(&self, domain: &str, local: &str) -> Result<Option<Kept>, StorageError> {
        let Some(store) = &self.store else { return Ok(None) };
        let Some(account) = self.near(store, domain, local).await? else { return Ok(None) };
        Ok(store.accounts().credentials(domain, &account.local).await?.map(|(_, kept)| kept))
    }
}
