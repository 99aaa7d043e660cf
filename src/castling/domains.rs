//! The overlay part of the `domain` commands, and the output format of domains and plugins.

use admin::CommandError;
use serde_json::{Map, Value, json};

use crate::api::{DomainShown, OfDomain, PluginOn, PluginShown};
use crate::config::{Config, Loaded, Overlay, Plugin, PluginUse};

/// The overlay after a `domain` command, given without the `domain.` prefix; `None` if there is no such
/// command.
///
/// # Errors
/// The command is refused.
pub fn change(loaded: &Loaded, command: &str, args: &OfDomain) -> Option<Result<Overlay, CommandError>> {
    match command {
        "add" => Some(loaded.add_domain(&args.domain)),
        "remove" => Some(loaded.remove_domain(&args.domain, args.purge)),
        "enable" => Some(loaded.enable_domain(&args.domain, true)),
        "disable" => Some(loaded.enable_domain(&args.domain, false)),
        _ => None,
    }
}

/// All domains, for `domain.list`.
pub fn shown(config: &Config) -> Vec<DomainShown> {
    let one = |domain: &crate::config::Domain| DomainShown {
        domain: domain.name.clone(),
        declared_by: domain.origin.word().to_owned(),
        enabled: domain.enabled,
        enabled_by: domain.enabled_origin.word().to_owned(),
        plugins: domain.active.iter().map(|plugin| on(&plugin.name, plugin)).collect(),
    };
    config.domains.iter().map(one).collect()
}

/// A plugin with the domains it is enabled on; its version is known only to a caller that has loaded it.
pub fn plugin_shown(config: &Config, name: &str, plugin: &Plugin, version: Option<String>) -> PluginShown {
    let uses = config.domains.iter().flat_map(|domain| {
        domain.active.iter().filter(|one| one.name == name).map(|one| on(&domain.name, one))
    });
    PluginShown {
        name: name.to_owned(),
        version,
        declared_by: plugin.origin.word().to_owned(),
        file: plugin.file.display().to_string(),
        file_by: plugin.file_origin.word().to_owned(),
        grants: plugin.grants.clone(),
        domains: uses.collect(),
    }
}

fn on(name: &str, plugin: &PluginUse) -> PluginOn {
    let mark = |(key, value): (&String, &Value)| {
        let by = if plugin.by_command.contains(key) { "command" } else { "file" };
        (key.clone(), json!({ "value": value, "by": by }))
    };
    let config: Map<String, Value> = plugin.config.iter().map(mark).collect();
    PluginOn { name: name.to_owned(), enabled_by: plugin.origin.word().to_owned(), config }
}
