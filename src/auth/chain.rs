//! A domain's providers, tried in order.

use std::sync::Arc;

use storage::{Hash, ScramKeys};

use crate::decoy::Decoys;
use crate::error::SaslError;
use crate::provider::{ChangeError, Lookup, Outcome, Provider, ProviderError};

/// The providers of a domain's `auth` list. The first that returns anything but [`Outcome::NotMine`] or
/// [`Outcome::NoSuchAccount`] decides; a failing one ends the login with [`SaslError::TemporaryAuthFailure`],
/// so that a broken first provider cannot let a second one's password in.
#[derive(Clone)]
pub struct Chain {
    providers: Arc<[Arc<dyn Provider>]>,
    decoys: Decoys,
}

/// A password was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider that has the account; `None` for the server's own store.
    pub provider: Option<String>,
}

/// The keys with which a SCRAM exchange continues.
pub struct Found {
    /// The account's keys, or a decoy's that no proof fits.
    pub keys: ScramKeys,
    /// The error to return even if the proof is right: the account is locked.
    pub refuse: Option<SaslError>,
    /// The provider that has the account; `None` for the server's own store and for a decoy.
    pub provider: Option<String>,
}

impl Chain {
    /// A chain of providers, in the order they are tried.
    pub fn new(providers: Vec<Arc<dyn Provider>>, decoys: Decoys) -> Self {
        Chain { providers: providers.into(), decoys }
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
    pub async fn keys(&self, domain: &str, local: &str, hash: Hash) -> Result<Found, SaslError> {
        for provider in self.providers.iter() {
            match provider.keys(domain, local, hash).await.map_err(|e| failed(&e))? {
                Lookup::Keys(keys) => return Ok(found(keys, None, &**provider)),
                Lookup::Locked(Some(keys)) => {
                    return Ok(found(keys, Some(SaslError::AccountDisabled), &**provider));
                }
                Lookup::Locked(None) | Lookup::NoKeys => break,
                Lookup::NoSuchAccount | Lookup::NotMine => {}
                Lookup::TryLater => return Err(SaslError::TemporaryAuthFailure),
            }
        }
        Ok(Found { keys: self.decoys.keys(domain, local, hash).await, refuse: None, provider: None })
    }

    /// Checks a password.
    ///
    /// # Errors
    /// [`SaslError::NotAuthorized`], [`SaslError::AccountDisabled`] (only if the password is right),
    /// [`SaslError::TemporaryAuthFailure`].
    pub async fn verify_plain(
        &self,
        domain: &str,
        local: &str,
        password: &str,
    ) -> Result<Accepted, SaslError> {
        for provider in self.providers.iter() {
            match provider.verify_plain(domain, local, password).await.map_err(|e| failed(&e))? {
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

    /// The hashes that every provider offers for the domain, in the first provider's order. A failing
    /// provider offers none, so that no client is offered a mechanism that would not work.
    pub async fn hashes_offered(&self, domain: &str) -> Vec<Hash> {
        let mut common: Option<Vec<Hash>> = None;
        for provider in self.providers.iter() {
            let offered = provider.hashes_offered(domain).await.unwrap_or_else(|error| {
                failed(&error);
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

fn found(keys: ScramKeys, refuse: Option<SaslError>, provider: &dyn Provider) -> Found {
    Found { keys, refuse, provider: elsewhere(provider) }
}

/// The provider's name, as an account's row says it.
fn elsewhere(provider: &dyn Provider) -> Option<String> {
    (!provider.keeps_our_rows()).then(|| provider.name().to_owned())
}

fn failed(error: &ProviderError) -> SaslError {
    match error.temporary {
        true => tracing::debug!(provider = %error.provider, error = %error.what, "auth provider failed"),
        false => tracing::warn!(provider = %error.provider, error = %error.what, "auth provider failed"),
    }
    SaslError::TemporaryAuthFailure
}

#[cfg(test)]
mod tests;
