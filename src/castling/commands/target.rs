//! The target of `user`, `domain` and `plugin` commands: the running server, or else the data directory.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use admin::{Client, CommandError, Lock, LockError, Request};
use kernel::Kernel;
use runtime::Runtime;
use serde::Serialize;
use serde_json::{Value, json};
use storage::Store;
use wasm::{Occasion, Platform};

use super::{connect, tokio, usable};
use crate::accounts::{Accounts, answer, arguments, unknown};
use crate::api::{OfDomain, OfJid, OfPlugin};
use crate::config::{Config, Loaded, Overlay, load};
use crate::failure::Failure;
use crate::plugins::{self, Change, Standing};
use crate::server::{deletion, platform};
use crate::{database, domains, externals, ownership};

/// The target of a command.
pub enum Target {
    /// A running server.
    Server(Client),
    /// The files of a server that is not running.
    Files(Box<Files>),
}

/// A data directory that is not used by a server; none can start while this lives and may change something.
pub struct Files {
    loaded: Loaded,
    tokio: tokio::runtime::Runtime,
    accounts: Option<Accounts>,
    store: Option<Store>,
    _lock: Option<Lock>,
}

impl Target {
    /// Connects to the server of a configuration, or locks its data directory.
    pub fn find(file: Option<&Path>) -> Result<Self, Failure> {
        Self::found(file, |data_dir| take(data_dir).map(Some))
    }

    /// The same for a command that only shows what is configured: it keeps no server from starting.
    pub fn look(file: Option<&Path>) -> Result<Self, Failure> {
        Self::found(file, |_| Ok(None))
    }

