//! Credential providers.

use std::net::IpAddr;

use storage::Hash;

use crate::decoy::Shape;
use crate::found::AccountKeys;
use crate::future::BoxFuture;
use crate::keys::PasswordError;

/// A client that logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogIn<'a> {
    /// The domain and the local part that it claims, normalized.
    pub domain: &'a str,
    pub local: &'a str,
    /// Where it is, as far as that is known. It is answerable for the attempt: the name that it claims is not.
    pub address: Option<IpAddr>,
}

impl<'a> LogIn<'a> {
    /// From nowhere: of a name that is asked for while nobody logs in with it.
    pub fn from_nowhere(domain: &'a str, local: &'a str) -> Self {
        Self { domain, local, address: None }
    }
}

/// A source of credentials: the server's own store, a plugin. `domain` and `local` are the normalized parts
/// of a JID.
///
/// `NotMine` and `NoSuchAccount` pass the question to the domain's next provider; every other answer is
/// final.
pub trait Provider: Send + Sync {
    /// The name under which the configuration's `auth` lists it.
    fn name(&self) -> &str;

    /// The account's SCRAM keys for a hash.
    fn keys<'a>(&'a self, log_in: LogIn<'a>, hash: Hash) -> BoxFuture<'a, Result<Lookup, ProviderError>>;

    /// What the challenge of a name without an account must show, where that is not as for one of our own store.
    fn shape<'a>(&'a self, _log_in: LogIn<'a>, _hash: Hash) -> BoxFuture<'a, Option<Shape>> {
        Box::pin(std::future::ready(None))
    }

    /// The work of deriving keys with so many iterations, if that is what a wrong proof costs the domain's accounts here: it is
    /// done for a name without an account, too.
    fn imitation(&self, _domain: &str, _hash: Hash, _iterations: u32) -> Option<BoxFuture<'static, ()>> {
        None
    }

    /// Whether the password is the account's. May take CPU time, but not on the calling thread.
    fn verify_plain<'a>(
        &'a self,
        log_in: LogIn<'a>,
        password: &'a str,
    ) -> BoxFuture<'a, Result<Outcome, ProviderError>>;

    /// Whether an account may log in whose owner has proved who he is otherwise than by a password. `Accept`: it may.
    fn standing<'a>(&'a self, log_in: LogIn<'a>) -> BoxFuture<'a, Result<Outcome, ProviderError>> {
        Box::pin(async move {
            Ok(match self.keys(log_in, Hash::Sha256).await? {
                Lookup::Keys(_) => Outcome::Accept,
                Lookup::NoKeys => match self.exists(log_in.domain, log_in.local).await? {
                    true => Outcome::Accept,
                    false => Outcome::NoSuchAccount,
                },
                Lookup::NoSuchAccount => Outcome::NoSuchAccount,
                Lookup::Locked(_) => Outcome::Locked,
                Lookup::TryLater => Outcome::TryLater,
                Lookup::NotMine => Outcome::NotMine,
            })
        })
    }

    /// Whether it has that account, locked or not.
    fn exists<'a>(&'a self, domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>>;

    /// Whether its accounts are the rows of the account table that name no provider, so that a caller who has queried
    /// that need not query it.
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

    /// Sets the password of one of its accounts.
    fn set_password<'a>(
        &'a self,
        _domain: &'a str,
        _local: &'a str,
        _password: &'a str,
    ) -> BoxFuture<'a, Result<(), ChangeError>> {
        Box::pin(std::future::ready(Err(ChangeError::NotHere)))
    }

    /// The SCRAM hashes for which every account of the domain has keys: clients choose the strongest
    /// mechanism offered, and an account without keys for it would be locked out.
    fn hashes_offered<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Vec<Hash>, ProviderError>>;
}

/// The answer to [`Provider::keys`].
pub enum Lookup {
    /// The account's keys.
    Keys(AccountKeys),
    /// The account exists but has no keys for this hash.
    NoKeys,
    /// The provider is responsible for this name, but there is no such account.
    NoSuchAccount,
    /// The account may not log in. Includes its keys, if it has any, so that the lock is revealed only to a
    /// client with the right password.
    Locked(Option<AccountKeys>),
    /// It cannot decide now.
    TryLater,
    /// The provider is not responsible for this name.
    NotMine,
}

/// The answer to [`Provider::verify_plain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Accept,
    Refuse,
    /// The provider is responsible for this name, but there is no such account.
    NoSuchAccount,
    /// The password is right, but the account may not log in.
    Locked,
    /// It cannot decide now.
    TryLater,
    /// The provider is not responsible for this name.
    NotMine,
}

/// Why an account was not created, or its password not set.
#[derive(Debug)]
pub enum ChangeError {
    /// The name is taken.
    Exists,
    NoSuchAccount,
    /// The password cannot be used.
    Password(PasswordError),
    /// The provider does not manage accounts or passwords.
    NotHere,
    /// The provider of this name has the account, and changes no passwords.
    KeptBy(String),
    /// The provider failed.
    Failed(ProviderError),
}

/// A provider failed. The text is for the operator's log and never for the peer, which is sent
/// [`crate::SaslError::TemporaryAuthFailure`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("auth provider {provider}: {what}")]
pub struct ProviderError {
    /// The provider's name.
    pub provider: String,
    /// The cause, without secrets.
    pub what: String,
    /// It will be over some time, and what it comes from has been logged.
    pub temporary: bool,
}
