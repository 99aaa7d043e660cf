//! Deployed plugins, and the `plugin` commands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use admin::CommandError;
use kernel::Module;
use serde_json::{Value, json};
use tokio::sync::MutexGuard;
use wasm::{DeployOptions, Deployment, LoadError, Occasion, Platform};

use super::Server;
use super::domains::Beside;
use crate::accounts::{answer, arguments};
use crate::api::{OfPlugin, PluginShown};
use crate::config::{Config, Domain, Loaded, Origin, Plugin};
use crate::plugins::{self, Change, Standing};

/// How often what plugins keep is looked through.
const TIDIED: Duration = Duration::from_secs(60);

/// The plugins that some domain uses, by name.
#[derive(Default)]
pub(super) struct Deployed(BTreeMap<String, One>);

#[derive(Clone)]
enum One {
    Running {
        deployment: Arc<Deployment>,
        module: Arc<dyn Module>,
        /// The options that it was built with: it is kept while these and its component are the same.
        options: Arc<DeployOptions>,
        /// Why its component could not be read again.
        lost: Option<String>,
    },
    /// It could not be loaded when the server started.
    Absent {
        error: String,
        /// What stands in its place.
        module: Option<Arc<dyn Module>>,
    },
}

impl One {
    /// Whether a command leaves a running plugin as it is: a component that was replaced meanwhile waits for a reload.
    fn is_same(&self, beside: &Beside<'_>, name: &str, plugin: &Plugin, options: &DeployOptions) -> bool {
        let before = beside.before.filter(|_| beside.by_command);
        let before = before.and_then(|config| config.plugins.get(name));
        let same_file = before.is_some_and(|before| before.file == plugin.file);
        same_file && matches!(self, Self::Running { options: before, .. } if **before == *options)
    }
}

impl Deployed {
    /// The modules of a domain's plugins, in order.
    pub fn modules(&self, domain: &Domain) -> Vec<Arc<dyn Module>> {
        let active = domain.active.iter().filter_map(|plugin| self.0.get(&plugin.name));
        let module = |one: &One| match one {
            One::Running { module, .. } => Some(module.clone()),
            One::Absent { module, .. } => module.clone(),
        };
        active.filter_map(module).collect()
    }

    /// What the operator should know: plugins that are not loaded, or whose component is lost.
    pub fn notes(&self) -> Vec<String> {
        let notes = self.0.values().filter_map(|one| match one {
            One::Absent { error, .. } => Some(format!("not loaded: {error}")),
            One::Running { lost, .. } => {
                lost.as_ref().map(|error| format!("the version in force stays: {error}"))
            }
        });
        notes.collect()
    }

    /// Those that are running.
    pub fn running(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        self.0.values().filter_map(|one| match one {
            One::Running { deployment, .. } => Some(deployment),
            One::Absent { .. } => None,
        })
    }

    fn standing(&self, name: &str) -> Standing {
        match self.0.get(name) {
            None => Standing::Idle,
            Some(One::Running { deployment, .. }) => {
                Standing::Running(deployment.at_work(), deployment.plugin().clone())
            }
            Some(One::Absent { error, .. }) => Standing::Absent(error.clone()),
        }
    }
}

impl Server {
    /// Deploys every plugin used by some domain, next to those in force now. An unchanged plugin is kept,
    /// unless it is `again`. One that cannot be loaded keeps the server from nothing but a change: when it starts, or when the plugin
    /// was not loaded before either, its place is kept.
    pub(super) async fn deploy(
        &self,
        config: &Config,
        beside: &Beside<'_>,
    ) -> Result<Deployed, CommandError> {
        let mut deployed = Deployed::default();
        let used = config
            .plugins
            .iter()
            .map(|(name, plugin)| (name, plugin, plugins::options(config, name, plugin)));
        let used: Vec<_> = used.filter(|(_, _, options)| !options.domains.is_empty()).collect();
        let before = self.deployed.lock().await.0.len();
        if beside.at_start.is_none() && used.len() > before {
            let room = self.platform.room_for(used.len());
            room.map_err(|error| CommandError::new(error.to_string()).remedy(error.remedy()))?;
        }
        for (name, plugin, options) in used {
            let present = self.deployed.lock().await.0.get(name).cloned();
            let again = beside.again == Some(name.as_str());
            if let Some(one) =
                present.as_ref().filter(|one| !again && one.is_same(beside, name, plugin, &options))
            {
                deployed.0.insert(name.clone(), one.clone());
                continue;
            }
            let one = match self.one(name, plugin, &options, present.clone(), again).await {
                Ok(one) => one,
                Err(error) => {
                    self.without(name, plugin, &options, present.filter(|_| !again), error, beside)?
                }
            };
            deployed.0.insert(name.clone(), one);
        }
        Ok(deployed)
    }

