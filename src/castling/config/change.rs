//! Changes by commands: each returns the overlay after the change, or why it is refused.

use std::path::PathBuf;

use admin::CommandError;
use serde_json::{Map, Value};
use settings::{item, join};
use toml::de::DeValue;

use super::domain::Domain;
use super::load::Loaded;
use super::names;
use super::origin::Origin;
use super::overlay::{DomainChange, Overlay, PluginChange};
use super::tree;
use super::types::Plugin;

type Changed = Result<Overlay, CommandError>;

/// How a plugin is enabled.
#[derive(Clone, Copy)]
pub struct Enabling<'a> {
    /// On these domains; on all if empty.
    pub domains: &'a [String],
    /// Settings to change.
    pub set: &'a Map<String, Value>,
    /// Settings made by commands to remove.
    pub unset: &'a [String],
    /// Grants from the command line.
    pub given: &'a [String],
    /// What the plugin asks for.
    pub asked: &'a [String],
}

/// Which component a plugin has from now on.
pub enum Component {
    /// That of the configuration file.
    Declared,
    /// A copy, relative to the data directory.
    Kept(PathBuf),
}

/// No domain has this name.
pub fn unknown_domain(name: &str) -> CommandError {
    CommandError::new(format!("domain {name} does not exist")).remedy("see castling domain list")
}

impl Loaded {
    /// Adds a domain.
    ///
    /// # Errors
    /// The name is not a valid domain, or it is taken.
    pub fn add_domain(&self, name: &str) -> Changed {
        names::domain(name).map_err(|error| CommandError::new(error.message).remedy(error.remedy))?;
        let name = names::prepared(name);
        if let Some(domain) = self.config.domain(&name) {
            let message = format!("{name} has already been {}", self.declared_domain(domain));
            let error = CommandError::new(message);
            return Err(match domain.enabled {
                true => error,
                false => error.remedy(format!("it is disabled: run castling domain enable {name}")),
            });
        }
        if let Some(domain) =
            self.config.domains.iter().find(|one| one.services.values().any(|it| *it == name))
        {
            return Err(CommandError::new(format!("{name} is a service of {}", domain.name)));
        }
        if let Some(component) = self.config.component(&name) {
            return Err(CommandError::new(format!("{} is an external component", component.name)));
        }
        if self.overlay.purging().any(|one| one == name) {
            return Err(CommandError::new(format!("the accounts of {name} are still being deleted"))
                .remedy("wait until they are; an interrupted deletion continues when the server starts"));
        }
        let mut overlay = self.overlay.clone();
        overlay.domains.insert(name, DomainChange { added: true, ..DomainChange::default() });
        Ok(overlay)
    }

    /// Removes a domain that was added by command. With `purge`, it is noted as one whose accounts are being deleted.
    ///
    /// # Errors
    /// There is no such domain, or it is declared in the file.
    pub fn remove_domain(&self, name: &str, purge: bool) -> Changed {
        let domain = self.known_domain(name)?;
        if domain.origin == Origin::File {
            let message = format!("{} is {}", domain.name, self.declared_domain(domain));
            let remedy = match purge {
                false => {
                    format!("remove it there and run castling reload, or run castling domain disable {name}")
                }
                true => format!(
                    "remove it there, run castling reload, castling domain add {name} and this command again; or run \
                     castling domain disable {name}"
                ),
            };
            return Err(CommandError::new(message).remedy(remedy));
        }
        let mut overlay = self.overlay.clone();
        match purge {
            true => overlay.domains.entry(domain.name.clone()).or_default().purging = true,
            false => drop(overlay.domains.remove(&domain.name)),
        }
        for plugin in &mut overlay.plugins {
            plugin.domains.remove(&domain.name);
        }
        Ok(overlay)
    }

    /// Enables or disables a domain.
    ///
    /// # Errors
    /// There is no such domain.
    pub fn enable_domain(&self, name: &str, on: bool) -> Changed {
        let domain = self.known_domain(name)?;
        let mut overlay = self.overlay.clone();
        let change = overlay.domains.entry(domain.name.clone()).or_default();
        change.enabled = (!on).then_some(false);
        if *change == DomainChange::default() {
            overlay.domains.remove(&domain.name);
        }
        Ok(overlay)
    }

    /// Declares a plugin whose component is stored at `file`, relative to the data directory.
    ///
    /// # Errors
    /// The name is invalid or taken.
    pub fn install_plugin(&self, name: &str, file: PathBuf) -> Changed {
        names::plugin(name).map_err(|error| CommandError::new(error.message).remedy(error.remedy))?;
        if let Some(plugin) = self.config.plugins.get(name) {
            let message = format!("plugin {name} has already been {}", self.declared_plugin(name, plugin));
            let remedy = format!("run castling plugin reload {name} FILE for another version");
            return Err(CommandError::new(message).remedy(remedy));
        }
        let mut overlay = self.overlay.clone();
        // What is left of one that was declared in the file under this name has nothing to do with it.
        overlay.plugins.retain(|change| change.name != name);
        let change = overlay.plugin_mut(name);
        (change.installed, change.file) = (true, Some(file));
        Ok(overlay)
    }

