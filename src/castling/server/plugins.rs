//! Deployed plugins, and the `plugin` commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use admin::CommandError;
use kernel::Module;
use serde_json::{Value, json};
use wasm::{DeployOptions, Deployment, DomainSettings, Inspection, LoadError, Occasion, Platform};

use super::Server;
use super::domains::Beside;
use crate::accounts::{answer, arguments, unknown};
use crate::api::{EnabledPlugin, InstallPlugin, OfPlugin, SwitchPlugin};
use crate::config::{Config, Domain, Plugin};
use crate::domains::plugin_shown;

/// The deployed plugins, by name.
#[derive(Default)]
pub(super) struct Deployed(BTreeMap<String, One>);

#[derive(Clone)]
struct One {
    deployment: Arc<Deployment>,
    /// What it was built from: it is kept while this is the same.
    made_of: String,
}

impl Deployed {
    /// The modules of a domain's plugins, in order.
    pub fn modules(&self, domain: &Domain) -> Vec<Arc<dyn Module>> {
        let active = domain.active.iter().filter_map(|plugin| self.0.get(&plugin.name));
        active.map(|one| one.deployment.module()).collect()
    }
}

impl Server {
    /// Deploys every plugin used by some domain, next to those in force now. An unchanged plugin is kept,
    /// unless it is `again`.
    pub(super) async fn deploy(
        &self,
        config: &Config,
        again: Option<&str>,
    ) -> Result<Deployed, CommandError> {
        let mut deployed = Deployed::default();
        for (name, plugin) in &config.plugins {
            let options = options(config, name, plugin);
            if options.domains.is_empty() {
                continue;
            }
            let digest = self.inspect(name, &plugin.file).await?.digest;
            let made_of = format!("{digest} {options:?}");
            let present = self.deployed.lock().await.0.get(name).cloned();
            let one = match present {
                Some(one) if one.made_of == made_of && again != Some(name) => one,
                present => {
                    let occasion = if present.is_some() { Occasion::Reload } else { Occasion::Start };
                    let deployment = self.begin(name, &plugin.file, options, occasion).await?;
                    One { deployment, made_of }
                }
            };
            deployed.0.insert(name.clone(), one);
        }
        Ok(deployed)
    }

    /// Inspects a component, which may have to be compiled first.
    async fn inspect(&self, name: &str, file: &Path) -> Result<Inspection, CommandError> {
        let file = file.to_owned();
        self.off_workers(name, move |platform| platform.inspect(&file)).await
    }

    /// Starts a plugin.
    async fn begin(
        &self,
        name: &str,
        file: &Path,
        options: DeployOptions,
        occasion: Occasion,
    ) -> Result<Arc<Deployment>, CommandError> {
        let (owned, file) = (name.to_owned(), file.to_owned());
        let begin = move |platform: &Platform| {
            let plugin = platform.load(&owned, &file)?;
            platform.deploy(&plugin, &options, occasion)
        };
        self.off_workers(name, begin).await
    }

