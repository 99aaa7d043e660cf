//! Checks of plugins: whether their components load, with these grants and these settings.

use std::collections::HashSet;

use settings::{Complaint, Problem, join};
use wasm::Inspection;

use super::overlay;
use super::problem::{Problems, Severity};
use super::types::{Config, Origin, Plugin};

/// Inspects every plugin's component without running it, and checks grants and settings. Missing files are
/// reported by `surroundings`.
pub fn check(config: &Config, problems: &mut Problems) {
    for (name, plugin) in config.plugins.iter().filter(|(_, plugin)| plugin.file.is_file()) {
        match wasm::inspect(&plugin.file) {
            Ok(found) => {
                grants(name, plugin, &found, problems);
                policy(name, plugin, &found, problems);
                settings(config, name, plugin, &found, problems);
            }
            Err(error) => {
                let message = format!("plugin {name} cannot be loaded: {error}");
                report(config, name, plugin, "file", Complaint::new(message, error.remedy()), problems);
            }
        }
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
            problems.elsewhere(&config.data_dir.join(overlay::FILE), Severity::Error, complaint)
        }
    }
}

fn grants(name: &str, plugin: &Plugin, found: &Inspection, problems: &mut Problems) {
    // A plugin that was installed and never enabled has no grants yet.
    if plugin.origin == Origin::Command {
        return;
    }
    if let Err(error) = found.check_grants(&plugin.grants) {
        let complaint = Complaint::new(format!("plugin {name}: {error}"), error.remedy());
        problems.error(&join(&join("plugins", name), "grants"), complaint);
    }
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
        Some((domain, found.check_config(&plugin.config, &one.config)))
    });
    let mut used = false;
    for (domain, list) in uses {
        used = true;
        let here = join(&join(&domain.path, "config"), name);
        for problem in list {
            let first = problem.path.split(['.', '[']).next().unwrap_or_default();
            let set_here = domain.config.get(name).is_some_and(|table| table.contains_key(first));
            let place = if set_here { &here } else { &own };
            if said.insert((place.clone(), problem.path.clone())) {
                problems.error(&below(place, &problem.path), complaint(name, &problem));
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
