//! The provider backed by the server's own store.

use std::num::NonZeroUsize;

use storage::{Account, CreateError, Hash, Kept, ScramKeys, StorageError, Store};
use zeroize::Zeroizing;

use crate::blocking::Blocking;
use crate::decoy::Decoys;
use crate::found::AccountKeys;
use crate::future::BoxFuture;
use crate::keys::{PasswordError, new_keys};
use crate::provider::{ChangeError, LogIn, Lookup, Outcome, Provider, ProviderError};

mod foreign;

use foreign::Attempt;

const NAME: &str = "internal";

/// How keys are derived when a password is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashing {
    /// One set of keys for each (`auth.scram`), the strongest first.
    pub hashes: Vec<Hash>,
    /// PBKDF2 iterations.
    pub iterations: u32,
    /// How many passwords are hashed concurrently; the others wait.
    pub at_once: NonZeroUsize,
}

/// Accounts in [`storage`], with a password each.
pub struct Internal {
    store: Store,
    random: runtime::SharedRandom,
    decoys: Decoys,
    hashing: Hashing,
    blocking: Blocking,
}

impl Internal {
    /// The provider backed by a store. `decoys` should be those of the domain's chain.
    pub fn new(store: Store, random: runtime::SharedRandom, decoys: Decoys, hashing: Hashing) -> Self {
        let blocking = Blocking::new(hashing.at_once);
        Internal { store, random, decoys, hashing, blocking }
    }

    /// Keys for a new password, derived off the calling thread.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn new_keys(&self, password: &str) -> Result<Vec<ScramKeys>, PasswordError> {
        let password = Zeroizing::new(password.to_owned());
        let (random, hashing) = (self.random.clone(), self.hashing.clone());
        let made = self
            .blocking
            .run(move || new_keys(&*random, &hashing.hashes, hashing.iterations, &password))
            .await;
        match made {
            Some(made) => made,
            // The runtime is shutting down; the keys are no longer needed.
            None => Ok(Vec::new()),
        }
    }

    /// An account that another provider has is none of this one's: whoever is removed there has nothing here.
    async fn account(&self, domain: &str, local: &str) -> Result<Option<(Account, Kept)>, ProviderError> {
        let found = self.store.accounts().credentials(domain, local).await.map_err(failed)?;
        Ok(found.filter(|(account, _)| account.provider.is_none()))
    }

    /// The account without how its password is kept; `None` if another provider has it.
    async fn own(&self, domain: &str, local: &str) -> Result<Option<Account>, ProviderError> {
        let found = self.store.accounts().lookup(domain, local).await.map_err(failed)?;
        Ok(found.filter(|account| account.provider.is_none()))
    }

    async fn lookup(&self, domain: &str, local: &str, hash: Hash) -> Result<Lookup, ProviderError> {
        let Some((account, kept)) = self.account(domain, local).await? else {
            return Ok(Lookup::NoSuchAccount);
        };
        let keys = match kept {
            Kept::Keys(keys) => keys,
            Kept::Secret(stored) => self.keys_of(&account, stored).await,
        };
        let keys = keys.into_iter().find(|k| k.hash == hash).map(AccountKeys::Stored);
        Ok(match (account.enabled, keys) {
            (true, Some(keys)) => Lookup::Keys(keys),
            (true, None) => Lookup::NoKeys,
            (false, keys) => Lookup::Locked(keys),
        })
    }

    async fn verify(&self, domain: &str, local: &str, password: &str) -> Result<Outcome, ProviderError> {
        let (account, kept) = self.account(domain, local).await?.unzip();
        let own = kept.filter(|kept| !matches!(kept, Kept::Keys(keys) if keys.is_empty()));
        let attempt = Attempt {
            local: local.to_owned(),
            domain: domain.to_owned(),
            password: Zeroizing::new(password.to_owned()),
        };
        let Some(own) = own else {
            // The same work, so that timing does not reveal which accounts exist.
            let kept = self.imitated(domain, local).await;
            let done = self.check(attempt, kept).await.is_some();
            return Ok(match account {
                _ if !done => Outcome::TryLater,
                None => Outcome::NoSuchAccount,
                Some(_) => Outcome::Refuse,
            });
        };
        let (Some(account), Some((right, keys, own))) = (account, self.check(attempt, own).await) else {
            return Ok(Outcome::TryLater);
        };
        match own {
            _ if !right => return Ok(Outcome::Refuse),
            _ if !account.enabled => return Ok(Outcome::Locked),
            Kept::Secret(stored) => self.replace(&account, stored, &keys).await,
            Kept::Keys(_) => {}
        }
        Ok(Outcome::Accept)
    }

    /// Whether the password is right, the keys that replace a secret, and what was kept. `None` if it did not complete.
    async fn check(&self, attempt: Attempt, kept: Kept) -> Option<(bool, Vec<ScramKeys>, Kept)> {
        let (random, hashing) = (self.random.clone(), self.hashing.clone());
        let work = move || {
            let (right, keys) = attempt.check(&kept, &*random, &hashing);
            (right, keys, kept)
        };
        self.blocking.run(work).await
    }

    async fn decoys_for(&self, domain: &str, local: &str) -> Vec<ScramKeys> {
        let mut keys = Vec::with_capacity(self.hashing.hashes.len());
        for &hash in &self.hashing.hashes {
            keys.push(self.decoys.keys(domain, local, hash).await);
        }
        keys
    }

    async fn offered(&self, domain: &str) -> Result<Vec<Hash>, ProviderError> {
        let hashes = self.hashing.hashes.iter().copied();
        match self.store.accounts().common_hashes(domain).await {
            Ok(common) => Ok(hashes.filter(|hash| common.contains(hash)).collect()),
            // A client that is offered nothing gives up; one that tries is told to come back.
            Err(error) if error.is_temporary() => Ok(hashes.collect()),
            Err(error) => Err(failed(error)),
        }
    }
}

