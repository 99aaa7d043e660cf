//! The `plugin` commands, as far as they are the same with a running server and without one: what they change, and what they show.

mod shown;

use std::path::{Path, PathBuf};

use admin::CommandError;
use serde_json::Value;
use wasm::{DeployOptions, DomainSettings, Inspection, Installed, LoadError, Looking, Platform};

use crate::accounts::{arguments, unknown};
use crate::api::{EnabledPlugin, InstallPlugin, OfPlugin, SwitchPlugin};
use crate::config::{Component, Config, Enabling, Loaded, Origin, Overlay, Plugin, argument};

pub use shown::{Standing, found, on, shown, stays};

/// What a command changes. Components have been verified, compiled and stored.
pub enum Change {
    Install(Box<Installed>),
    Enable {
        args: SwitchPlugin,
        /// What the plugin asks for, if that can be read.
        asks: Result<Vec<String>, CommandError>,
    },
    Disable(SwitchPlugin),
    Reload {
        /// Another version, with the file that was given.
        with: Option<(String, Box<Installed>)>,
        args: OfPlugin,
    },
    Remove(String),
}

impl Change {
    /// Prepares a command, given without the `plugin.` prefix; may compile a component. `files`: where the plugins' components are.
    ///
    /// # Errors
    /// The component cannot be loaded, or there is no such command.
    pub fn prepare(
        platform: &Platform,
        files: &[(String, PathBuf)],
        word: &str,
        args: Value,
    ) -> Result<Self, CommandError> {
        match word {
            "install" => {
                let InstallPlugin { file, name } = arguments(args)?;
                let installed = platform.install(Path::new(&file), name.as_deref());
                Ok(Self::Install(Box::new(installed.map_err(|error| refused(&file, &error))?)))
            }
            "enable" => {
                let args: SwitchPlugin = arguments(args)?;
                let file = files.iter().find(|(name, _)| *name == args.name).map(|(_, file)| file);
                // One that does not exist is refused when the overlay is made.
                let found = file.map(|file| platform.inspect(file)).transpose();
                let asks = found.map(|found| found.map(|found| found.asks).unwrap_or_default());
                let asks = asks.map_err(|error| refused(&format!("plugin {}", args.name), &error));
                Ok(Self::Enable { args, asks })
            }
            "disable" => Ok(Self::Disable(arguments(args)?)),
            "reload" => {
                let args: OfPlugin = arguments(args)?;
                let installed = |file: &String| match platform.install(Path::new(file), Some(&args.name)) {
                    Ok(installed) => Ok((file.clone(), Box::new(installed))),
                    Err(error) => Err(refused(file, &error)),
                };
                let with = args.file.as_ref().map(installed).transpose()?;
                Ok(Self::Reload { with, args })
            }
            "remove" => Ok(Self::Remove(arguments::<OfPlugin>(args)?.name)),
            _ => Err(unknown(&format!("plugin.{word}"))),
        }
    }

    /// The plugin that it is about.
    pub fn name(&self) -> &str {
        match self {
            Self::Install(installed) => &installed.name,
            Self::Enable { args, .. } | Self::Disable(args) => &args.name,
            Self::Reload { args, .. } => &args.name,
            Self::Remove(name) => name,
        }
    }

    /// What it takes back of what was decided for single domains, for the operator.
    pub fn taken_back(&self, loaded: &Loaded) -> Vec<String> {
        let (domains, set, unset, enables) = match self {
            Self::Enable { args, .. } => (&args.domains, &args.set, &args.unset, true),
            Self::Reload { args, .. } => (&args.domains, &args.set, &args.unset, false),
            _ => return Vec::new(),
        };
        loaded.taken_back(self.name(), &Enabling { domains, set, unset, given: &[], asked: &[] }, enables)
    }

    /// The overlay after it.
    ///
    /// # Errors
    /// It is refused.
    pub fn overlay(&self, loaded: &Loaded) -> Result<Overlay, CommandError> {
        let kept = |installed: &Installed| {
            let below = installed.path.strip_prefix(&loaded.config.data_dir);
            below.map_or_else(|_| installed.path.clone(), Path::to_owned)
        };
        match self {
            Self::Install(installed) => loaded.install_plugin(&installed.name, kept(installed)),
            Self::Enable { args, asks } => {
                let SwitchPlugin { name, domains, set, unset, grants } = args;
                // Only the first time it matters; later its file may be lost while it runs.
                let has_been =
                    loaded.config.plugins.get(name).is_some_and(|one| loaded.has_been_granted(name, one));
                let asked = match asks {
                    Ok(asks) => asks.as_slice(),
                    Err(_) if has_been => &[],
                    Err(error) => return Err(error.clone()),
                };
                loaded.enable_plugin(name, &Enabling { domains, set, unset, given: grants, asked })
            }
            Self::Disable(args) => loaded.disable_plugin(&args.name, &args.domains),
            Self::Reload { with, args } => {
                let OfPlugin { name, grants, set, unset, domains, .. } = args;
                let plugin = loaded.known_plugin(name)?;
                let has = if grants.is_empty() { &plugin.grants } else { grants };
                if let Some((file, with)) = with.as_ref().filter(|_| loaded.has_been_granted(name, plugin)) {
                    let with_these = Plugin { grants: has.clone(), ..plugin.clone() };
                    let checked = with.inspection.check_grants(has);
                    checked.map_err(|error| not_in_force(name, &error, &with_these, Some(file)))?;
                }
                let component = with.as_ref().map(|(file, with)| match plugin.declares(Path::new(file)) {
                    true => Component::Declared,
                    false => Component::Kept(kept(with)),
                });
                let overlay = loaded.replace_plugin(name, component, grants)?;
                loaded.set_plugin(overlay, name, &Enabling { domains, set, unset, given: &[], asked: &[] })
            }
            Self::Remove(name) => loaded.remove_plugin(name),
        }
    }
}

