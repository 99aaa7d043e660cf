//! The target of `user` and `domain` commands: the running server, or else the data directory.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use admin::{Client, Lock, LockError, Request};
use kernel::Kernel;
use runtime::Runtime;
use serde::Serialize;
use serde_json::{Value, json};
use storage::Store;

use super::{connect, tokio, usable};
use crate::accounts::{Accounts, answer, arguments, unknown};
use crate::api::{OfDomain, OfJid};
use crate::config::{Loaded, Overlay, load};
use crate::failure::Failure;
use crate::server::deletion;
use crate::{database, domains, ownership};

/// The target of a command.
pub enum Target {
    /// A running server.
    Server(Client),
    /// The files of a server that is not running.
    Files(Box<Files>),
}

/// A data directory that is not used by a server; none can start while this lives.
pub struct Files {
    loaded: Loaded,
    tokio: tokio::runtime::Runtime,
    accounts: Option<Accounts>,
    store: Option<Store>,
    _lock: Lock,
}

impl Target {
    /// Connects to the server of a configuration, or locks its data directory.
    pub fn find(file: Option<&Path>) -> Result<Self, Failure> {
        let loaded = load(file)?;
        // The running server goes by what it has read, whatever became of the file.
        if let Some(client) = connect(&loaded.config.data_dir)? {
            return Ok(Self::Server(client));
        }
        let loaded = usable(loaded)?;
        let lock = take(&loaded.config.data_dir)?;
        let tokio = tokio()?;
        Ok(Self::Files(Box::new(Files { loaded, tokio, accounts: None, store: None, _lock: lock })))
    }

    /// Executes a command on the target.
    pub fn call(&mut self, command: &str, args: &impl Serialize) -> Result<Value, Failure> {
        let args = answer(args)?;
        match self {
            Self::Server(client) => Ok(client.call(&Request::new(command, args))?),
            Self::Files(files) => files.run(command, args),
        }
    }

    /// Closes the target.
    pub fn close(self) -> Result<(), Failure> {
        let Self::Files(files) = self else { return Ok(()) };
        let Some(store) = &files.store else { return Ok(()) };
        Ok(files.tokio.block_on(store.close()).map_err(|error| error.to_string())?)
    }
}

impl Files {
    fn run(&mut self, command: &str, args: Value) -> Result<Value, Failure> {
        match command.split_once('.') {
            Some(("user", "del")) => self.delete_user(&arguments::<OfJid>(args)?.jid),
            Some(("user", word)) => {
                let accounts = self.accounts()?;
                Ok(self.tokio.block_on(accounts.run(word, args))?)
            }
            Some(("domain", "list")) => Ok(answer(&domains::shown(&self.loaded.config))?),
            Some(("domain", word)) => self.domain(word, args),
            _ => Err(unknown(command).into()),
        }
    }

    fn domain(&mut self, word: &str, args: Value) -> Result<Value, Failure> {
        let args: OfDomain = arguments(args)?;
        let mut changed = domains::change(&self.loaded, word, &args).unwrap_or_else(|| Err(unknown(word)))?;
        let name = self.loaded.known_domain(&args.domain).map(|domain| domain.name.clone());
        let data_dir = self.loaded.config.data_dir.clone();
        let save = |overlay: &Overlay| {
            let failed = |error| format!("cannot write to {}: {error}", data_dir.display());
            overlay.save(&data_dir).map_err(failed)
        };
        save(&changed)?;
        let mut deleted = 0;
        if args.purge && word == "remove" {
            let (kernel, name) = (self.kernel()?, name?);
            deleted = self.tokio.block_on(deletion::domain(&kernel, &name))?;
            changed.domains.remove(&name);
            save(&changed)?;
        }
        Ok(json!({ "accounts_deleted": deleted }))
    }

    /// Deletes by the cascade, as a running server does.
    fn delete_user(&mut self, jid: &str) -> Result<Value, Failure> {
        let kernel = self.kernel()?;
        match self.tokio.block_on(deletion::account(&kernel, jid)) {
            Some(deleted) => Ok(deleted?),
            None => {
                let accounts = self.accounts()?;
                Ok(self.tokio.block_on(accounts.run("del", json!({ "jid": jid })))?)
            }
        }
    }

    fn kernel(&mut self) -> Result<Arc<Kernel>, Failure> {
        let store = self.store()?;
        let runtime = Runtime::system();
        let made = deletion::kernel(&self.loaded, store, &runtime);
        Ok(self.tokio.block_on(made)?)
    }

    fn accounts(&mut self) -> Result<Accounts, Failure> {
        if let Some(accounts) = &self.accounts {
            return Ok(accounts.clone());
        }
        let store = self.store()?;
        let config = &self.loaded.config;
        let names = config.domains.iter().map(|domain| domain.name.clone()).collect();
        let accounts = Accounts::new(store, Runtime::system(), names, &config.auth);
        Ok(self.accounts.insert(accounts).clone())
    }

    fn store(&mut self) -> Result<Store, Failure> {
        if let Some(store) = &self.store {
            return Ok(store.clone());
        }
        let options = database::configured(&self.loaded)?;
        let opened = self.tokio.block_on(Store::open(options, &Runtime::system()));
        let store = opened.map_err(|error| error.to_string())?;
        Ok(self.store.insert(store).clone())
    }
}

/// Creates the data directory if needed, and takes its lock.
pub fn take(data_dir: &Path) -> Result<Lock, Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data_dir);
    made.map_err(|error| format!("cannot create the data directory {}: {error}", data_dir.display()))?;
    let place = data_dir.display();
    Lock::take(data_dir).map_err(|error| {
        if let (LockError::Io(_), Some(complaint)) = (&error, ownership::complaint(data_dir)) {
            return Failure::Message(complaint.to_string());
        }
        let remedy = match error {
            LockError::Held(_) => "wait for it to end, or stop it",
            LockError::Io(_) => "run as the user that owns the directory",
        };
        Failure::Message(format!("{error}: {place} — {remedy}"))
    })
}
