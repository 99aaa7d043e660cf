//! Checks of plugins: whether their components load, with these grants and these settings.

use std::collections::{BTreeMap, HashSet};

use admin::CommandError;
use settings::{Complaint, Problem, item, join};
use wasm::{Inspection, LoadError};

use super::claims;
use super::domain::Domain;
use super::origin::Origin;
use super::overlay;
use super::problem::{Problems, Severity};
use super::surroundings::component;
use super::types::{Config, Plugin};
use crate::plugins;

/// Inspects every plugin's component without running it, and checks grants and settings. Files that are missing or no WebAssembly are
/// reported by `surroundings`.
pub fn check(config: &Config, problems: &mut Problems) {
    let looking = looking(config);
    let mut claimed = BTreeMap::new();
    for (name, plugin) in config.plugins.iter().filter(|(_, plugin)| component(&plugin.file).is_ok()) {
        match wasm::inspect(&plugin.file, &looking) {
            Ok(found) => {
                grants(config, name, plugin, &found, problems);
                policy(name, plugin, &found, problems);
                providers(config, name, &found, problems);
                addresses(config, name, plugin, &found, problems);
                settings(config, name, plugin, &found, problems);
                claimed.insert(name.as_str(), found.claiming(name));
            }
            Err(error) => {
                let message = format!("plugin {name} cannot be loaded: {error}");
                let remedy = plugins::remedy(name, &error, plugin);
                report(config, name, plugin, "file", Complaint::new(message, remedy), problems);
            }
        }
    }
    claims::check(config, &claimed, problems);
}

/// How components are looked at: compiled as the server does, within its limits.
pub fn looking(config: &Config) -> wasm::Looking {
    wasm::Looking {
        data_dir: config.data_dir.clone(),
        limits: config.limits.of(),
        compiler: Some(crate::compiler::compiler()),
    }
}

/// Reports a plugin's problem: at its key in the file, or in the overlay if a command declared it.
fn report(
    config: &Config,
    name: &str,
    plugin: &Plugin,
    key: &str,
    complaint: Complaint,
    problems: &mut Problems,
) {
    match plugin.origin {
        Origin::File => problems.error(&join(&join("plugins", name), key), complaint),
        Origin::Command => {
            let file = config.data_dir.join(overlay::FILE);
            problems.elsewhere_about(&join("plugins", name), &file, Severity::Error, complaint)
        }
    }
}

fn grants(config: &Config, name: &str, plugin: &Plugin, found: &Inspection, problems: &mut Problems) {
    // A plugin that was installed by command and never enabled has no grants yet.
    let is_used = |domain: &Domain| domain.active.iter().any(|one| one.name == name);
    if plugin.origin == Origin::Command && !config.domains.iter().any(is_used) {
        return;
    }
    if let Err(error) = found.check_grants(&plugin.grants) {
        let CommandError { message, remedy, .. } = plugins::not_in_force(name, &error, plugin, None);
        let complaint = Complaint::new(message, remedy.unwrap_or_default());
        report(config, name, plugin, "grants", complaint, problems);
    }
}

/// A plugin that `auth` names must have accounts.
fn providers(config: &Config, name: &str, found: &Inspection, problems: &mut Problems) {
    if found.is_provider() {
        return;
    }
    for domain in &config.domains {
        let Some(index) = domain.auth.iter().position(|one| one == name) else { continue };
        let message =
            format!("plugin {name} has no accounts: it exports neither credentials nor password-check");
        let complaint = Complaint::new(message, "name one that has, such as auth-sql");
        problems.error(&item(&join(&domain.path, "auth"), index), complaint);
    }
}

