//! Accounts that live in a foreign database: it is asked at every log-in, and what it has is verified here.

mod derived;
mod model;

use std::sync::Arc;

use storage::{Hash, ScramKeys};
use zeroize::Zeroizing;

use crate::blocking::Blocking;
use crate::decoy::{Decoys, Shape};
use crate::error::SaslError;
use crate::found::{AccountKeys, Derivation};
use crate::future::BoxFuture;
use crate::internal::Hashing;
use crate::keys::SALT_LEN;
use crate::provider::{ChangeError, LogIn, Lookup, Outcome, Provider, ProviderError};
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

    fn find<'a>(&'a self, log_in: LogIn<'a>) -> BoxFuture<'a, Result<AccountFound, ProviderError>>;

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

/// A password of nobody, from which keys are derived only for the time that this takes.
const IMITATED: &str = "\u{1}";

/// The accounts of a source.
pub struct External<S> {
    source: S,
    random: runtime::SharedRandom,
    decoys: Decoys,
    hashing: Hashing,
    blocking: Blocking,
    derived: Arc<Derived>,
    models: Models,
}

impl<S: AccountSource> External<S> {
    /// `decoys` should be those of the domain's chain; `hashing` says which keys are derived from plain passwords.
    pub fn new(source: S, random: runtime::SharedRandom, decoys: Decoys, hashing: Hashing) -> Self {
        let blocking = Blocking::new(hashing.at_once);
        let (derived, models) = (Arc::default(), Models::default());
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

    async fn lookup(&self, log_in: LogIn<'_>, hash: Hash) -> Result<Lookup, ProviderError> {
        let storing = self.storing(log_in.domain)?;
        let record = match self.source.find(log_in).await? {
            AccountFound::NotMine => return Ok(Lookup::NotMine),
            AccountFound::NoSuchAccount => return Ok(Lookup::NoSuchAccount),
            AccountFound::Account(record) => record,
        };
        let locked = record.locked;
        let keys = match (record.has_password(), storing.format) {
            (false, _) => None,
            (true, Format::Plain) => {
                // As for a name without an account: it takes a moment.
                let decoy = self.decoys.keys(log_in.domain, log_in.local, hash).await;
                Some(AccountKeys::Derived(self.derivation(log_in, hash, record.secret, decoy)))
            }
            (true, format) => self.keys_in(log_in.domain, format, &record, hash)?.map(AccountKeys::Stored),
        };
        Ok(match (locked, keys) {
            (true, keys) => Lookup::Locked(keys),
            (false, Some(keys)) => Lookup::Keys(keys),
            (false, None) => Lookup::NoKeys,
        })
    }

    /// The keys of a plain password: with the salt that a decoy of this name has, which is the same at each log-in.
    fn derivation(
        &self,
        log_in: LogIn<'_>,
        hash: Hash,
        secret: StoredPassword,
        decoy: ScramKeys,
    ) -> Derivation {
        let name = derived::name(log_in.domain, log_in.local, hash);
        let known = self.derived.get(name, secret.as_str(), &decoy);
        let ScramKeys { salt, iterations, .. } = decoy;
        let (own_salt, kept, blocking) = (salt.clone(), self.derived.clone(), self.blocking.clone());
        let run = async move {
            let derive = move || {
                let keys = crate::keys::derive_anyway(hash, secret.as_str(), &own_salt, iterations);
                keys.inspect(|keys| kept.put(name, secret.as_str(), keys))
            };
            let keys = blocking.run(derive).await.ok_or(SaslError::TemporaryAuthFailure)?;
            keys.ok_or(SaslError::NotAuthorized) // SASLprep refuses such a password
        };
        Derivation { salt, iterations, known, run: Box::pin(run) }
    }

    fn keys_in(
        &self,
        domain: &str,
        format: Format,
        record: &AccountRecord,
        hash: Hash,
    ) -> Result<Option<ScramKeys>, ProviderError> {
        let secret = Secret::read(format, record.secret.as_str(), record.salt.as_deref());
        match secret.map_err(|error| self.failed(error.to_string()))? {
            Secret::Scram(keys) => {
                let keys = keys.into_iter().find(|keys| keys.hash == hash);
                Ok(keys.inspect(|keys| self.models.note_keys(domain, keys)))
            }
            _ => Ok(None),
        }
    }

    /// What is verified for a name without an account.
    async fn model(&self, domain: &str, local: &str, format: Format) -> Arc<Secret> {
        if format == Format::Plain {
            return model::example(format); // all cost the same
        }
        if let Some(model) = self.models.secret(domain, format) {
            return model;
        }
        let record = self.neighbour(domain, local).await;
        let secret = record.and_then(|record| {
            Secret::read(format, record.secret.as_str(), record.salt.as_deref()).ok().map(Arc::new)
        });
        match secret {
            Some(secret) => {
                self.models.note(domain, format, &secret);
                secret
            }
            None => model::example(format),
        }
    }

    /// An account that has logged in here some time: asked for once after the start, until one logs in.
    async fn neighbour(&self, domain: &str, local: &str) -> Option<AccountRecord> {
        let neighbour = self.decoys.neighbour(domain, local).await?;
        match self.source.find(LogIn::from_nowhere(domain, &neighbour)).await {
            Ok(AccountFound::Account(record)) => Some(record).filter(AccountRecord::has_password),
            _ => None,
        }
    }

    /// What the challenge of a name without an account shows, where keys are stored.
    async fn imitated(&self, domain: &str, local: &str, hash: Hash) -> Option<Shape> {
        if self.source.storing(domain)?.format != Format::Scram {
            return None;
        }
        if self.models.shape(domain, hash).is_none()
            && let Some(record) = self.neighbour(domain, local).await
        {
            drop(self.keys_in(domain, Format::Scram, &record, hash));
        }
        self.models.shape(domain, hash)
    }

    async fn verify(&self, log_in: LogIn<'_>, password: &str) -> Result<Outcome, ProviderError> {
        let LogIn { domain, local, .. } = log_in;
        let format = self.storing(domain)?.format;
        let record = match self.source.find(log_in).await? {
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
                self.models.note(domain, format, &read);
                read
            }
            None => self.model(domain, local, format).await,
        };
        let password = Zeroizing::new(password.to_owned());
        let (local, domain) = (local.to_owned(), domain.to_owned());
        let verified = self
            .blocking
            .run(move || secret.verify(AccountName { local: &local, domain: &domain }, &password));
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
        let written = self.blocking.run(write).await;
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

    fn keys<'a>(&'a self, log_in: LogIn<'a>, hash: Hash) -> BoxFuture<'a, Result<Lookup, ProviderError>> {
        Box::pin(self.lookup(log_in, hash))
    }

    fn shape<'a>(&'a self, log_in: LogIn<'a>, hash: Hash) -> BoxFuture<'a, Option<Shape>> {
        Box::pin(self.imitated(log_in.domain, log_in.local, hash))
    }

    fn imitation(&self, domain: &str, hash: Hash, iterations: u32) -> Option<BoxFuture<'static, ()>> {
        let derives = self.source.storing(domain).is_some_and(|storing| storing.format == Format::Plain);
        let blocking = self.blocking.clone();
        derives.then(|| {
            let derive = move || crate::keys::derive_anyway(hash, IMITATED, &[0; SALT_LEN], iterations);
            Box::pin(async move { drop(blocking.run(derive).await) }) as BoxFuture<'static, ()>
        })
    }

    fn verify_plain<'a>(
        &'a self,
        log_in: LogIn<'a>,
        password: &'a str,
    ) -> BoxFuture<'a, Result<Outcome, ProviderError>> {
        Box::pin(self.verify(log_in, password))
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