    async fn one(
        &self,
        name: &str,
        plugin: &Plugin,
        options: &DeployOptions,
        present: Option<One>,
        again: bool,
    ) -> Result<One, CommandError> {
        let (owned, file) = (name.to_owned(), plugin.file.clone());
        let loaded = self.off_workers(name, plugin, move |platform| platform.load(&owned, &file)).await;
        let mut lost = None;
        let loaded = match (loaded, &present) {
            (Ok(loaded), _) => loaded,
            // Its component is gone or damaged meanwhile: the version in force stays, with other options if need be.
            (Err(error), Some(One::Running { deployment, .. }))
                if !again && !is_other(deployment, plugin) =>
            {
                tracing::warn!(plugin = name, "the version in force stays: {error}");
                lost = Some(error.to_string());
                deployment.plugin().clone()
            }
            (Err(error), _) => return Err(error),
        };
        let occasion = match present {
            Some(One::Running { options: before, deployment, module, .. })
                if !again && *before == *options && deployment.is_of(&loaded) =>
            {
                return Ok(One::Running { deployment, module, options: before, lost });
            }
            Some(One::Running { .. }) => Occasion::Reload,
            Some(One::Absent { .. }) | None => Occasion::Start,
        };
        // Begun anew, by an operator.
        if again || occasion == Occasion::Start {
            self.platform.forgive(name);
        }
        let options = Arc::new(options.clone());
        let with = options.clone();
        let begin = move |platform: &Platform| platform.deploy(&loaded, &with, occasion);
        let deployment = self.off_workers(name, plugin, begin).await?;
        Ok(One::Running { module: deployment.module(), deployment, options, lost })
    }

    /// A plugin cannot be loaded. When the server starts, and if it was not loaded before either, its place is kept.
    ///
    /// # Errors
    /// The change is refused.
    fn without(
        &self,
        name: &str,
        plugin: &Plugin,
        options: &DeployOptions,
        present: Option<One>,
        error: CommandError,
        beside: &Beside<'_>,
    ) -> Result<One, CommandError> {
        let said = match (&present, beside.at_start) {
            (_, Some(_)) | (Some(One::Absent { .. }), None) if plugin.required => return Err(error),
            (_, Some(said)) => said.contains(name),
            (Some(One::Absent { error: before, .. }), None) => *before == error.to_string(),
            _ => return Err(error),
        };
        if !said {
            tracing::error!(plugin = name, "plugin is not loaded: {error}");
        }
        let module = self.platform.absent(name, &plugin.file, options);
        Ok(One::Absent { error: error.to_string(), module })
    }

