//! The overlay part of the `domain` commands, and the output format of domains.

use admin::CommandError;
use serde_json::Map;

use crate::api::{DomainShown, OfDomain};
use crate::config::{Config, Loaded, Overlay};
use crate::plugins::on;

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
        plugins: domain.active.iter().map(|plugin| on(&plugin.name, plugin, &Map::new())).collect(),
    };
    config.domains.iter().map(one).collect()
}