    /// Replaces a plugin's component, and its grants if some are `given`.
    ///
    /// # Errors
    /// There is no such plugin, or as for [`grants_once_enabled`](Self::grants_once_enabled).
    pub fn replace_plugin(&self, name: &str, with: Option<Component>, given: &[String]) -> Changed {
        let grants = self.grants_once_enabled(name, given, &[])?;
        let mut overlay = self.overlay.clone();
        match with {
            Some(Component::Kept(file)) => overlay.plugin_mut(name).file = Some(file),
            Some(Component::Declared) => overlay.plugin_mut(name).file = None,
            None => {}
        }
        if !given.is_empty() {
            overlay.plugin_mut(name).grants = Some(grants);
        }
        Ok(overlay)
    }

    /// Removes a plugin that was installed by command.
    ///
    /// # Errors
    /// There is no such plugin, or the file declares or uses it.
    pub fn remove_plugin(&self, name: &str) -> Changed {
        let known = self.known_plugin(name);
        if let Ok(plugin) = known
            && plugin.origin == Origin::File
        {
            let message = format!("plugin {name} is {}", self.declared_plugin(name, plugin));
            let is_provider =
                self.config.domains.iter().any(|domain| domain.auth.iter().any(|one| one == name));
            let remedy = match is_provider {
                true => "remove it there, also from `auth`, and run castling reload".to_owned(),
                false => {
                    format!("remove it there and run castling reload, or run castling plugin disable {name}")
                }
            };
            return Err(CommandError::new(message).remedy(remedy));
        }
        if let Some(place) = self.named_in_file(name) {
            let message = format!("plugin {name} is referenced in {place}");
            return Err(CommandError::new(message).remedy("remove it there and run castling reload first"));
        }
        if self.overlay.plugin(name).is_none() {
            known?;
        }
        let mut overlay = self.overlay.clone();
        overlay.plugins.retain(|change| change.name != name);
        Ok(overlay)
    }

    /// Whether it has been decided what a plugin is granted: in the file, or when it was enabled.
    pub fn has_been_granted(&self, name: &str, plugin: &Plugin) -> bool {
        plugin.origin == Origin::File
            || self.overlay.plugin(name).is_some_and(|change| change.grants.is_some())
    }

    /// The grants that a plugin has once it is enabled: those `given` now, else those that it has had, else those that it asks for.
    ///
    /// # Errors
    /// There is no such plugin, a grant is malformed, or the grants are set in the file.
    pub fn grants_once_enabled(
        &self,
        name: &str,
        given: &[String],
        asked: &[String],
    ) -> Result<Vec<String>, CommandError> {
        let plugin = self.known_plugin(name)?;
        if plugin.origin == Origin::File && !given.is_empty() {
            let message = format!(
                "plugin {name} is {}, which also sets its grants",
                self.declared_plugin(name, plugin)
            );
            return Err(CommandError::new(message).remedy("add the grants there and run castling reload"));
        }
        for grant in given {
            names::grant(grant).map_err(|error| CommandError::new(error.message).remedy(error.remedy))?;
        }
        Ok(match given {
            [] if self.has_been_granted(name, plugin) => plugin.grants.clone(),
            [] => asked.to_vec(),
            given => given.to_vec(),
        })
    }

    /// Enables a plugin on these domains, or on all; see [`grants_once_enabled`](Self::grants_once_enabled).
    ///
    /// # Errors
    /// There is no such plugin or domain, or as for the grants.
    pub fn enable_plugin(&self, name: &str, enabling: &Enabling<'_>) -> Changed {
        let Enabling { domains, given, asked, .. } = *enabling;
        let grants = self.grants_once_enabled(name, given, asked)?;
        let is_from_command = self.known_plugin(name)?.origin == Origin::Command;
        let mut overlay = self.switch_plugin(name, domains, true)?;
        if is_from_command {
            overlay.plugin_mut(name).grants = Some(grants);
        }
        self.set_plugin(overlay, name, enabling)
    }

    /// Changes the settings of a plugin.
    ///
    /// # Errors
    /// There is no such domain, or no command has made a setting that is to be removed.
    pub fn set_plugin(&self, mut overlay: Overlay, name: &str, enabling: &Enabling<'_>) -> Changed {
        let Enabling { domains, set, unset, .. } = *enabling;
        for domain in domains {
            self.known_domain(domain)?;
        }
        if let Some(key) = unset.iter().find(|key| set.contains_key(*key)) {
            return Err(
                CommandError::new(format!("{key} is to be set and to be removed")).remedy("say one of both")
            );
        }
        if domains.is_empty() && set.is_empty() && unset.is_empty() && overlay.plugin(name).is_none() {
            return Ok(overlay);
        }
        let change = overlay.plugin_mut(name);
        unset_keys(name, change, domains, unset)?;
        configure(change, domains, set);
        change.domains.retain(|_, here| here.enabled.is_some() || !here.config.is_empty());
        Ok(overlay)
    }