    /// Runs CPU-bound work on a plugin off the workers that process stanzas.
    async fn off_workers<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Platform) -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, CommandError> {
        let platform = self.platform.clone();
        let done = tokio::task::spawn_blocking(move || work(&platform)).await;
        let done = done.map_err(|error| CommandError::new(format!("plugin {name}: {error}")))?;
        done.map_err(|error| CommandError::new(format!("plugin {name}: {error}")).remedy(error.remedy()))
    }

    /// Executes a `plugin` command, given without the `plugin.` prefix.
    pub(super) async fn plugin(&self, word: &str, args: Value) -> Result<Value, CommandError> {
        match word {
            "install" => self.install(arguments(args)?).await,
            "enable" => self.enable(arguments(args)?).await,
            "disable" => self.disable(arguments(args)?).await,
            "reload" => self.reload_plugin(arguments(args)?).await,
            "remove" => self.remove(&arguments::<OfPlugin>(args)?.name).await,
            "list" => self.list().await,
            "show" => self.show(&arguments::<OfPlugin>(args)?.name).await,
            _ => Err(unknown(&format!("plugin.{word}"))),
        }
    }

    async fn install(&self, args: InstallPlugin) -> Result<Value, CommandError> {
        let loaded = self.loaded.lock().await;
        let file = self.keep(Path::new(&args.file), &args.name, &loaded.config).await?;
        let overlay = loaded.install_plugin(&args.name, file)?;
        self.change_and_let_go(loaded, overlay, Beside::default()).await
    }

    /// Verifies, compiles and stores a component; returns its path relative to the data directory.
    async fn keep(&self, file: &Path, name: &str, config: &Config) -> Result<PathBuf, CommandError> {
        let (from, owned) = (file.to_owned(), name.to_owned());
        let install = move |platform: &Platform| platform.install(&from, Some(&owned));
        let path = self.off_workers(name, install).await?.path;
        let below = path.strip_prefix(&config.data_dir).map(Path::to_owned);
        Ok(below.unwrap_or(path))
    }

    async fn enable(&self, args: SwitchPlugin) -> Result<Value, CommandError> {
        let mut loaded = self.loaded.lock().await;
        let file = loaded.known_plugin(&args.name)?.file.clone();
        let asks = self.inspect(&args.name, &file).await?.asks;
        let overlay = loaded.enable_plugin(&args.name, &args.domains, &args.set, &args.grants, &asks)?;
        let in_force = self.change(&mut loaded, overlay, Beside::default()).await?;
        let using = loaded.config.domains.iter().filter(|d| d.active.iter().any(|one| one.name == args.name));
        let enabled = answer(&EnabledPlugin {
            grants: loaded.known_plugin(&args.name)?.grants.clone(),
            domains: using.map(|domain| domain.name.clone()).collect(),
        });
        drop(loaded);
        in_force.notes().await;
        enabled
    }

    async fn disable(&self, args: SwitchPlugin) -> Result<Value, CommandError> {
        let loaded = self.loaded.lock().await;
        let overlay = loaded.disable_plugin(&args.name, &args.domains)?;
        self.change_and_let_go(loaded, overlay, Beside::default()).await
    }

    /// Reloads the same file, or another version of it. When this returns, no stanza is judged by the old one
    /// any more.
    async fn reload_plugin(&self, args: OfPlugin) -> Result<Value, CommandError> {
        let loaded = self.loaded.lock().await;
        loaded.known_plugin(&args.name)?;
        let overlay = match &args.file {
            None => loaded.overlay.clone(),
            Some(file) => {
                let kept = self.keep(Path::new(file), &args.name, &loaded.config).await?;
                loaded.replace_plugin(&args.name, kept)?
            }
        };
        let beside = Beside { again: Some(&args.name), ..Beside::default() };
        self.change_and_let_go(loaded, overlay, beside).await
    }

    async fn remove(&self, name: &str) -> Result<Value, CommandError> {
        let mut loaded = self.loaded.lock().await;
        let overlay = loaded.remove_plugin(name)?;
        let in_force = self.change(&mut loaded, overlay, Beside::default()).await?;
        self.platform.forget(name);
        drop(loaded);
        in_force.notes().await;
        Ok(json!({}))
    }

    async fn list(&self) -> Result<Value, CommandError> {
        let loaded = self.loaded.lock().await;
        let mut list = Vec::new();
        for (name, plugin) in &loaded.config.plugins {
            list.push(self.shown(&loaded.config, name, plugin).await);
        }
        answer(&list)
    }

    async fn show(&self, name: &str) -> Result<Value, CommandError> {
        let loaded = self.loaded.lock().await;
        answer(&self.shown(&loaded.config, name, loaded.known_plugin(name)?).await)
    }

    async fn shown(&self, config: &Config, name: &str, plugin: &Plugin) -> crate::api::PluginShown {
        let version = self.inspect(name, &plugin.file).await.ok().map(|found| found.manifest.version);
        plugin_shown(config, name, plugin, version)
    }
}

/// The configuration of a plugin for the served domains that use it.
fn options(config: &Config, name: &str, plugin: &Plugin) -> DeployOptions {
    let served = config.domains.iter().filter(|domain| domain.enabled);
    let domains = served.filter_map(|domain| {
        let one = domain.active.iter().find(|one| one.name == name)?;
        Some(DomainSettings { domain: domain.name.clone(), config: one.config.clone() })
    });
    DeployOptions {
        config: plugin.config.clone(),
        domains: domains.collect(),
        grants: plugin.grants.clone(),
        policy: plugin.failure_policy(),
    }
}
