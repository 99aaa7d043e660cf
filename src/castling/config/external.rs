//! An external component of a configuration (XEP-0114).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use settings::Values;
use stream::component::{self, ComponentOptions};
use xmpp::Jid;

use super::origin::Origin;
use super::secret::Secret;

/// `[[component]]`, or one added by command.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// Its address as U-labels in lower case.
    pub name: String,
    pub secret: Option<Secret>,
    /// A file that contains it.
    pub secret_file: Option<PathBuf>,
    /// The domains that may reach it; empty: all.
    pub domains: Vec<String>,
    pub away: Away,
    pub limits: Values,
    /// The path of its table in the file; empty for one added by command.
    #[serde(default)]
    pub path: String,
    #[serde(skip)]
    pub origin: Origin,
}

/// What becomes of stanzas while it is not connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Away {
    Bounce,
    Queue,
}

impl External {
    /// Its secret.
    ///
    /// # Errors
    /// There is none, or the file cannot be read.
    fn secret(&self) -> Result<Arc<str>, String> {
        match (&self.secret_file, &self.secret) {
            (Some(file), _) => read(file),
            (None, Some(secret)) => Ok(secret.0.as_str().into()),
            (None, None) => Err("it has no secret".into()),
        }
    }

    /// The component in the form of the server; `None` if one of the domains it may reach is served. `served`: the domains.
    ///
    /// # Errors
    /// Its secret cannot be read.
    pub fn options(&self, served: &[&str]) -> Result<Option<ComponentOptions>, String> {
        let reaches =
            |domain: &&&str| self.domains.is_empty() || self.domains.iter().any(|one| one == **domain);
        let mut domains: Vec<Box<str>> = match self.domains.is_empty() {
            true => served.iter().map(|domain| (*domain).into()).collect(),
            false => {
                let is_served = |domain: &&String| served.contains(&domain.as_str());
                self.domains.iter().filter(is_served).map(|domain| domain.as_str().into()).collect()
            }
        };
        // Where all may reach it, the domain that it is below is its home.
        domains.sort_by_key(|domain| self.domains.is_empty() && !component::is_below(&self.name, domain));
        let Ok(name) = Jid::domain_only(&self.name) else { return Ok(None) };
        if !served.iter().any(|domain| reaches(&domain)) {
            return Ok(None);
        }
        Ok(Some(ComponentOptions {
            name,
            secret: self.secret().map_err(|why| format!("component {}: {why}", self.name))?,
            domains: domains.into(),
            away: match self.away {
                Away::Bounce => component::Away::Bounce,
                Away::Queue => component::Away::Queue,
            },
            limits: self.limits.of(),
        }))
    }
}

/// A secret in a file.
///
/// # Errors
/// Why it cannot be read.
pub fn read(file: &Path) -> Result<Arc<str>, String> {
    let text =
        fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(format!("{} is empty", file.display())),
        secret => Ok(secret.into()),
    }
}