    /// Disables a plugin on these domains, or on all.
    ///
    /// # Errors
    /// There is no such plugin or domain, or the file requires the plugin.
    pub fn disable_plugin(&self, name: &str, domains: &[String]) -> Changed {
        let listed = |domain: &Domain| domain.plugins.iter().any(|one| one == name);
        let is_named = |name: &String| self.config.domain(&names::prepared(name)).is_none_or(listed);
        if self.known_plugin(name)?.required && (domains.is_empty() || domains.iter().any(is_named)) {
            let place = self.problems.place(&join(&join("plugins", name), "required"));
            let remedy = "remove that there and run castling reload first";
            return Err(CommandError::new(format!("plugin {name} is required by {place}")).remedy(remedy));
        }
        self.is_no_provider(name, domains)?;
        let mut overlay = self.switch_plugin(name, domains, false)?;
        overlay.plugin_mut(name).domains.retain(|_, here| here.enabled.is_some() || !here.config.is_empty());
        Ok(overlay)
    }

    fn switch_plugin(&self, name: &str, domains: &[String], on: bool) -> Changed {
        let mut overlay = self.overlay.clone();
        let change = overlay.plugin_mut(name);
        if domains.is_empty() {
            change.enabled = Some(on);
            change.domains.values_mut().for_each(|here| here.enabled = None);
        }
        for domain in domains {
            let domain = self.known_domain(domain)?;
            change.domains.entry(domain.name.clone()).or_default().enabled = Some(on);
        }
        Ok(overlay)
    }

    /// The domain of that name, however it is written.
    ///
    /// # Errors
    /// There is none.
    pub fn known_domain(&self, name: &str) -> Result<&Domain, CommandError> {
        self.config.domain(&names::prepared(name)).ok_or_else(|| unknown_domain(name))
    }

    /// The plugin of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn known_plugin(&self, name: &str) -> Result<&Plugin, CommandError> {
        self.config.plugins.get(name).ok_or_else(|| {
            CommandError::new(format!("plugin {name} does not exist"))
                .remedy("see castling plugin list, or run castling plugin install")
        })
    }

    fn declared_domain(&self, domain: &Domain) -> String {
        match domain.origin {
            Origin::File => format!("declared in {}", self.problems.place(&join(&domain.path, "name"))),
            Origin::Command => "added with `castling domain add`".into(),
        }
    }

    fn declared_plugin(&self, name: &str, plugin: &Plugin) -> String {
        match plugin.origin {
            Origin::File => format!("declared in {}", self.problems.place(&join("plugins", name))),
            Origin::Command => "installed with `castling plugin install`".into(),
        }
    }

    /// Where a domain in the file names the plugin.
    fn named_in_file(&self, name: &str) -> Option<String> {
        let paths = self.config.domains.iter().flat_map(|domain| {
            let in_list = |key: &str, list: &[String]| {
                let path = join(&domain.path, key);
                list.iter().position(|one| one == name).map(|index| item(&path, index))
            };
            let config = join(&join(&domain.path, "config"), name);
            let config = domain.config.contains_key(name).then_some(config);
            [in_list("plugins", &domain.plugins), in_list("auth", &domain.auth), config].into_iter().flatten()
        });
        paths.map(|path| self.problems.place(&path)).next()
    }
}

/// Removes settings made by commands: on these domains, or on all.
fn unset_keys(
    name: &str,
    change: &mut PluginChange,
    domains: &[String],
    keys: &[String],
) -> Result<(), CommandError> {
    for key in keys {
        let mut found = false;
        for (domain, here) in &mut change.domains {
            if domains.is_empty() || domains.iter().any(|one| names::prepared(one) == *domain) {
                found |= here.config.remove(key).is_some();
            }
        }
        if domains.is_empty() {
            found |= change.config.remove(key).is_some();
        }
        if !found {
            let message = format!("no command has set {key} of plugin {name} there");
            return Err(CommandError::new(message).remedy(format!("see castling plugin show {name}")));
        }
    }
    Ok(())
}

/// A setting for all domains replaces those for single domains.
fn configure(change: &mut PluginChange, domains: &[String], set: &Map<String, Value>) {
    if domains.is_empty() {
        change.config.extend(set.clone());
        for here in change.domains.values_mut() {
            here.config.retain(|key, _| !set.contains_key(key));
        }
    }
    for domain in domains {
        change.domains.entry(names::prepared(domain)).or_default().config.extend(set.clone());
    }
}

/// The settings of `--set KEY=VALUE`: a value is parsed as TOML, else taken as a string.
pub fn settings(pairs: &[(String, String)]) -> Map<String, Value> {
    let value = |text: &String| {
        let toml = DeValue::parse(text).ok().and_then(|value| tree::value(value.get_ref()).to_json());
        toml.unwrap_or_else(|| Value::from(text.as_str()))
    };
    pairs.iter().map(|(key, text)| (key.clone(), value(text))).collect()
}

mod component;
mod provider;

#[cfg(test)]
mod tests;
