//! Who knows passwords.

use std::future::Future;
use std::pin::Pin;

use storage::{Hash, ScramKeys};

use crate::keys::PasswordError;

/// A future behind a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A source of credentials: our own storage, a plugin. `domain` and `local` are the normalised parts of a JID.
///
/// `NotMine` and `NoSuchAccount` pass the question to the domain's next provider; every other answer is final.
pub trait Provider: Send + Sync {
    /// The name under which the configuration's `auth` lists it.
    fn name(&self) -> &str;

    /// The account's SCRAM keys for a hash.
    fn keys<'a>(
        &'a self,
        domain: &'a str,
        local: &'a str,
        hash: Hash,
    ) -> BoxFuture<'a, Result<Lookup, ProviderError>>;

    /// Whether the password is the account's. May take CPU time, but not on the calling thread.
    fn verify_plain<'a>(
        &'a self,
        domain: &'a str,
        local: &'a str,
        password: &'a str,
    ) -> BoxFuture<'a, Result<Outcome, ProviderError>>;

    /// Whether it has that account, locked or not.
    fn exists<'a>(&'a self, domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>>;

    /// Whether its accounts are the rows of our own account table, so that who looks there need not ask it.
    fn keeps_our_rows(&self) -> bool {
        false
    }

    /// Creates an account with a password.
    fn create<'a>(
        &'a self,
        _domain: &'a str,
        _local: &'a str,
        _password: &'a str,
        _now_us: i64,
    ) -> BoxFuture<'a, Result<(), ChangeError>> {
        Box::pin(std::future::ready(Err(ChangeError::NotHere)))
    }

    /// Sets the password of an account of its own.
    fn set_password<'a>(
        &'a self,
        _domain: &'a str,
        _local: &'a str,
        _password: &'a str,
    ) -> BoxFuture<'a, Result<(), ChangeError>> {
        Box::pin(std::future::ready(Err(ChangeError::NotHere)))
    }

    /// The SCRAM hashes that every account of the domain has keys for: clients take the strongest mechanism
    /// offered, and one without keys would be locked out.
    fn hashes_offered<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Vec<Hash>, ProviderError>>;
}

/// The answer to [`Provider::keys`].
pub enum Lookup {
    /// The account's keys.
    Keys(ScramKeys),
    /// The account exists and has no keys for this hash.
    NoKeys,
    /// The provider answers for this name, and there is no such account.
    NoSuchAccount,
    /// The account may not log in. With its keys, if it has them, so that only who knows the password is told.
    Locked(Option<ScramKeys>),
    /// It cannot tell now.
    TryLater,
    /// The provider does not answer for this name.
    NotMine,
}

/// The answer to [`Provider::verify_plain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The password is right.
    Accept,
    /// The password is wrong.
    Refuse,
    /// The provider answers for this name, and there is no such account.
    NoSuchAccount,
    /// The password is right, but the account may not log in.
    Locked,
    /// It cannot tell now.
    TryLater,
    /// The provider does not answer for this name.
    NotMine,
}

/// Why an account was not created, or its password not set.
#[derive(Debug)]
pub enum ChangeError {
    /// The name is taken.
    Exists,
    /// It has no such account.
    NoSuchAccount,
    /// The password cannot be used.
    Password(PasswordError),
    /// It keeps no accounts or passwords here.
    NotHere,
    /// It failed.
    Failed(ProviderError),
}

/// A provider failed. The text is for the operator's log and never for the peer, who hears
/// [`crate::SaslError::TemporaryAuthFailure`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("auth provider {provider}: {what}")]
pub struct ProviderError {
    /// The provider's name.
    pub provider: String,
    /// What went wrong, without secrets.
    pub what: String,
}
