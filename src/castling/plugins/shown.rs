//! A plugin as `plugin list` and `plugin show` print it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use wasm::{AtWork, Grant, Inspection, Manifest, Platform, PluginStats};

use crate::api::{GrantShown, HookShown, PluginOn, PluginShown};
use crate::config::{Loaded, Plugin, PluginUse};

/// How a plugin stands in a running server.
pub enum Standing {
    /// It is in force.
    Running {
        at_work: AtWork,
        plugin: Arc<wasm::Plugin>,
        /// Domains that it is not in force on, each with the reason.
        left_out: BTreeMap<String, String>,
    },
    /// It could not be loaded, for this reason.
    Absent(String),
    /// No domain uses it.
    Idle,
    /// No server runs.
    Unknown,
}

/// All about a plugin of the configuration.
pub fn shown(
    loaded: &Loaded,
    platform: &Platform,
    name: &str,
    plugin: &Plugin,
    standing: Standing,
) -> PluginShown {
    let config = &loaded.config;
    let inspected = match &standing {
        Standing::Running { plugin, .. } => Ok(plugin.inspection().clone()),
        _ => platform.inspect(&plugin.file),
    };
    let trouble = inspected.as_ref().err().map(|error| super::not_in_force(name, error, plugin, None));
    let trouble = trouble.map(|error| error.to_string());
    let mut one = inspected.as_ref().map_or_else(|_| PluginShown::default(), of);
    let is_absent = matches!(standing, Standing::Absent(_)) || inspected.is_err();
    let manifest = platform.remembered(name).filter(|_| is_absent);
    let manifest = manifest.or(inspected.ok().map(|found| found.manifest));
    one.hooks =
        manifest.map(|manifest| hooks(&manifest, plugin.failure_policy().as_ref())).unwrap_or_default();
    let uses = config.domains.iter().flat_map(|domain| {
        domain.active.iter().filter(|one| one.name == name).map(|one| (domain.name.as_str(), one))
    });
    let defaults = one.defaults.clone();
    one.domains = uses.map(|(domain, using)| on(domain, using, &defaults)).collect();
    one.settings = settings(loaded, name, plugin, &defaults);
    one.name = name.to_owned();
    one.declared_by = plugin.origin.word().to_owned();
    one.file = plugin.file.display().to_string();
    one.file_by = plugin.file_origin.word().to_owned();
    one.replaced = plugin.replaced.as_ref().map(|file| file.display().to_string());
    one.everywhere = loaded.overlay.plugin(name).is_some_and(|change| change.enabled == Some(true));
    one.required = plugin.required;
    one.grants.clone_from(&plugin.grants);
    one.has_been_granted = loaded.has_been_granted(name, plugin);
    one.allowed = words(&plugin.grants);
    let (state, error) = match standing {
        Standing::Running { at_work, left_out, .. } => {
            one.left_out = left_out.keys().cloned().collect();
            one.suspended.clone_from(&at_work.suspended);
            one.parked.clone_from(&at_work.parked);
            one.suspensions = at_work.suspensions;
            let errors = another(platform, &plugin.file, &at_work.digest).into_iter();
            let errors: Vec<_> = errors.chain(left_out.into_values()).collect();
            ("running", (!errors.is_empty()).then(|| errors.join("\n")))
        }
        Standing::Absent(error) => ("not loaded", Some(error)),
        Standing::Idle => ("not enabled", trouble),
        Standing::Unknown => ("server not running", trouble),
    };
    one.state = state.to_owned();
    one.error = error;
    one.stats = stats(platform.stats_of(name));
    one
}

/// What is wrong with the file of a component that is running.
fn another(platform: &Platform, file: &Path, running: &str) -> Option<String> {
    match platform.digest(file) {
        Ok(digest) if digest == running => None,
        Ok(_) => Some("its file has changed since it was loaded".into()),
        Err(error) => Some(format!("the version in force stays: {error}")),
    }
}

/// The counters, as JSON.
fn stats(stats: PluginStats) -> Value {
    serde_json::to_value(stats).unwrap_or_default()
}

/// All about a component that is not installed.
pub fn found(file: &str, found: &Inspection) -> PluginShown {
    PluginShown {
        name: found.manifest.name.clone(),
        declared_by: "-".into(),
        file: file.to_owned(),
        file_by: "-".into(),
        state: "not installed".into(),
        settings: settings_of(&found.manifest.config.defaults()),
        ..of(found)
    }
}

fn of(found: &Inspection) -> PluginShown {
    let manifest = &found.manifest;
    PluginShown {
        version: Some(manifest.version.clone()),
        description: Some(manifest.description.clone()),
        licence: Some(manifest.licence.clone()),
        digest: Some(found.digest.clone()),
        bytes: Some(found.bytes as u64),
        guards: manifest.guards,
        hooks: hooks(manifest, None),
        asks: words(&found.asks),
        defaults: manifest.config.defaults(),
        schema: serde_json::to_value(&manifest.config).unwrap_or_default(),
        ..PluginShown::default()
    }
}

fn hooks(manifest: &Manifest, policy: Option<&Value>) -> Vec<HookShown> {
    let hooks = wasm::policies(manifest, policy).into_iter().filter_map(|(hook, policy)| {
        let about = manifest.hooks.get(hook.name())?;
        Some(HookShown {
            hook: hook.name().to_owned(),
            interests: serde_json::to_value(&about.interests).unwrap_or_default(),
            want: serde_json::to_value(about.want).unwrap_or_default(),
            policy: hook.word(policy).to_owned(),
        })
    });
    hooks.collect()
}

fn settings_of(defaults: &Map<String, Value>) -> Map<String, Value> {
    defaults.iter().map(|(key, value)| (key.clone(), json!({ "value": value, "by": "default" }))).collect()
}

/// The settings with which it would be enabled on all domains, each with the place where it is set.
fn settings(
    loaded: &Loaded,
    name: &str,
    plugin: &Plugin,
    defaults: &Map<String, Value>,
) -> Map<String, Value> {
    let marked = |map: &Map<String, Value>, by: &'static str| {
        let mark = |(key, value): (&String, &Value)| (key.clone(), json!({ "value": value, "by": by }));
        map.iter().map(mark).collect::<Map<_, _>>()
    };
    let mut all = settings_of(defaults);
    all.extend(marked(&plugin.config, "file"));
    all.extend(
        loaded.overlay.plugin(name).map(|change| marked(&change.config, "command")).unwrap_or_default(),
    );
    all
}

fn words(grants: &[String]) -> Vec<GrantShown> {
    let one = |grant: &String| GrantShown {
        grant: grant.clone(),
        words: Grant::parse(grant).map(|grant| grant.words()).unwrap_or_default(),
    };
    grants.iter().map(one).collect()
}

/// A plugin's use on a domain, or a domain's use of a plugin: `name` is the other one. Each setting with the place where it is set.
pub fn on(name: &str, plugin: &PluginUse, defaults: &Map<String, Value>) -> PluginOn {
    let set = plugin.config.iter().map(|(key, value)| {
        let by = if plugin.by_command.contains(key) { "command" } else { "file" };
        (key.clone(), json!({ "value": value, "by": by }))
    });
    let default = defaults.iter().filter(|(key, _)| !plugin.config.contains_key(*key));
    let default = default.map(|(key, value)| (key.clone(), json!({ "value": value, "by": "default" })));
    let config: Map<String, Value> = set.chain(default).collect();
    PluginOn { name: name.to_owned(), enabled_by: plugin.origin.word().to_owned(), config }
}
