//! What is answered for accounts that do not exist.

use std::sync::Arc;

use runtime::Random;
use storage::{Hash, ScramKeys, StorageError, Store};

use crate::keys::{SALT_LEN, decoy_keys, decoy_model};

/// The name of the secret among the settings in the database.
const SETTING: &str = "auth.decoy-secret";

const SECRET_LEN: usize = 32;

/// What answers for accounts that do not exist: made from the server's secret, and shaped as an account of the domain is.
/// Without `Debug`.
#[derive(Clone)]
pub struct Decoys {
    secret: Arc<[u8]>,
    /// Of a domain that has no account with such keys.
    shape: Shape,
    /// Where accounts are, to look like one of them.
    store: Option<Store>,
}

/// What a challenge shows of an account's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub iterations: u32,
    pub salt_len: usize,
}

impl Decoys {
    /// `secret`: at least 16 random bytes, the same after a restart; `iterations`: those that new accounts get.
    pub fn new(secret: impl Into<Arc<[u8]>>, iterations: u32) -> Self {
        Decoys { secret: secret.into(), shape: Shape { iterations, salt_len: SALT_LEN }, store: None }
    }

    /// With the secret that the database keeps; the first call makes it.
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

    /// The keys of a name that has no account. Accounts of different age have different counts of iterations, and so have
    /// decoys: each has those of an account that its name chooses.
    pub async fn keys(&self, domain: &str, local: &str, hash: Hash) -> ScramKeys {
        let shape = match self.model(domain, local, hash).await {
            Ok(model) => model.unwrap_or(self.shape),
            Err(error) => {
                tracing::error!(%error, "cannot choose the key parameters shown for an unknown account");
                self.shape
            }
        };
        decoy_keys(&self.secret, domain, local, hash, shape)
    }

    async fn model(&self, domain: &str, local: &str, hash: Hash) -> Result<Option<Shape>, StorageError> {
        let Some(store) = &self.store else { return Ok(None) };
        let accounts = store.accounts();
        let start = decoy_model(&self.secret, domain, local);
        let mut near = accounts.list(domain, Some(&start), 1).await?;
        if near.is_empty() {
            near = accounts.list(domain, None, 1).await?;
        }
        let Some(account) = near.first() else { return Ok(None) };
        let keys = accounts.keys(domain, &account.local).await?.map(|(_, keys)| keys).unwrap_or_default();
        let keys = keys.into_iter().find(|keys| keys.hash == hash);
        Ok(keys.map(|keys| Shape { iterations: keys.iterations, salt_len: keys.salt.len() }))
    }
}
