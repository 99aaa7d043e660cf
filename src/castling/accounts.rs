//! The `user` commands, operating on the store: in a running server, or without one.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use admin::CommandError;
use auth::{PasswordError, ScramKeys, new_keys};
use runtime::Runtime;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use storage::{Account, CreateError, Hash, Kept, NewAccount, StorageError, Store};
use xmpp::{Jid, datetime};

use crate::api::{
    AddUsers, AddedUsers, Adopted, DeletedUser, ListUsers, OfJid, RefusedUser, SetPassword, UserPage,
    UserShown,
};
use crate::config::{Auth, Domain};

/// The server's own accounts, in `auth`.
pub const INTERNAL: &str = "internal";

/// Accounts in one page of a list.
const PAGE: u32 = 1000;

/// Which names may have accounts, and how passwords are kept.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    runtime: Runtime,
    /// The providers of each domain, in order.
    domains: BTreeMap<String, Vec<String>>,
    hashes: Vec<Hash>,
    iterations: u32,
}

impl Accounts {
    pub fn new(store: Store, runtime: Runtime, domains: &[Domain], auth: &Auth) -> Self {
        let domains = domains.iter().map(|domain| (domain.name.clone(), domain.auth.clone())).collect();
        let hashes = auth.scram.iter().map(|scram| scram.hash());
        Self { store, runtime, domains, hashes: hashes.collect(), iterations: auth.iterations }
    }

    /// Executes a `user` command, given without the `user.` prefix.
    ///
    /// # Errors
    /// Refusals by the command, and failures of the database.
    pub async fn run(&self, command: &str, args: Value) -> Result<Value, CommandError> {
        match command {
            "add" => answer(&self.add(arguments::<AddUsers>(args)?.rows).await?),
            "passwd" => self.passwd(arguments(args)?).await,
            "list" => self.list(arguments(args)?).await,
            "show" => self.show(&arguments::<OfJid>(args)?.jid).await,
            _ => Err(unknown(&format!("user.{command}"))),
        }
    }

    /// Creates accounts; a refused row does not prevent the others.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn add(&self, rows: Vec<(String, String)>) -> Result<AddedUsers, CommandError> {
        let mut refused = Vec::new();
        let mut named = Vec::new();
        for (row, (jid, password)) in rows.into_iter().enumerate() {
            match self.name(&jid).and_then(|name| self.kept_here(name)) {
                Ok((local, domain)) => named.push((row, local, domain, password)),
                Err(error) => refused.push(RefusedUser { row, message: error.to_string() }),
            }
        }
        let mut accounts = Vec::new();
        let mut places = Vec::new();
        let passwords = named.iter_mut().map(|(.., password)| std::mem::take(password)).collect();
        for ((row, local, domain, _), keys) in named.into_iter().zip(self.hash(passwords).await?) {
            match keys {
                Ok(keys) => {
                    places.push((row, format!("{local}@{domain}")));
                    accounts.push(NewAccount {
                        domain,
                        local,
                        kept: Kept::Keys(keys),
                        created_us: self.runtime.clock.now_us(),
                    });
                }
                Err(error) => refused.push(RefusedUser { row, message: password_refused(&error) }),
            }
        }
        let mut added = 0;
        for ((row, jid), result) in places.into_iter().zip(self.store.accounts().create_many(accounts).await)
        {
            match result {
                Ok(_) => added += 1,
                Err(error) => refused.push(RefusedUser { row, message: not_created(&jid, &error) }),
            }
        }
        refused.sort_by_key(|one| one.row);
        Ok(AddedUsers { added, refused })
    }

    async fn passwd(&self, args: SetPassword) -> Result<Value, CommandError> {
        let account = self.account(&args.jid).await?;
        if let Some(adopted) = self.adopted(&account) {
            return Err(kept_elsewhere(&account, &adopted));
        }
        let keys = self.hash(vec![args.password]).await?.pop();
        let keys = keys.ok_or_else(|| CommandError::new("no keys were generated"))?;
        let keys = keys.map_err(|error| CommandError::new(password_refused(&error)))?;
        match self.store.accounts().set_keys(account.id, &keys).await.map_err(failed)? {
            true => Ok(json!({})),
            false => Err(no_account(&args.jid)),
        }
    }

    /// Where an account is that is not the server's own.
    fn adopted(&self, account: &Account) -> Option<Adopted> {
        let provider = account.provider.clone()?;
        let auth = self.domains.get(&account.domain);
        let orphaned = auth.is_some_and(|auth| !auth.contains(&provider));
        Some(Adopted { provider, orphaned })
    }

    /// The reply to the deletion of an account.
    ///
    /// # Errors
    /// As [`answer`].
    pub fn deleted(&self, account: &Account) -> Result<Value, CommandError> {
        let adopted = self.adopted(account).filter(|adopted| !adopted.orphaned);
        answer(&DeletedUser { provider: adopted.map(|adopted| adopted.provider) })
    }

    async fn list(&self, args: ListUsers) -> Result<Value, CommandError> {
        let page = self.store.accounts().list(&args.domain, args.after.as_deref(), PAGE).await;
        let page = page.map_err(failed)?;
        let adopted = page.iter().filter_map(|one| Some((one.local.clone(), self.adopted(one)?))).collect();
        let locals: Vec<String> = page.into_iter().map(|account| account.local).collect();
        let more = locals.len() == PAGE as usize;
        let secrets = match more {
            true => 0,
            false => self.store.accounts().count_secrets(&args.domain).await.map_err(failed)?,
        };
        answer(&UserPage { locals, more, adopted, secrets })
    }

    async fn show(&self, jid: &str) -> Result<Value, CommandError> {
        let account = self.account(jid).await?;
        let found = self.store.accounts().credentials(&account.domain, &account.local).await;
        let (scram, secret) = match found.map_err(failed)? {
            Some((_, Kept::Keys(keys))) => (keys, None),
            Some((_, Kept::Secret(secret))) => (Vec::new(), Some(secret.format)),
            None => (Vec::new(), None),
        };
        answer(&UserShown {
            jid: format!("{}@{}", account.local, account.domain),
            created: datetime::format(account.created_us),
            enabled: account.enabled,
            scram: scram.iter().map(|keys| hash_word(keys.hash).to_owned()).collect(),
            secret,
            adopted: self.adopted(&account),
        })
    }

    /// The account of a JID.
    ///
    /// # Errors
    /// It is not a valid account address, there is no such account, or the database failed.
    pub async fn account(&self, jid: &str) -> Result<Account, CommandError> {
        let (local, domain) = split(jid, Jid::parse(jid))?;
        let found = self.store.accounts().lookup(&domain, &local).await.map_err(failed)?;
        found.ok_or_else(|| no_account(jid))
    }

    /// The parts of an account name that may be created here.
    fn name(&self, jid: &str) -> Result<(String, String), CommandError> {
        let (local, domain) = split(jid, Jid::parse_strict(jid))?;
        if !self.domains.contains_key(&domain) {
            let message = format!("{domain} is not a domain of this server");
            return Err(CommandError::new(message).remedy("see castling domain list"));
        }
        Ok((local, domain))
    }

    /// A name on a domain whose `auth` has the server's own accounts: nobody could log in with another's.
    fn kept_here(&self, (local, domain): (String, String)) -> Result<(String, String), CommandError> {
        match self.domains.get(&domain) {
            Some(auth) if !auth.iter().any(|provider| provider == INTERNAL) => {
                let message = format!("accounts of {domain} are kept by {}", auth.join(", "));
                Err(CommandError::new(message)
                    .remedy("create it there, or add \"internal\" to the auth of the domain"))
            }
            _ => Ok((local, domain)),
        }
    }

    /// The keys of passwords, derived on all cores.
    async fn hash(
        &self,
        passwords: Vec<String>,
    ) -> Result<Vec<Result<Vec<ScramKeys>, PasswordError>>, CommandError> {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let share = passwords.len().div_ceil(cores).max(1);
        let parts = passwords.chunks(share).map(|part| {
            let (part, this) = (part.to_vec(), self.clone());
            tokio::task::spawn_blocking(move || {
                let make = |password: &String| {
                    new_keys(&*this.runtime.random, &this.hashes, this.iterations, password)
                };
                part.iter().map(make).collect::<Vec<_>>()
            })
        });
        let mut all = Vec::with_capacity(passwords.len());
        for part in parts.collect::<Vec<_>>() {
            let done = part.await;
            all.extend(
                done.map_err(|error| CommandError::new(format!("cannot hash the password: {error}")))?,
            );
        }
        Ok(all)
    }
}