/// Why a component is refused, with the remedy.
pub fn refused(what: &str, error: &LoadError) -> CommandError {
    let message = match error {
        LoadError::File { path, .. } if path.to_str() == Some(what) => error.to_string(),
        _ => format!("{what}: {error}"),
    };
    CommandError::new(message).remedy(error.remedy())
}

/// What to do about a component that cannot be loaded.
pub fn remedy(name: &str, error: &LoadError, plugin: &Plugin) -> String {
    match error {
        LoadError::File { .. } | LoadError::Damaged | LoadError::Altered | LoadError::NotAComponent(_)
            if plugin.file_origin == Origin::Command =>
        {
            format!("run castling plugin reload {name} FILE")
        }
        _ => error.remedy(),
    }
}

/// Why a plugin does not come into force; a lack of grants has the grants as remedy. `file`: that of a version that is not installed.
pub fn not_in_force(name: &str, error: &LoadError, plugin: &Plugin, file: Option<&str>) -> CommandError {
    let LoadError::NotGranted { missing } = error else {
        return refused(&format!("plugin {name}"), error).remedy(remedy(name, error, plugin));
    };
    let message = format!("plugin {name} asks for more than it is granted: {}", missing.join(", "));
    let all: Vec<_> = plugin.grants.iter().chain(missing).map(|grant| narrow(grant)).collect();
    CommandError::new(message).remedy(match plugin.origin {
        Origin::File => format!("set grants = [\"{}\"] in [plugins.{name}]", all.join("\", \"")),
        Origin::Command => {
            let given = |file| (format!(" {}", argument(Path::new(file))), "");
            let (of, first) = file.map_or((String::new(), " first"), given);
            format!("run castling plugin reload {name}{of} --grant {}{first}", all.join(" --grant "))
        }
    })
}

/// What is proposed instead of a grant that is wider than it need be.
fn narrow(grant: &str) -> &str {
    if grant == "sql" { "sql:SOURCE/STATEMENT" } else { grant }
}

/// The configuration of a plugin for the served domains that use it.
pub fn options(config: &Config, name: &str, plugin: &Plugin) -> DeployOptions {
    let served = config.domains.iter().filter(|domain| domain.enabled);
    let domains = served.filter_map(|domain| {
        let one = domain.active.iter().find(|one| one.name == name)?;
        let address = domain.services.get(name).cloned();
        Some(DomainSettings { domain: domain.name.clone(), config: one.config.clone(), address })
    });
    DeployOptions {
        config: plugin.config.clone(),
        domains: domains.collect(),
        grants: plugin.grants.clone(),
        policy: plugin.failure_policy(),
    }
}

/// What `plugin enable` and `plugin reload` answer. `everywhere`: whether it is enabled on all domains, those to come included.
///
/// # Errors
/// There is no such plugin.
pub fn enabled(
    loaded: &Loaded,
    name: &str,
    everywhere: bool,
    notes: Vec<String>,
) -> Result<EnabledPlugin, CommandError> {
    let using = loaded.config.domains.iter().filter(|d| d.active.iter().any(|one| one.name == name));
    Ok(EnabledPlugin {
        grants: loaded.known_plugin(name)?.grants.clone(),
        domains: using.map(|domain| domain.name.clone()).collect(),
        everywhere,
        notes,
    })
}

/// Compiles the components that have not been yet: from then on it costs little to show them.
pub fn compile(platform: &Platform, files: &[(String, PathBuf)]) {
    for (_, file) in files {
        // What is wrong is shown with the plugin.
        let _ = platform.inspect(file);
    }
}

/// Where the plugins' components are.
pub fn files(config: &Config) -> Vec<(String, PathBuf)> {
    config.plugins.iter().map(|(name, plugin)| (name.clone(), plugin.file.clone())).collect()
}

/// Deletes the files that no plugin of the configuration uses any more.
pub fn clean(platform: &Platform, config: &Config) {
    let names: Vec<_> = config.plugins.keys().map(String::as_str).collect();
    // A component that a command has stored is named after its digest.
    let digest = |plugin: &Plugin| match plugin.file_origin {
        Origin::Command => plugin.file.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned),
        Origin::File => platform.digest(&plugin.file).ok(),
    };
    let digests: Vec<String> = config.plugins.values().filter_map(digest).collect();
    platform.clean(&names, &digests.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Reads a component for `plugin show FILE`.
///
/// # Errors
/// It cannot be loaded.
pub fn inspect(file: &Path, looking: &Looking) -> Result<Inspection, CommandError> {
    wasm::inspect(file, looking).map_err(|error| refused(&file.display().to_string(), &error))
}