/// A plugin that is to have an address must have one on each domain where it is enabled, with its grant; others must have none.
fn addresses(config: &Config, name: &str, plugin: &Plugin, found: &Inspection, problems: &mut Problems) {
    for domain in config.domains.iter().filter(|domain| domain.active.iter().any(|one| one.name == name)) {
        let path = join(&join(&domain.path, "services"), name);
        let of = domain.name.clone();
        match (domain.services.get(name).filter(|address| !address.is_empty()), found.has_address()) {
            (None, false) => {}
            (None, true) => {
                let error = LoadError::NoAddress { domain: of, name: name.to_owned() };
                let listed = domain.plugins.iter().position(|one| one == name);
                let path =
                    listed.map_or(domain.path.clone(), |index| item(&join(&domain.path, "plugins"), index));
                problems.error(&path, about(name, &error));
            }
            (Some(address), false) => {
                let error = LoadError::NoService { domain: of, address: address.clone() };
                problems.error(&path, about(name, &error));
            }
            (Some(address), true) => {
                if let Err(error) = found.check_address(&plugin.grants, address)
                    && found.check_grants(&plugin.grants).is_ok()
                {
                    let CommandError { message, remedy, .. } =
                        plugins::not_in_force(name, &error, plugin, None);
                    let complaint = Complaint::new(message, remedy.unwrap_or_default());
                    report(config, name, plugin, "grants", complaint, problems);
                }
            }
        }
    }
}

fn about(name: &str, error: &LoadError) -> Complaint {
    Complaint::new(format!("plugin {name}: {error}"), error.remedy())
}

fn policy(name: &str, plugin: &Plugin, found: &Inspection, problems: &mut Problems) {
    let Some(policy) = plugin.failure_policy() else { return };
    if let Err(error) = found.check_policy(&policy) {
        let complaint = Complaint::new(format!("plugin {name}: {error}"), error.remedy());
        problems.error(&join(&join("plugins", name), "policy"), complaint);
    }
}

fn settings(config: &Config, name: &str, plugin: &Plugin, found: &Inspection, problems: &mut Problems) {
    let own = join(&join("plugins", name), "config");
    let mut said = HashSet::new();
    let uses = config.domains.iter().filter_map(|domain| {
        let one = domain.active.iter().find(|one| one.name == name)?;
        Some((domain, one, found.check_config(&plugin.config, &one.config)))
    });
    let mut used = false;
    for (domain, one, list) in uses {
        used = true;
        let here = join(&join(&domain.path, "config"), name);
        for problem in list {
            let first = problem.path.split(['.', '[']).next().unwrap_or_default();
            let set_here = domain.config.get(name).is_some_and(|table| table.contains_key(first));
            let at = below(if set_here { &here } else { &own }, &problem.path);
            let by_command = one.by_command.iter().any(|key| key == first);
            let on = (!one.everywhere.iter().any(|key| key == first)).then_some(&*domain.name);
            if !said.insert((at.clone(), by_command, by_command.then_some(on).flatten())) {
                continue;
            }
            match by_command {
                true => {
                    let complaint = set_by_command(name, on, first, &problem);
                    let file = config.data_dir.join(overlay::FILE);
                    problems.elsewhere_about(&at, &file, Severity::Error, complaint);
                }
                false => problems.error(&at, complaint(name, &problem)),
            }
        }
    }
    if !used {
        for problem in found.check_config(&plugin.config, &serde_json::Map::new()) {
            problems.error(&below(&own, &problem.path), complaint(name, &problem));
        }
    }
}

/// `drop[1].kind` below `plugins.offline-filter.config`.
fn below(parent: &str, path: &str) -> String {
    if path.is_empty() { parent.to_owned() } else { format!("{parent}.{path}") }
}

fn complaint(name: &str, problem: &Problem) -> Complaint {
    Complaint::new(format!("plugin {name}: {}", problem.message), problem.remedy.clone())
}

/// `on`: the domain for which the key is set; `None`: all domains.
fn set_by_command(name: &str, on: Option<&str>, key: &str, problem: &Problem) -> Complaint {
    let Complaint { message, remedy } = complaint(name, problem);
    let on = on.map(|domain| format!(" --domain {domain}")).unwrap_or_default();
    let command = format!("castling plugin enable {name}{on}");
    Complaint::new(message, format!("{remedy}: run {command} --unset {key}, or with --set {key}=VALUE"))
}
