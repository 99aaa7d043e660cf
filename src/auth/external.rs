//! Accounts that live in a foreign database: it is asked at every log-in, and what it has is verified here.

mod derived;
mod model;

use std::sync::Arc;

use storage::{Hash, ScramKeys};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::decoy::Decoys;
use crate::internal::Hashing;
use crate::provider::{BoxFuture, ChangeError, Lookup, Outcome, Provider, ProviderError};
use crate::secret::{AccountName, Format, Secret, WriteError, Writing};

use self::derived::Derived;
use self::model::Models;

/// A password as a source stores it; wiped when dropped. No `Debug`, so that it cannot be logged.
pub struct StoredPassword(Zeroizing<String>);

impl StoredPassword {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a source has of an account, as it is stored there. No `Debug`, so that it cannot be logged.
pub struct AccountRecord {
    /// The stored password.
    pub secret: StoredPassword,
    /// The value of the salt column, or the realm.
    pub salt: Option<String>,
    /// Whether the account may not log in.
    pub locked: bool,
}

impl AccountRecord {
    /// Without one, no password is right.
    fn has_password(&self) -> bool {
        !self.secret.as_str().trim().is_empty()
    }
}

/// What a source says of a name.
pub enum AccountFound {
    Account(AccountRecord),
    /// It is responsible for this name, but there is no such account.
    NoSuchAccount,
    /// It is not responsible for this name.
    NotMine,
}

/// How a source stores passwords on a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storing {
    pub format: Format,
    /// For [`Format::Scram`]: the hashes that every account has keys for.
    pub hashes: Vec<Hash>,
    /// For [`Format::A1Hash`]; without it the domain.
    pub realm: Option<String>,
}

/// Where foreign accounts are found. Nothing of what it answers is kept but the keys that were derived from it.
pub trait AccountSource: Send + Sync {
    /// The name under which the configuration's `auth` lists it.
    fn name(&self) -> &str;

    /// How it stores passwords on a domain; `None`: that is not known now.
    fn storing(&self, domain: &str) -> Option<Storing>;

    fn find<'a>(
        &'a self,
        domain: &'a str,
        local: &'a str,
    ) -> BoxFuture<'a, Result<AccountFound, ProviderError>>;

    /// Whether there is such an account, locked or not.
    fn exists<'a>(&'a self, domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>>;

    /// Stores a password, written in its format; `false` if there is no such account.
    ///
    /// # Errors
    /// `None`: passwords cannot be changed there.
    fn set_password<'a>(
        &'a self,
        domain: &'a str,
        local: &'a str,
        written: StoredPassword,
    ) -> BoxFuture<'a, Result<bool, Option<ProviderError>>>;
}

/// The accounts of a source.
pub struct External<S> {
    source: S,
    random: runtime::SharedRandom,
    decoys: Decoys,
    hashing: Hashing,
    blocking: Arc<Semaphore>,
    derived: Derived,
    models: Models,
}

impl<S: AccountSource> External<S> {
    /// `decoys` should be those of the domain's chain; `hashing` says which keys are derived from plain passwords.
    pub fn new(source: S, random: runtime::SharedRandom, decoys: Decoys, hashing: Hashing) -> Self {
        let blocking = Arc::new(Semaphore::new(hashing.at_once.get()));
        let (derived, models) = (Derived::default(), Models::default());
        Self { source, random, decoys, hashing, blocking, derived, models }
    }

    fn failed(&self, what: impl Into<String>) -> ProviderError {
        ProviderError { provider: self.source.name().to_owned(), what: what.into(), temporary: false }
    }

    /// # Errors
    /// It is not known how the source stores passwords.
    fn storing(&self, domain: &str) -> Result<Storing, ProviderError> {
        self.source.storing(domain).ok_or_else(|| ProviderError {
            temporary: true, // why has been logged where it happened
            ..self.failed("the provider is not in force")
        })
    }

