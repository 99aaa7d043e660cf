//! A domain's providers, tried in order.

use std::sync::Arc;

use storage::{Hash, ScramKeys};

use crate::complaint::Complaints;
use crate::decoy::Decoys;
use crate::error::SaslError;
use crate::found::{AccountKeys, Found};
use crate::provider::{ChangeError, LogIn, Lookup, Outcome, Provider, ProviderError};

/// The providers of a domain's `auth` list. The first that returns anything but [`Outcome::NotMine`] or
/// [`Outcome::NoSuchAccount`] decides; a failing one ends the login with [`SaslError::TemporaryAuthFailure`],
/// so that a broken first provider cannot let a second one's password in.
#[derive(Clone)]
pub struct Chain {
    providers: Arc<[Arc<dyn Provider>]>,
    decoys: Decoys,
    complaints: Arc<Complaints>,
}

/// A password was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider that has the account; `None` for the server's own store.
    pub provider: Option<String>,
}

impl Chain {
    /// A chain of providers, in the order they are tried.
    pub fn new(providers: Vec<Arc<dyn Provider>>, decoys: Decoys) -> Self {
        Chain { providers: providers.into(), decoys, complaints: Arc::default() }
    }

    /// The providers' names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.providers.iter().map(|p| p.name())
    }

    /// Whether accounts can be created here.
    pub fn accepts_accounts(&self) -> bool {
        self.providers.iter().any(|provider| provider.keeps_our_rows())
    }

    /// The keys for a SCRAM exchange. They always exist, so that an exchange for a name without an account
    /// looks like any other and fails at its end.
    ///
    /// # Errors
    /// [`SaslError::TemporaryAuthFailure`].
    pub async fn keys(&self, log_in: LogIn<'_>, hash: Hash) -> Result<Found, SaslError> {
        for provider in self.providers.iter() {
            let lookup = provider.keys(log_in, hash).await;
            match lookup.map_err(|error| self.failed(log_in.domain, Some(log_in.local), &error))? {
                Lookup::Keys(keys) => {
                    return Ok(self.found(log_in, hash, keys, None, elsewhere(&**provider)));
                }
                Lookup::Locked(Some(keys)) => {
                    let refuse = Some(SaslError::AccountDisabled);
                    return Ok(self.found(log_in, hash, keys, refuse, elsewhere(&**provider)));
                }
                Lookup::Locked(None) | Lookup::NoKeys => break,
                Lookup::NoSuchAccount | Lookup::NotMine => {}
                Lookup::TryLater => return Err(SaslError::TemporaryAuthFailure),
            }
        }
        let decoy = AccountKeys::Stored(self.decoy(log_in, hash).await);
        Ok(self.found(log_in, hash, decoy, None, None))
    }

    async fn decoy(&self, log_in: LogIn<'_>, hash: Hash) -> ScramKeys {
        let LogIn { domain, local, .. } = log_in;
        for provider in self.providers.iter() {
            if let Some(shape) = provider.shape(log_in, hash).await {
                return self.decoys.keys_like(domain, local, hash, shape);
            }
        }
        self.decoys.keys(domain, local, hash).await
    }

    fn found(
        &self,
        log_in: LogIn<'_>,
        hash: Hash,
        keys: AccountKeys,
        refuse: Option<SaslError>,
        provider: Option<String>,
    ) -> Found {
        let imitation = match &keys {
            AccountKeys::Stored(keys) => {
                let mut providers = self.providers.iter();
                providers.find_map(|provider| provider.imitation(log_in.domain, hash, keys.iterations))
            }
            AccountKeys::Derived(_) => None,
        };
        Found { keys, refuse, provider, imitation }
    }

    /// Checks a password.
    ///
    /// # Errors
    /// [`SaslError::NotAuthorized`], [`SaslError::AccountDisabled`] (only if the password is right),
    /// [`SaslError::TemporaryAuthFailure`].
    pub async fn verify_plain(&self, log_in: LogIn<'_>, password: &str) -> Result<Accepted, SaslError> {
        let mut providers = self.providers.iter();
        while let Some(provider) = providers.next() {
            let outcome = provider.verify_plain(log_in, password).await;
            match outcome.map_err(|error| self.failed(log_in.domain, Some(log_in.local), &error))? {
                Outcome::Accept => return Ok(Accepted { provider: elsewhere(&**provider) }),
                Outcome::Refuse => {
                    // A name that no provider has costs what all of them take; so does a wrong password, whatever the others say.
                    for other in providers {
                        drop(other.verify_plain(log_in, password).await);
                    }
                    return Err(SaslError::NotAuthorized);
                }
                Outcome::Locked => return Err(SaslError::AccountDisabled),
                Outcome::TryLater => return Err(SaslError::TemporaryAuthFailure),
                Outcome::NoSuchAccount | Outcome::NotMine => {}
            }
        }
        Err(SaslError::NotAuthorized)
    }

    /// Whether an account may log in whose owner has proved who he is otherwise than by a password.
    ///
    /// # Errors
    /// [`SaslError::NotAuthorized`]: there is none; [`SaslError::AccountDisabled`];
    /// [`SaslError::TemporaryAuthFailure`].
    pub async fn admit(&self, log_in: LogIn<'_>) -> Result<Accepted, SaslError> {
        for provider in self.providers.iter() {
            let standing = provider.standing(log_in).await;
            match standing.map_err(|error| self.failed(log_in.domain, Some(log_in.local), &error))? {
                Outcome::Accept => return Ok(Accepted { provider: elsewhere(&**provider) }),
                Outcome::Refuse => return Err(SaslError::NotAuthorized),
                Outcome::Locked => return Err(SaslError::AccountDisabled),
                Outcome::TryLater => return Err(SaslError::TemporaryAuthFailure),
                Outcome::NoSuchAccount | Outcome::NotMine => {}
            }
        }
        Err(SaslError::NotAuthorized)
    }

    /// Whether any provider has the account.
    ///
    /// # Errors
    /// A provider failed before one said yes.
    pub async fn exists(&self, domain: &str, local: &str) -> Result<bool, ProviderError> {
        Ok(self.holder(domain, local, |_| true).await?.is_some())
    }

    /// The name of the first provider that has the account, of those whose accounts are not rows of the account table.
    ///
    /// # Errors
    /// A provider failed before one said yes.
    pub async fn exists_elsewhere(&self, domain: &str, local: &str) -> Result<Option<&str>, ProviderError> {
        let holder = self.holder(domain, local, |provider| !provider.keeps_our_rows()).await?;
        Ok(holder.map(Provider::name))
    }

    /// The first provider that has the account, of those that are asked.
    async fn holder(
        &self,
        domain: &str,
        local: &str,
        asked: fn(&dyn Provider) -> bool,
    ) -> Result<Option<&dyn Provider>, ProviderError> {
        for provider in self.providers.iter().map(|provider| &**provider).filter(|one| asked(*one)) {
            if provider.exists(domain, local).await? {
                return Ok(Some(provider));
            }
        }
        Ok(None)
    }

    /// Creates an account at the first provider that accepts new ones.
    ///
    /// # Errors
    /// See [`ChangeError`]; `Exists` also when another provider of the domain has the name.
    pub async fn create(
        &self,
        domain: &str,
        local: &str,
        password: &str,
        now_us: i64,
    ) -> Result<(), ChangeError> {
        if self.exists_elsewhere(domain, local).await.map_err(ChangeError::Failed)?.is_some() {
            return Err(ChangeError::Exists);
        }
        for provider in self.providers.iter() {
            match provider.create(domain, local, password, now_us).await {
                Err(ChangeError::NotHere) => {}
                decided => return decided,
            }
        }
        Err(ChangeError::NotHere)
    }

    /// Sets the password of an account at the first provider that has it, and at no other: a password in the server's own
    /// store beside an account that another provider has would be a second one.
    ///
    /// # Errors
    /// See [`ChangeError`]; `KeptBy` if that provider changes no passwords.
    pub async fn set_password(&self, domain: &str, local: &str, password: &str) -> Result<(), ChangeError> {
        if self.providers.is_empty() {
            return Err(ChangeError::NotHere);
        }
        let holder = self.holder(domain, local, |_| true).await.map_err(ChangeError::Failed)?;
        let holder = holder.ok_or(ChangeError::NoSuchAccount)?;
        match holder.set_password(domain, local, password).await {
            Err(ChangeError::NotHere) => Err(ChangeError::KeptBy(holder.name().to_owned())),
            decided => decided,
        }
    }

    /// Says that somebody could not log in because of a provider: not each time, if it is away. That our own store is away has been
    /// said.
    fn failed(&self, domain: &str, local: Option<&str>, error: &ProviderError) -> SaslError {
        let is_own = |one: &Arc<dyn Provider>| one.keeps_our_rows() && one.name() == error.provider;
        let complaint = match error.temporary {
            true if self.providers.iter().any(is_own) => None,
            true => self.complaints.take(&error.what),
            false => Some(0),
        };
        let (provider, error) = (&*error.provider, &*error.what);
        match complaint {
            Some(suppressed) => {
                tracing::warn!(domain, local, provider, error, suppressed, "auth provider failed")
            }
            None => tracing::debug!(domain, local, provider, error, "auth provider failed"),
        }
        SaslError::TemporaryAuthFailure
    }

    /// The hashes that every provider offers for the domain, in the first provider's order. A failing
    /// provider offers none, so that no client is offered a mechanism that would not work.
    pub async fn hashes_offered(&self, domain: &str) -> Vec<Hash> {
        let mut common: Option<Vec<Hash>> = None;
        for provider in self.providers.iter() {
            let offered = provider.hashes_offered(domain).await.unwrap_or_else(|error| {
                self.failed(domain, None, &error);
                Vec::new()
            });
            common = Some(match common {
                None => offered,
                Some(common) => common.into_iter().filter(|h| offered.contains(h)).collect(),
            });
        }
        common.unwrap_or_default()
    }
}

/// The provider's name, as an account's row says it.
fn elsewhere(provider: &dyn Provider) -> Option<String> {
    (!provider.keeps_our_rows()).then(|| provider.name().to_owned())
}

#[cfg(test)]
mod tests;