fn failed(error: StorageError) -> ProviderError {
    ProviderError { provider: NAME.to_owned(), what: error.to_string(), temporary: error.is_temporary() }
}

impl Provider for Internal {
    fn name(&self) -> &str {
        NAME
    }

    fn keys<'a>(&'a self, log_in: LogIn<'a>, hash: Hash) -> BoxFuture<'a, Result<Lookup, ProviderError>> {
        Box::pin(self.lookup(log_in.domain, log_in.local, hash))
    }

    fn verify_plain<'a>(
        &'a self,
        log_in: LogIn<'a>,
        password: &'a str,
    ) -> BoxFuture<'a, Result<Outcome, ProviderError>> {
        Box::pin(self.verify(log_in.domain, log_in.local, password))
    }

    fn exists<'a>(&'a self, domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>> {
        Box::pin(async move { Ok(self.own(domain, local).await?.is_some()) })
    }

    fn create<'a>(
        &'a self,
        domain: &'a str,
        local: &'a str,
        password: &'a str,
        now_us: i64,
    ) -> BoxFuture<'a, Result<(), ChangeError>> {
        Box::pin(async move {
            let keys = self.new_keys(password).await.map_err(ChangeError::Password)?;
            match self.store.accounts().create(domain, local, &keys, now_us).await {
                Ok(_) => Ok(()),
                Err(CreateError::Exists) => Err(ChangeError::Exists),
                Err(CreateError::Storage(error)) => Err(ChangeError::Failed(failed(error))),
            }
        })
    }

    fn set_password<'a>(
        &'a self,
        domain: &'a str,
        local: &'a str,
        password: &'a str,
    ) -> BoxFuture<'a, Result<(), ChangeError>> {
        Box::pin(async move {
            let account = self.own(domain, local).await.map_err(ChangeError::Failed)?;
            let account = account.ok_or(ChangeError::NoSuchAccount)?;
            let keys = self.new_keys(password).await.map_err(ChangeError::Password)?;
            let set = self.store.accounts().set_keys(account.id, &keys).await;
            match set.map_err(|error| ChangeError::Failed(failed(error)))? {
                true => Ok(()),
                false => Err(ChangeError::NoSuchAccount),
            }
        })
    }

    fn keeps_our_rows(&self) -> bool {
        true
    }

    fn hashes_offered<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Vec<Hash>, ProviderError>> {
        Box::pin(self.offered(domain))
    }
}

#[cfg(test)]
mod tests;