    /// Runs hashing on the pool for blocking work, with limited concurrency. `None` if it did not complete.
    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let permit = self.blocking.clone().acquire_owned().await.ok()?;
        // The permit moves with the work: a caller that gives up does not free it before the work is done.
        let work = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        work.await.ok()
    }

    async fn lookup(&self, domain: &str, local: &str, hash: Hash) -> Result<Lookup, ProviderError> {
        let storing = self.storing(domain)?;
        let (record, is_account) = match self.source.find(domain, local).await? {
            AccountFound::NotMine => return Ok(Lookup::NotMine),
            AccountFound::NoSuchAccount => (None, false),
            AccountFound::Account(record) => (Some(record), true),
        };
        let locked = record.as_ref().is_some_and(|record| record.locked);
        let record = record.filter(AccountRecord::has_password);
        let keys = match storing.format {
            // An unknown name costs what a known one does; no password fits the keys that come of it.
            Format::Plain => self.derived_keys(domain, local, hash, record).await?,
            _ => record.map(|record| self.keys_in(storing.format, &record, hash)).transpose()?.flatten(),
        };
        Ok(match (is_account, locked, keys) {
            (false, ..) => Lookup::NoSuchAccount,
            (true, true, keys) => Lookup::Locked(keys),
            (true, false, Some(keys)) => Lookup::Keys(keys),
            (true, false, None) => Lookup::NoKeys,
        })
    }

    /// The keys of a plain password: with the salt that a decoy of this name has, which is the same at each log-in.
    async fn derived_keys(
        &self,
        domain: &str,
        local: &str,
        hash: Hash,
        record: Option<AccountRecord>,
    ) -> Result<Option<ScramKeys>, ProviderError> {
        let decoy = self.decoys.keys(domain, local, hash).await;
        let is_known = record.is_some();
        let secret = record.map_or_else(|| Zeroizing::new(String::from("\u{1}")), |record| record.secret.0);
        let name = (domain, local, hash);
        if let Some(keys) = self.derived.get(name, &secret, &decoy) {
            return Ok(is_known.then_some(keys));
        }
        let (salt, iterations, password) = (decoy.salt.clone(), decoy.iterations, secret.clone());
        let derive = move || crate::keys::derive_anyway(hash, &password, &salt, iterations);
        let keys = self.blocking(derive).await;
        let keys =
            keys.ok_or_else(|| ProviderError { temporary: true, ..self.failed("the server stops") })?;
        let Some(keys) = keys else { return Ok(None) };
        self.derived.put(name, &secret, &keys);
        Ok(is_known.then_some(keys))
    }

    fn keys_in(
        &self,
        format: Format,
        record: &AccountRecord,
        hash: Hash,
    ) -> Result<Option<ScramKeys>, ProviderError> {
        let secret = Secret::read(format, record.secret.as_str(), record.salt.as_deref());
        match secret.map_err(|error| self.failed(error.to_string()))? {
            Secret::Scram(keys) => Ok(keys.into_iter().find(|keys| keys.hash == hash)),
            _ => Ok(None),
        }
    }

    async fn verify(&self, domain: &str, local: &str, password: &str) -> Result<Outcome, ProviderError> {
        let format = self.storing(domain)?.format;
        let record = match self.source.find(domain, local).await? {
            AccountFound::NotMine => return Ok(Outcome::NotMine),
            AccountFound::NoSuchAccount => None,
            AccountFound::Account(record) => Some(record),
        };
        let (is_account, locked) = (record.is_some(), record.as_ref().is_some_and(|record| record.locked));
        let record = record.filter(AccountRecord::has_password);
        let secret = match &record {
            Some(record) => {
                let read = Secret::read(format, record.secret.as_str(), record.salt.as_deref());
                let read = Arc::new(read.map_err(|error| self.failed(error.to_string()))?);
                self.models.note(domain, &read);
                read
            }
            None => self.models.of(domain, format),
        };
        let password = Zeroizing::new(password.to_owned());
        let (local, domain) = (local.to_owned(), domain.to_owned());
        let verified =
            self.blocking(move || secret.verify(AccountName { local: &local, domain: &domain }, &password));
        Ok(match verified.await.map(|right| right && record.is_some()) {
            None => Outcome::TryLater,
            Some(_) if !is_account => Outcome::NoSuchAccount,
            Some(false) => Outcome::Refuse,
            Some(true) if locked => Outcome::Locked,
            Some(true) => Outcome::Accept,
        })
    }

    async fn change(&self, domain: &str, local: &str, password: &str) -> Result<(), ChangeError> {
        let storing = self.storing(domain).map_err(ChangeError::Failed)?;
        let (random, hashing) = (self.random.clone(), self.hashing.clone());
        let password = Zeroizing::new(password.to_owned());
        let (own_local, own_domain) = (local.to_owned(), domain.to_owned());
        let write = move || {
            let hashes = if storing.hashes.is_empty() { &hashing.hashes } else { &storing.hashes };
            let writing = Writing {
                format: storing.format,
                account: AccountName { local: &own_local, domain: &own_domain },
                realm: storing.realm.as_deref(),
                hashes,
                iterations: hashing.iterations,
                random: &*random,
            };
            writing.write(&password)
        };
        let written = self.blocking(write).await;
        let written = written.ok_or_else(|| ChangeError::Failed(self.failed("the server stops")))?;
        let written = written.map_err(|error| match error {
            WriteError::Password(error) => ChangeError::Password(error),
            error @ WriteError::ReadOnly(_) => ChangeError::Failed(self.failed(error.to_string())),
        })?;
        match self.source.set_password(domain, local, StoredPassword(written)).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(ChangeError::NoSuchAccount),
            Err(None) => Err(ChangeError::NotHere),
            Err(Some(error)) => Err(ChangeError::Failed(error)),
        }
    }
}

impl<S: AccountSource> Provider for External<S> {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn keys<'a>(
        &'a self,
        domain: &'a str,
        local: &'a str,
        hash: Hash,
    ) -> BoxFuture<'a, Result<Lookup, ProviderError>> {
        Box::pin(self.lookup(domain, local, hash))
    }

    fn verify_plain<'a>(
        &'a self,
        domain: &'a str,
        local: &'a str,
        password: &'a str,
    ) -> BoxFuture<'a, Result<Outcome, ProviderError>> {
        Box::pin(self.verify(domain, local, password))
    }

    fn exists<'a>(&'a self, domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>> {
        self.source.exists(domain, local)
    }

    fn set_password<'a>(
        &'a self,
        domain: &'a str,
        local: &'a str,
        password: &'a str,
    ) -> BoxFuture<'a, Result<(), ChangeError>> {
        Box::pin(self.change(domain, local, password))
    }

    fn hashes_offered<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Vec<Hash>, ProviderError>> {
        let hashes = match self.source.storing(domain) {
            Some(Storing { format: Format::Scram, hashes, .. }) => hashes,
            Some(storing) if storing.format.is_one_way() => Vec::new(),
            // A client that is offered nothing gives up; one that tries is told to come back.
            Some(_) | None => self.hashing.hashes.clone(),
        };
        Box::pin(std::future::ready(Ok(hashes)))
    }
}

#[cfg(test)]
mod tests;
