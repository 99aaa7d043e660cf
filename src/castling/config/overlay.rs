//! Changes made by commands: stored in the data directory, applied after the file.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::external::Away;

/// The file's name in the data directory.
pub const FILE: &str = "overlay.json";

/// All changes made by commands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overlay {
    /// Domains by name.
    pub domains: BTreeMap<String, DomainChange>,
    /// Plugins, in the order in which commands first named them.
    pub plugins: Vec<PluginChange>,
    /// Components by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<String, ComponentAdded>,
}

/// A component added by command. No `Debug` of its secret.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ComponentAdded {
    pub secret: String,
    /// The domains that may reach it; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// Whether what is sent to it waits while it is not connected.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub queue: bool,
}

impl ComponentAdded {
    pub fn away(&self) -> Away {
        if self.queue { Away::Queue } else { Away::Bounce }
    }
}

impl std::fmt::Debug for ComponentAdded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ComponentAdded").field("domains", &self.domains).finish_non_exhaustive()
    }
}

/// Changes of a domain by commands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DomainChange {
    /// Whether a command added the domain.
    pub added: bool,
    /// Whether it is served; `None`: not set by a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The domain is removed, and its accounts are being deleted. Stays until they are: a deletion that is cut off goes on
    /// at the next start.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub purging: bool,
}

/// Changes of a plugin by commands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PluginChange {
    pub name: String,
    /// Whether a command installed the plugin.
    pub installed: bool,
    /// The component, relative to the data directory; `None`: as in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The grants of a plugin installed by command; `None`: it was never enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<String>>,
    /// On or off on every domain without its own setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Settings on every domain.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
    /// Settings on single domains.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub domains: BTreeMap<String, PluginOnDomain>,
}

/// Changes of a plugin on one domain by commands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PluginOnDomain {
    /// On or off here; `None`: as on all domains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Settings here.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
}

impl Overlay {
    /// Reads the overlay of a data directory; empty if the file does not exist.
    ///
    /// # Errors
    /// The file cannot be read or is invalid.
    pub fn load(data_dir: &Path) -> io::Result<Self> {
        match fs::read(data_dir.join(FILE)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes the overlay atomically.
    ///
    /// # Errors
    /// The directory is not writable.
    pub fn save(&self, data_dir: &Path) -> io::Result<()> {
        self.stage(data_dir)?.keep()
    }

    /// Writes it beside the one in force: what is left is a renaming.
    ///
    /// # Errors
    /// The directory is not writable.
    pub fn stage(&self, data_dir: &Path) -> io::Result<Staged> {
        let staged = Staged { fresh: data_dir.join("overlay.json.new"), data_dir: data_dir.to_owned() };
        // It may have secrets of components.
        let mut file =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(&staged.fresh)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        Ok(staged)
    }

    /// Domains whose accounts are being deleted.
    pub fn purging(&self) -> impl Iterator<Item = &str> {
        self.domains.iter().filter(|(_, change)| change.purging).map(|(name, _)| name.as_str())
    }

    /// The changes of a plugin.
    pub fn plugin(&self, name: &str) -> Option<&PluginChange> {
        self.plugins.iter().find(|change| change.name == name)
    }

    /// The same, created if absent.
    pub fn plugin_mut(&mut self, name: &str) -> &mut PluginChange {
        let at = self.plugins.iter().position(|change| change.name == name).unwrap_or_else(|| {
            self.plugins.push(PluginChange { name: name.to_owned(), ..PluginChange::default() });
            self.plugins.len() - 1
        });
        &mut self.plugins[at]
    }
}

/// An overlay that is written, and not in force yet. Dropping it leaves the old one.
pub struct Staged {
    fresh: PathBuf,
    data_dir: PathBuf,
}

impl Staged {
    /// Puts it in place of the old one.
    ///
    /// # Errors
    /// The directory is not writable any more.
    pub fn keep(self) -> io::Result<()> {
        fs::rename(&self.fresh, self.data_dir.join(FILE))?;
        File::open(&self.data_dir)?.sync_all()
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.fresh); // gone already if it was kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_was_saved() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Overlay::load(dir.path()).unwrap(), Overlay::default());
        let mut overlay = Overlay::default();
        overlay
            .domains
            .insert("a.example".into(), DomainChange { added: true, enabled: Some(false), purging: false });
        let plugin = overlay.plugin_mut("sunshine");
        plugin.installed = true;
        plugin.config.insert("max".into(), 5.into());
        plugin.domains.insert("a.example".into(), PluginOnDomain { enabled: Some(true), config: Map::new() });
        overlay.save(dir.path()).unwrap();
        assert_eq!(Overlay::load(dir.path()).unwrap(), overlay);
        overlay.domains.clear();
        overlay.save(dir.path()).unwrap();
        assert_eq!(Overlay::load(dir.path()).unwrap(), overlay);
        assert!(!dir.path().join("overlay.json.new").exists());
    }

    #[test]
    fn a_damaged_overlay_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["{", "3", r#"{"domain":{}}"#] {
            fs::write(dir.path().join(FILE), text).unwrap();
            assert!(Overlay::load(dir.path()).is_err(), "{text}");
        }
    }
}