    fn found(
        file: Option<&Path>,
        lock: impl FnOnce(&Path) -> Result<Option<Lock>, Failure>,
    ) -> Result<Self, Failure> {
        let loaded = load(file)?;
        // The running server goes by what it has read, whatever became of the file.
        if let Some(client) = connect(&loaded.config.data_dir)? {
            return Ok(Self::Server(client));
        }
        let loaded = usable(loaded)?;
        let lock = lock(&loaded.config.data_dir)?;
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
            Some(("user", "del")) => {
                let (kernel, accounts) = (self.kernel()?, self.accounts()?);
                let jid = arguments::<OfJid>(args)?.jid;
                Ok(self.tokio.block_on(deletion::account(&kernel, &accounts, &jid))?)
            }
            Some(("user", word)) => {
                let accounts = self.accounts()?;
                Ok(self.tokio.block_on(accounts.run(word, args))?)
            }
            Some(("domain", "list")) => Ok(answer(&domains::shown(&self.loaded.config))?),
            Some(("domain", word)) => self.domain(word, args),
            Some(("component", "list")) => Ok(externals::shown(&self.loaded.config, None)?),
            Some(("component", word)) => {
                let random = Runtime::system().random;
                let (overlay, answer) = externals::change(&self.loaded, word, args, &*random)?;
                self.save(&overlay)?;
                Ok(answer)
            }
            Some(("plugin", word)) => self.plugin(word, args),
            _ => Err(unknown(command).into()),
        }
    }

    fn domain(&mut self, word: &str, args: Value) -> Result<Value, Failure> {
        let args: OfDomain = arguments(args)?;
        let mut changed = domains::change(&self.loaded, word, &args).unwrap_or_else(|| Err(unknown(word)))?;
        let name = self.loaded.known_domain(&args.domain).map(|domain| domain.name.clone());
        self.save(&changed)?;
        let mut deleted = 0;
        if args.purge && word == "remove" {
            let (kernel, name) = (self.kernel()?, name?);
            deleted = self.tokio.block_on(deletion::domain(&kernel, &name))?;
            changed.domains.remove(&name);
            self.save(&changed)?;
        }
        Ok(json!({ "accounts_deleted": deleted }))
    }

    /// As a running server does: a change that a plugin refuses is not stored.
    fn plugin(&mut self, word: &str, args: Value) -> Result<Value, Failure> {
        let platform = platform(&self.loaded, &Runtime::system())?;
        let shown = |loaded: &Loaded, name: &str| {
            let plugin = loaded.known_plugin(name)?;
            Ok::<_, CommandError>(plugins::shown(loaded, &platform, name, plugin, Standing::Unknown))
        };
        match word {
            "show" => return Ok(answer(&shown(&self.loaded, &arguments::<OfPlugin>(args)?.name)?)?),
            "list" => {
                let names = self.loaded.config.plugins.keys();
                let list: Result<Vec<_>, _> = names.map(|name| shown(&self.loaded, name)).collect();
                return Ok(answer(&list?)?);
            }
            _ => {}
        }
        let files = plugins::files(&self.loaded.config);
        let change = Change::prepare(&platform, &files, word, args)?;
        let mut notes = change.taken_back(&self.loaded);
        notes.extend(self.put_in_force(&platform, &change)?);
        plugins::clean(&platform, &self.loaded.config);
        let name = change.name();
        Ok(match &change {
            Change::Install(_) => answer(&shown(&self.loaded, name)?)?,
            Change::Enable { args, .. } => {
                answer(&plugins::enabled(&self.loaded, name, args.domains.is_empty(), notes)?)?
            }
            Change::Reload { .. } => answer(&plugins::enabled(&self.loaded, name, false, notes)?)?,
            Change::Disable(_) | Change::Remove(_) => json!({}),
        })
    }

    /// Stores what a command changes, unless the plugin refuses it. What the plugin says about it.
    fn put_in_force(&mut self, platform: &Platform, change: &Change) -> Result<Vec<String>, Failure> {
        let overlay = change.overlay(&self.loaded)?;
        let data_dir = self.loaded.config.data_dir.clone();
        let staged = overlay.stage(&data_dir).map_err(|error| unwritable(&data_dir, &error))?;
        let loaded = usable(self.loaded.with(&overlay))?;
        let heard = match change {
            Change::Disable(_) | Change::Remove(_) => Vec::new(),
            _ => self.tried(platform, &loaded.config, change.name())?,
        };
        staged.keep().map_err(|error| unwritable(&data_dir, &error))?;
        self.loaded = loaded;
        Ok(heard)
    }

    /// What a plugin says about the settings with which it would come into force. If it does not, it is no worse than before where it did
    /// not either: so each of several mistakes can be corrected by itself.
    fn tried(&self, platform: &Platform, next: &Config, name: &str) -> Result<Vec<String>, Failure> {
        let _context = self.tokio.enter(); // what plugins are given to start is measured by its clock
        try_out(platform, next, name).or_else(|error| {
            match try_out(platform, &self.loaded.config, name).is_ok() {
                true => Err(error.into()),
                false => Ok(vec![format!("it will not be loaded: {error}")]),
            }
        })
    }

    fn save(&self, overlay: &Overlay) -> Result<(), Failure> {
        let data_dir = &self.loaded.config.data_dir;
        Ok(overlay.save(data_dir).map_err(|error| unwritable(data_dir, &error))?)
    }

    /// What deletes by the cascade, as a running server does.
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
        let accounts = Accounts::new(store, Runtime::system(), &config.domains, &config.auth);
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

fn unwritable(data_dir: &Path, error: &std::io::Error) -> String {
    format!("cannot write to {}: {error}", data_dir.display())
}

/// Lets a plugin read the settings with which it would come into force. What it says about them.
fn try_out(platform: &Platform, config: &Config, name: &str) -> Result<Vec<String>, CommandError> {
    let Some(plugin) = config.plugins.get(name) else { return Ok(Vec::new()) };
    let options = plugins::options(config, name, plugin);
    if options.domains.is_empty() {
        return Ok(Vec::new());
    }
    let loaded = platform.load(name, &plugin.file);
    let tried = loaded.and_then(|loaded| platform.deploy(&loaded, &options, Occasion::Start));
    let deployment = tried.map_err(|error| plugins::not_in_force(name, &error, plugin, None))?;
    Ok(deployment.heard().to_vec())
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
