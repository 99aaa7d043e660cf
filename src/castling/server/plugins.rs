//! Putting plugins in force, and the `plugin` commands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use admin::CommandError;
use serde_json::{Value, json};
use tokio::sync::MutexGuard;
use wasm::{DeployOptions, LoadError, Occasion, Platform};

use super::Server;
use super::beside::Beside;
use super::deployed::{Absent, Deployed, One, Running, Trouble};
use crate::accounts::{answer, arguments};
use crate::api::{OfPlugin, PluginShown};
use crate::config::{Config, Loaded, Plugin, prepared};
use crate::plugins::{self, Change};

/// How long domains are left out one after the other, each of which may take its time to be refused.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often what plugins keep is looked through.
const TIDIED: Duration = Duration::from_secs(60);

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
        let before = self.deployed.lock().len();
        if beside.at_start.is_none() && used.len() > before {
            let room = self.platform.room_for(used.len());
            room.map_err(|error| CommandError::new(error.to_string()).remedy(error.remedy()))?;
        }
        for (name, plugin, options) in used {
            let present = self.deployed.lock().get(name).cloned();
            let is_same = |one: &&One| one.is_same(beside, name, plugin, &options);
            let one = match present.as_ref().filter(is_same) {
                Some(one) => one.clone(),
                None => self.renewed(name, plugin, options, present, beside).await?,
            };
            deployed.insert(name, one);
        }
        Ok(deployed)
    }

    /// A plugin that is new or has changed. When the server starts, a domain whose settings do not fit keeps it from no other one; nor
    /// does such a domain later, until its settings fit.
    async fn renewed(
        &self,
        name: &str,
        plugin: &Plugin,
        options: DeployOptions,
        present: Option<One>,
        beside: &Beside<'_>,
    ) -> Result<One, CommandError> {
        let (wanted, mut options) = (Arc::new(options.clone()), options);
        let clock = &self.kernel.runtime().clock;
        let begun = clock.monotonic();
        let mut left_out = BTreeMap::new();
        loop {
            let Trouble { error, domain } =
                match self.one(name, plugin, &wanted, &options, present.as_ref(), beside).await {
                    Ok(mut running) => {
                        // One that stays as it was has its own.
                        running.left_out.append(&mut left_out);
                        return Ok(One::Running(running));
                    }
                    Err(trouble) => trouble,
                };
            let before = domain.as_ref().and_then(|name| present.as_ref()?.left_out(name));
            let settings = options.domains.iter().find(|one| Some(&one.domain) == domain.as_ref());
            // What a command says itself has to fit.
            let is_excused = match before {
                Some(before) => !beside.by_command || Some(before) == settings,
                None => beside.at_start.is_some(),
            };
            let has_time = clock.monotonic().saturating_sub(begun) < PATIENCE;
            let goes_on = is_excused && !plugin.required && options.domains.len() > 1 && has_time;
            let (Some(domain), Some(settings), true) = (domain, settings, goes_on) else {
                let present = present.filter(|_| beside.again != Some(name));
                return self.without(name, plugin, &wanted, present, error, beside);
            };
            let said = beside.at_start.is_some_and(|said| said.contains(name));
            if !said && before.is_none() {
                tracing::error!(plugin = name, domain, "plugin is not in force on this domain: {error}");
            }
            let there = DeployOptions { domains: vec![settings.clone()], ..options.clone() };
            let module = self.platform.absent(name, &plugin.file, &there);
            options.domains.retain(|one| one.domain != domain);
            left_out.insert(domain, Absent { error: error.to_string(), options: there.into(), module });
        }
    }

    /// `wanted`: the options that it is to have; `options`: those that it can have.
    async fn one(
        &self,
        name: &str,
        plugin: &Plugin,
        wanted: &Arc<DeployOptions>,
        options: &DeployOptions,
        present: Option<&One>,
        beside: &Beside<'_>,
    ) -> Result<Running, Trouble> {
        let again = beside.again == Some(name);
        let running = present.and_then(One::running);
        let mut lost = None;
        let loaded = match (self.component(name, plugin, running, beside).await, running) {
            (Ok(loaded), _) => loaded,
            // Its component is gone or damaged meanwhile: the version in force stays, with other options if need be.
            (Err(Trouble { error, .. }), Some(running)) if !again && !running.is_other(plugin) => {
                tracing::warn!(plugin = name, "{}", plugins::stays(&error));
                lost = Some(error.to_string());
                running.deployment.plugin().clone()
            }
            (Err(trouble), _) => return Err(trouble),
        };
        // Required meanwhile, it must be in force on all of them.
        let is_enough = |running: &Running| !plugin.required || running.left_out.is_empty();
        if let Some(running) = running
            && !again
            && is_enough(running)
            && running.options == *wanted
            && running.deployment.is_of(&loaded)
        {
            return Ok(Running { lost, ..running.clone() });
        }
        let occasion = if running.is_some() { Occasion::Reload } else { Occasion::Start };
        // Begun anew, by an operator.
        if again || occasion == Occasion::Start {
            self.platform.forgive(name);
        }
        let with = options.clone();
        let begin = move |platform: &Platform| platform.deploy(&loaded, &with, occasion);
        let deployment = self.off_workers(name, plugin, begin).await?;
        let module = deployment.module();
        Ok(Running { module, deployment, options: wanted.clone(), lost, left_out: BTreeMap::new() })
    }

    /// A plugin's component: as it was read before, if a command changes only other things.
    async fn component(
        &self,
        name: &str,
        plugin: &Plugin,
        running: Option<&Running>,
        beside: &Beside<'_>,
    ) -> Result<Arc<wasm::Plugin>, Trouble> {
        if let Some(running) = running.filter(|running| running.lost.is_none() && beside.keeps(name, plugin))
        {
            return Ok(running.deployment.plugin().clone());
        }
        let (owned, file) = (name.to_owned(), plugin.file.clone());
        self.off_workers(name, plugin, move |platform| platform.load(&owned, &file)).await
    }

    /// A plugin cannot be loaded. When the server starts, and if it was not loaded before either, its place is kept.
    ///
    /// # Errors
    /// The change is refused.
    fn without(
        &self,
        name: &str,
        plugin: &Plugin,
        options: &Arc<DeployOptions>,
        present: Option<One>,
        error: CommandError,
        beside: &Beside<'_>,
    ) -> Result<One, CommandError> {
        let said = match (&present, beside.at_start) {
            (_, Some(_)) | (Some(One::Absent(_)), None) if plugin.required => return Err(error),
            (_, Some(said)) => said.contains(name),
            (Some(One::Absent(before)), None) => before.error == error.to_string(),
            _ => return Err(error),
        };
        if !said {
            tracing::error!(plugin = name, "plugin is not loaded: {error}");
        }
        let module = self.platform.absent(name, &plugin.file, options);
        Ok(One::Absent(Absent { error: error.to_string(), options: options.clone(), module }))
    }

    /// Runs CPU-bound work on a plugin off the workers that process stanzas.
    async fn off_workers<T: Send + 'static>(
        &self,
        name: &str,
        plugin: &Plugin,
        work: impl FnOnce(&Platform) -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, Trouble> {
        let done = self.aside(move |platform| Ok(work(platform))).await?;
        done.map_err(|error| Trouble {
            error: plugins::not_in_force(name, &error, plugin, None),
            domain: error.domain().map(str::to_owned),
        })
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
        while self.kernel.runtime().tasks.pause(TIDIED).await {
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
            if let Err(error) = self.kernel.store().plugin_values().expire(self.kernel.now_us()).await {
                kernel::log_failure(&error, "cannot delete what plugins have stored for a time");
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
        let taken_back = change.taken_back(&loaded);
        let name = change.name();
        let again = matches!(change, Change::Reload { .. }).then_some(name);
        let before = self.screening_on(name);
        let in_force = self.change(&mut loaded, overlay, Beside { again, ..Beside::default() }).await?;
        let said = match change {
            Change::Install(_) => answer(&self.shown(&loaded, name).await?)?,
            Change::Enable { args, .. } => {
                self.enabled(&loaded, name, args.domains.is_empty(), taken_back)?
            }
            Change::Reload { .. } => self.enabled(&loaded, name, false, taken_back)?,
            Change::Disable(args) => {
                json!({ "notes": self.lists_left(&before, &args.domains).await? })
            }
            Change::Remove(name) => {
                self.platform.forget(name).await;
                self.forget_stored(name).await?;
                json!({})
            }
        };
        tokio::task::block_in_place(|| plugins::clean(&self.platform, &loaded.config));
        drop(loaded);
        in_force.notes().await;
        Ok(said)
    }

    /// Deletes what a plugin has stored: it has been removed.
    async fn forget_stored(&self, name: &str) -> Result<(), CommandError> {
        let store = self.kernel.store();
        let values = store.plugin_values().remove_plugin(name).await;
        let slots = store.plugin_slots().remove_plugin(name).await;
        self.platform.forget_slots(name);
        values.and(slots).map(drop).map_err(|error| {
            let message = format!("plugin {name} is removed, but not all that it has stored: {error}");
            CommandError::new(message)
        })
    }

    /// The domains on which a plugin chooses default lists, which stay in force without it.
    fn screening_on(&self, name: &str) -> Vec<String> {
        let deployed = self.deployed.lock();
        let running = deployed.get(name).and_then(One::running);
        let running = running.filter(|running| running.deployment.plugin().inspection().sets_default_lists());
        running.map(|running| running.deployment.at_work().domains).unwrap_or_default()
    }

    /// What a plugin that is no longer in force leaves: privacy lists. `domains`: those of the command; all if empty.
    async fn lists_left(&self, before: &[String], domains: &[String]) -> Result<Vec<String>, CommandError> {
        let mut accounts = 0;
        for domain in before
            .iter()
            .filter(|name| domains.is_empty() || domains.iter().any(|one| prepared(one) == **name))
        {
            let counted = self.kernel.store().privacy().accounts_with_default(domain).await;
            accounts += counted.map_err(|error| CommandError::new(error.to_string()))?;
        }
        let whose = match accounts {
            0 => return Ok(Vec::new()),
            1 => "1 account".to_owned(),
            more => format!("{more} accounts"),
        };
        Ok(vec![format!(
            "the default privacy lists of {whose} stay in force; clients can change only what they block"
        )])
    }

    fn enabled(
        &self,
        loaded: &Loaded,
        name: &str,
        everywhere: bool,
        mut notes: Vec<String>,
    ) -> Result<Value, CommandError> {
        if let Some(one) = self.deployed.lock().get(name) {
            notes.extend(one.running().into_iter().flat_map(|running| running.deployment.heard().to_vec()));
            notes.extend(one.notes());
        }
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
        let standing = self.deployed.lock().standing(name);
        let plugin = loaded.known_plugin(name)?;
        Ok(tokio::task::block_in_place(|| plugins::shown(loaded, &self.platform, name, plugin, standing)))
    }
}