fn split(text: &str, jid: Result<Jid, xmpp::JidError>) -> Result<(String, String), CommandError> {
    let bad = |why: String| {
        CommandError::new(format!("{text:?} is not a valid account address: {why}"))
            .remedy("write it as name@domain")
    };
    let jid = jid.map_err(|error| bad(error.to_string()))?;
    match (jid.local(), jid.resource()) {
        (Some(local), None) => Ok((local.to_owned(), jid.domain().to_owned())),
        (None, _) => Err(bad("it has no @".into())),
        (_, Some(_)) => Err(bad("it must not have a resource".into())),
    }
}

fn hash_word(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha1 => "sha-1",
        Hash::Sha256 => "sha-256",
        Hash::Sha512 => "sha-512",
    }
}

pub fn password_refused(error: &PasswordError) -> String {
    error.to_string()
}

/// The error for a password that only a running server can change.
fn kept_elsewhere(account: &Account, Adopted { provider, orphaned }: &Adopted) -> CommandError {
    let (local, domain) = (&account.local, &account.domain);
    match orphaned {
        true => no_provider(local, domain, provider),
        false => CommandError::new(format!("the password of {local}@{domain} is kept by {provider}"))
            .remedy(format!("start the server with {domain} enabled: it can ask {provider} to change it")),
    }
}

/// The error for an account of a provider that its domain no longer has.
pub fn no_provider(local: &str, domain: &str, provider: &str) -> CommandError {
    let message =
        format!("{local}@{domain} is an account of {provider}, which {domain} no longer has in its auth");
    CommandError::new(message)
        .remedy(format!("add it to auth, or run castling user prune --domain {domain} --orphaned"))
}

fn not_created(jid: &str, error: &CreateError) -> String {
    match error {
        CreateError::Exists => format!("{jid} already exists"),
        CreateError::Storage(error) => error.to_string(),
    }
}

/// The error for a name without an account.
pub fn no_account(jid: &str) -> CommandError {
    CommandError::new(format!("account {jid} does not exist")).remedy("see castling user list")
}

pub fn failed(error: StorageError) -> CommandError {
    CommandError::new(error.to_string())
}

/// The error for a command that this version does not have.
pub fn unknown(command: &str) -> CommandError {
    CommandError::new(format!("unknown command {command}"))
        .remedy("use the castling binary of the same version as the server")
}

/// Parses a command's arguments.
///
/// # Errors
/// They have another shape.
pub fn arguments<T: DeserializeOwned>(args: Value) -> Result<T, CommandError> {
    serde_json::from_value(args).map_err(|error| CommandError::new(format!("invalid arguments: {error}")))
}

/// A reply as JSON.
///
/// # Errors
/// It cannot be represented as JSON.
pub fn answer(reply: &impl serde::Serialize) -> Result<Value, CommandError> {
    serde_json::to_value(reply).map_err(|error| CommandError::new(error.to_string()))
}
