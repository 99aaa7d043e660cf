//! A plugin as `plugin list` and `plugin show` print it.

use std::collections::BTreeMap;
use std::fmt::Display;
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
    let inspected = match &standing {
        Standing::Running { plugin, .. } => Ok(plugin.inspection().clone()),
        _ => platform.inspect(&plugin.file),
    };
    let trouble = inspected.as_ref().err().map(|error| super::not_in_force(name, error, plugin, None));
    let is_absent = matches!(standing, Standing::Absent(_)) || inspected.is_err();
    let about = inspected.as_ref().map_or_else(|_| PluginShown::default(), of);
    let noted = platform.remembered(name).filter(|_| is_absent);
    let manifest = noted.or(inspected.ok().map(|found| found.manifest));
    let policy = plugin.failure_policy();
    let hooks = manifest.map(|manifest| hooks(&manifest, policy.as_ref())).unwrap_or_default();
    let (state, error) = match &standing {
        Standing::Running { at_work, left_out, .. } => {
            let errors = another(platform, &plugin.file, &at_work.digest).into_iter();
            let errors: Vec<_> = errors.chain(left_out.values().cloned()).collect();
            ("running", (!errors.is_empty()).then(|| errors.join("\n")))
        }
        Standing::Absent(error) => ("not loaded", Some(error.clone())),
        Standing::Idle => ("not enabled", trouble.map(|error| error.to_string())),
        Standing::Unknown => ("server not running", trouble.map(|error| error.to_string())),
    };
    let mut one = PluginShown {
        hooks,
        state: state.to_owned(),
        error,
        stats: stats(platform.stats_of(name)),
        ..configured(about, loaded, name, plugin)
    };
    if let Standing::Running { at_work, left_out, .. } = standing {
        one.left_out = left_out.into_keys().collect();
        (one.suspended, one.parked, one.suspensions) =
            (at_work.suspended, at_work.parked, at_work.suspensions);
    }
    one
}

/// What the configuration says of a plugin, beside what its component does.
fn configured(about: PluginShown, loaded: &Loaded, name: &str, plugin: &Plugin) -> PluginShown {
    let uses = loaded.config.domains.iter().flat_map(|domain| {
        domain.active.iter().filter(|one| one.name == name).map(|one| (domain.name.as_str(), one))
    });
    PluginShown {
        domains: uses.map(|(domain, using)| on(domain, using, &about.defaults)).collect(),
        settings: settings(loaded, name, plugin, &about.defaults),
        name: name.to_owned(),
        declared_by: plugin.origin.word().to_owned(),
        file: plugin.file.display().to_string(),
        file_by: plugin.file_origin.word().to_owned(),
        replaced: plugin.replaced.as_ref().map(|file| file.display().to_string()),
        everywhere: loaded.overlay.plugin(name).is_some_and(|change| change.enabled == Some(true)),
        required: plugin.required,
        grants: plugin.grants.clone(),
        has_been_granted: loaded.has_been_granted(name, plugin),
        allowed: words(&plugin.grants),
        ..about
    }
}

/// What is wrong with the file of a component that is running.
fn another(platform: &Platform, file: &Path, running: &str) -> Option<String> {
    match platform.digest(file) {
        Ok(digest) if digest == running => None,
        Ok(_) => Some("its file has changed since it was loaded".into()),
        Err(error) => Some(stays(&error)),
    }
}

/// The component of a running plugin cannot be read.
pub fn stays(error: &impl Display) -> String {
    format!("the version in force stays: {error}")
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