    /// Runs CPU-bound work on a plugin off the workers that process stanzas.
    async fn off_workers<T: Send + 'static>(
        &self,
        name: &str,
        plugin: &Plugin,
        work: impl FnOnce(&Platform) -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, CommandError> {
        let done = self.aside(move |platform| Ok(work(platform))).await?;
        done.map_err(|error| plugins::not_in_force(name, &error, plugin, None))
    }

    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Platform) -> Result<T, CommandError> + Send + 'static,
    ) -> Result<T, CommandError> {
        let platform = self.platform.clone();
        let done = tokio::task::spawn_blocking(move || work(&platform)).await;
        done.map_err(|error| CommandError::new(format!("internal error: {error}")))?
    }

    /// Executes a `plugin` command, given without the `plugin.` prefix. Components are compiled before the configuration is locked:
    /// that takes seconds for a large one.
    pub(super) async fn plugin(&self, word: &str, args: Value) -> Result<Value, CommandError> {
        let files = plugins::files(&self.loaded.lock().await.config);
        let (compiled, changes) = (files.clone(), !matches!(word, "list" | "show"));
        self.aside(move |platform| {
            if changes {
                platform.try_again();
            }
            plugins::compile(platform, &compiled);
            Ok(())
        })
        .await?;
        match word {
            "list" => return self.list().await,
            "show" => return self.show(&arguments::<OfPlugin>(args)?.name).await,
            _ => {}
        }
        let word = word.to_owned();
        let change = self.aside(move |platform| Change::prepare(platform, &files, &word, args)).await?;
        let loaded = self.loaded.lock().await;
        self.put_in_force(loaded, &change).await
    }

    /// Drops from time to time what plugins keep for nothing any more, until the drain.
    pub(super) async fn tidy_plugins(self: Arc<Self>) {
        let mut drained = std::pin::pin!(self.kernel.runtime().tasks.drained_signal());
        loop {
            tokio::select! {
                () = tokio::time::sleep(TIDIED) => {}
                () = &mut drained => return,
            }
            let domains: Vec<String> = {
                let config = &self.loaded.lock().await.config;
                config.domains.iter().map(|domain| domain.name.clone()).collect()
            };
            let tidied = self.aside(move |platform| {
                platform.tidy(&domains.iter().map(String::as_str).collect::<Vec<_>>());
                Ok(())
            });
            if let Err(error) = tidied.await {
                tracing::error!(%error, "cannot tidy up what plugins keep");
            }
        }
    }

    /// When this returns, no stanza is judged by a version that was replaced.
    async fn put_in_force(
        &self,
        mut loaded: MutexGuard<'_, Loaded>,
        change: &Change,
    ) -> Result<Value, CommandError> {
        let overlay = change.overlay(&loaded)?;
        let name = change.name();
        let again = matches!(change, Change::Reload { .. }).then_some(name);
        let in_force = self.change(&mut loaded, overlay, Beside { again, ..Beside::default() }).await?;
        let said = match change {
            Change::Install(_) => answer(&self.shown(&loaded, name).await?)?,
            Change::Enable { args, .. } => self.enabled(&loaded, name, args.domains.is_empty()).await?,
            Change::Reload { .. } => self.enabled(&loaded, name, false).await?,
            Change::Disable(_) => json!({}),
            Change::Remove(name) => {
                self.platform.forget(name);
                json!({})
            }
        };
        tokio::task::block_in_place(|| plugins::clean(&self.platform, &loaded.config));
        drop(loaded);
        in_force.notes().await;
        Ok(said)
    }

    async fn enabled(&self, loaded: &Loaded, name: &str, everywhere: bool) -> Result<Value, CommandError> {
        let notes = match self.deployed.lock().await.0.get(name) {
            Some(One::Running { deployment, .. }) => deployment.heard().to_vec(),
            Some(One::Absent { error, .. }) => vec![format!("it is not loaded: {error}")],
            None => Vec::new(),
        };
        answer(&plugins::enabled(loaded, name, everywhere, notes)?)
    }

    async fn list(&self) -> Result<Value, CommandError> {
        let loaded = self.loaded.lock().await;
        let mut list = Vec::new();
        for name in loaded.config.plugins.keys() {
            list.push(self.shown(&loaded, name).await?);
        }
        answer(&list)
    }

    async fn show(&self, name: &str) -> Result<Value, CommandError> {
        let loaded = self.loaded.lock().await;
        answer(&self.shown(&loaded, name).await?)
    }

    async fn shown(&self, loaded: &Loaded, name: &str) -> Result<PluginShown, CommandError> {
        let standing = self.deployed.lock().await.standing(name);
        let plugin = loaded.known_plugin(name)?;
        Ok(tokio::task::block_in_place(|| plugins::shown(loaded, &self.platform, name, plugin, standing)))
    }
}

/// Whether the configuration names another component than the one that is running; only those kept by content tell.
fn is_other(deployment: &Deployment, plugin: &Plugin) -> bool {
    let kept = plugin.file_origin == Origin::Command;
    kept && plugin.file.file_stem().is_some_and(|stem| stem != deployment.digest())
}
