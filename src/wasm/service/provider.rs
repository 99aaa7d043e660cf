//! A plugin as a provider of accounts, whichever way it has them.

use std::sync::Arc;

use auth::{
    BoxFuture, ChangeError, Decoys, External, Hash, Hashing, LogIn, Lookup, Outcome, Provider, ProviderError,
    Shape,
};
use runtime::SharedRandom;

use crate::bindings::castling::plugin::types::Outcome as WitOutcome;
use crate::deployment::Deployment;
use crate::hook::Hook;
use crate::service::source::PluginSource;

/// The provider of a plugin, whichever way it has accounts.
pub struct PluginProvider {
    accounts: External<PluginSource>,
    check: PluginSource,
}

impl PluginProvider {
    /// See [`External::new`].
    pub fn new(source: PluginSource, random: SharedRandom, decoys: Decoys, hashing: Hashing) -> Self {
        Self { check: source.clone(), accounts: External::new(source, random, decoys, hashing) }
    }

    /// The deployment in force, if it checks passwords itself.
    fn checks(&self) -> Option<Arc<Deployment>> {
        let deployment = self.check.in_force.load_full()?;
        deployment.job(Hook::PasswordCheck).is_some().then_some(deployment)
    }
}

impl Provider for PluginProvider {
    fn name(&self) -> &str {
        &self.check.name
    }

    fn keys<'a>(&'a self, log_in: LogIn<'a>, hash: Hash) -> BoxFuture<'a, Result<Lookup, ProviderError>> {
        match self.checks() {
            // It has no keys, and none is offered: the name may be the next provider's.
            Some(deployment) => Box::pin(async move {
                Ok(match self.check.ask(&deployment, log_in, None).await? {
                    WitOutcome::NoSuchAccount => Lookup::NoSuchAccount,
                    WitOutcome::NotMine => Lookup::NotMine,
                    WitOutcome::TryLater => Lookup::TryLater,
                    _ => Lookup::NoKeys,
                })
            }),
            None => self.accounts.keys(log_in, hash),
        }
    }

    fn shape<'a>(&'a self, log_in: LogIn<'a>, hash: Hash) -> BoxFuture<'a, Option<Shape>> {
        match self.checks() {
            Some(_) => Box::pin(std::future::ready(None)),
            None => self.accounts.shape(log_in, hash),
        }
    }

    fn imitation(&self, domain: &str, hash: Hash, iterations: u32) -> Option<BoxFuture<'static, ()>> {
        match self.checks() {
            Some(_) => None,
            None => self.accounts.imitation(domain, hash, iterations),
        }
    }

    fn verify_plain<'a>(
        &'a self,
        log_in: LogIn<'a>,
        password: &'a str,
    ) -> BoxFuture<'a, Result<Outcome, ProviderError>> {
        match self.checks() {
            Some(deployment) => Box::pin(async move {
                Ok(match self.check.ask(&deployment, log_in, Some(password)).await? {
                    WitOutcome::Accept => Outcome::Accept,
                    WitOutcome::Refuse => Outcome::Refuse,
                    WitOutcome::NoSuchAccount => Outcome::NoSuchAccount,
                    WitOutcome::Locked => Outcome::Locked,
                    WitOutcome::TryLater => Outcome::TryLater,
                    WitOutcome::NotMine => Outcome::NotMine,
                })
            }),
            None => self.accounts.verify_plain(log_in, password),
        }
    }

    fn exists<'a>(&'a self, domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>> {
        match self.checks() {
            Some(deployment) => Box::pin(async move {
                match self.check.ask(&deployment, LogIn::from_nowhere(domain, local), None).await? {
                    WitOutcome::Accept | WitOutcome::Refuse | WitOutcome::Locked => Ok(true),
                    WitOutcome::NoSuchAccount | WitOutcome::NotMine => Ok(false),
                    WitOutcome::TryLater => Err(self.check.away("the plugin cannot tell now")),
                }
            }),
            None => self.accounts.exists(domain, local),
        }
    }

    fn set_password<'a>(
        &'a self,
        domain: &'a str,
        local: &'a str,
        password: &'a str,
    ) -> BoxFuture<'a, Result<(), ChangeError>> {
        match self.checks() {
            Some(_) => Box::pin(std::future::ready(Err(ChangeError::NotHere))),
            None => self.accounts.set_password(domain, local, password),
        }
    }

    fn hashes_offered<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Vec<Hash>, ProviderError>> {
        match self.checks() {
            Some(_) => Box::pin(std::future::ready(Ok(Vec::new()))),
            None => self.accounts.hashes_offered(domain),
        }
    }
}
