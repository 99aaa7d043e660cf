//! Applies the overlay to the file: which domains are served, which plugins are enabled where, with which
//! settings.

use std::path::Path;
use std::sync::Arc;

use super::domain::{Declared, Domain, PluginUse};
use super::external::External;
use super::origin::Origin;
use super::overlay::{Overlay, PluginChange};
use super::secret::Secret;
use super::types::{Config, Plugin};

/// Applies the overlay. `new_domain` declares a domain with defaults.
pub fn apply(config: &mut Config, overlay: &Overlay, new_domain: impl Fn(&str) -> Option<Arc<Declared>>) {
    for (name, change) in &overlay.domains {
        if change.added && !change.purging && config.domain(name).is_none() {
            config.domains.extend(new_domain(name).map(Domain::from));
        }
    }
    let data_dir = config.data_dir.clone();
    for change in &overlay.plugins {
        plugin(config, change, &data_dir);
    }
    let Config { domains, plugins, .. } = config;
    for domain in domains {
        let said = overlay.domains.get(&domain.name).and_then(|change| change.enabled);
        domain.enabled = said.unwrap_or(true);
        domain.enabled_origin = said.map_or(domain.origin, |_| Origin::Command);
        domain.active = order(domain, overlay)
            .filter_map(|name| Some((name, plugins.get(name)?)))
            .filter_map(|(name, plugin)| active(domain, name, plugin, overlay.plugin(name)))
            .collect();
    }
}

/// Adds the components that commands have added. `new_component` declares one with defaults.
pub fn add_components(
    config: &mut Config,
    overlay: &Overlay,
    new_component: impl Fn(&str) -> Option<External>,
) {
    for (name, change) in &overlay.components {
        if config.component(name).is_none()
            && let Some(component) = new_component(name)
        {
            let secret = Some(Secret(change.secret.clone()));
            let (domains, away) = (change.domains.clone(), change.away());
            config.components.push(External { secret, domains, away, ..component });
        }
    }
}

fn plugin(config: &mut Config, change: &PluginChange, data_dir: &Path) {
    let file = change.file.as_ref().map(|file| data_dir.join(file));
    match (config.plugins.get_mut(&change.name), file) {
        (Some(plugin), Some(file)) => {
            plugin.replaced = Some(std::mem::replace(&mut plugin.file, file));
            plugin.file_origin = Origin::Command;
        }
        (None, Some(file)) if change.installed => {
            let (origin, file_origin) = (Origin::Command, Origin::Command);
            let (config_of_it, grants) = (serde_json::Map::new(), change.grants.clone().unwrap_or_default());
            let policy = std::collections::BTreeMap::new();
            let plugin = Plugin {
                file,
                config: config_of_it,
                grants,
                policy,
                required: false,
                origin,
                file_origin,
                replaced: None,
            };
            config.plugins.insert(change.name.clone(), plugin);
        }
        _ => {}
    }
}

/// The plugins of the file in its order, first `plugins`, then `auth`; then those named only by commands.
fn order<'a>(domain: &'a Domain, overlay: &'a Overlay) -> impl Iterator<Item = &'a str> {
    let providers = domain.auth.iter().filter(|name| !domain.plugins.contains(name));
    let named =
        |name: &str| [&domain.plugins, &domain.auth].iter().any(|list| list.iter().any(|one| one == name));
    let later = overlay.plugins.iter().map(|change| change.name.as_str()).filter(move |name| !named(name));
    domain.plugins.iter().chain(providers).map(String::as_str).chain(later)
}

fn active(domain: &Domain, name: &str, plugin: &Plugin, change: Option<&PluginChange>) -> Option<PluginUse> {
    let is_provider = domain.auth.iter().any(|one| one == name);
    let listed = is_provider || domain.plugins.iter().any(|one| one == name);
    let here = change.and_then(|change| change.domains.get(&domain.name));
    let said = here.and_then(|here| here.enabled).or(change.and_then(|change| change.enabled));
    // Without it nobody could log in: commands cannot disable it.
    let said = said.filter(|_| !is_provider);
    if !said.unwrap_or(listed) {
        return None;
    }
    let mut config = plugin.config.clone();
    config.extend(domain.config.get(name).cloned().unwrap_or_default());
    let mut by_command: Vec<String> = Vec::new();
    for set in [change.map(|change| &change.config), here.map(|here| &here.config)].into_iter().flatten() {
        by_command.extend(set.keys().cloned());
        config.extend(set.clone());
    }
    by_command.sort();
    by_command.dedup();
    let is_here = |key: &String| here.is_some_and(|here| here.config.contains_key(key));
    let everywhere = by_command.iter().filter(|key| !is_here(key)).cloned().collect();
    let origin = if listed && said.is_none() { Origin::File } else { Origin::Command };
    Some(PluginUse { name: name.to_owned(), config, by_command, everywhere, origin })
}
