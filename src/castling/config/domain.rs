//! A domain of the configuration.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use settings::Values;

use super::origin::Origin;
use super::s2s::Federation;

/// `[[domain]]`, or the defaults for a domain added by command.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Its name as U-labels in lower case.
    pub name: String,
    /// Authentication providers, in order.
    pub auth: Vec<String>,
    /// Plugins the file enables, in order.
    pub plugins: Vec<String>,
    /// Settings of plugins on this domain.
    pub config: BTreeMap<String, Map<String, Value>>,
    /// Certificate and key; `None`: self-signed.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Every module, on or off, with its options.
    pub modules: Arc<BTreeMap<String, Module>>,
    /// The limits in force here.
    pub limits: Values,
    /// Allowed web origins; empty: any.
    pub origins: Vec<String>,
    /// URLs for web clients of this domain.
    pub web: Web,
    /// Addresses by the names of the plugins that they belong to, or of services that this version does not have.
    pub services: BTreeMap<String, String>,
    pub brand: Brand,
    /// With whom stanzas are exchanged.
    pub s2s: Federation,
    /// Bare JIDs of its administrators.
    pub admins: Vec<String>,
    /// What happens when a resource is in use.
    pub resource_conflict: ResourceConflict,
    /// The path of its table in the file (`domain[1]`); empty for a domain added by command.
    #[serde(default)]
    pub path: String,
    #[serde(skip)]
    pub origin: Origin,
}

/// A domain as it is after changes by commands. What is declared of it is shared by all configurations that follow each other while it
/// stays the same; its keys are read as the domain's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Declared")]
pub struct Domain {
    pub declared: Arc<Declared>,
    /// Whether it is served.
    pub enabled: bool,
    /// Where `enabled` is set.
    pub enabled_origin: Origin,
    /// The plugins enabled here, in order.
    pub active: Vec<PluginUse>,
}

impl From<Declared> for Domain {
    fn from(declared: Declared) -> Self {
        Arc::new(declared).into()
    }
}

impl From<Arc<Declared>> for Domain {
    fn from(declared: Arc<Declared>) -> Self {
        Self { declared, enabled: false, enabled_origin: Origin::default(), active: Vec::new() }
    }
}

impl Deref for Domain {
    type Target = Declared;

    fn deref(&self) -> &Declared {
        &self.declared
    }
}

/// A plugin on a domain.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginUse {
    pub name: String,
    /// Its settings, merged key by key: the plugin's, then the domain's, then those set by command.
    pub config: Map<String, Value>,
    /// The keys of `config` set by a command.
    pub by_command: Vec<String>,
    /// Those of them that are set for all domains.
    pub everywhere: Vec<String>,
    /// Where it is enabled.
    pub origin: Origin,
}

/// `tls = { cert, key, client_ca }`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file with the chain.
    pub cert: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
    /// PEM file with the issuers whose certificates let clients log in (XEP-0178).
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
}

/// A module on a domain.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// Whether it is on.
    pub on: bool,
    /// Its options, with defaults filled in.
    pub options: Map<String, Value>,
}

/// `brand = { title, color }`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// The displayed name.
    #[serde(default)]
    pub title: Option<String>,
    /// `#rgb` or `#rrggbb`.
    #[serde(default)]
    pub color: Option<String>,
}

/// `web = { websocket, bosh, see_other_uri }`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    /// The public WebSocket URL, for host-meta (XEP-0156).
    #[serde(default)]
    pub websocket: Option<String>,
    /// The public BOSH URL, for host-meta (XEP-0156).
    #[serde(default)]
    pub bosh: Option<String>,
    /// Where web clients are redirected instead of being served: `wss://` for WebSocket (RFC 7395),
    /// `https://` for BOSH (XEP-0124).
    #[serde(default)]
    pub see_other_uri: Vec<String>,
}

/// What happens when a resource is in use (RFC 6120 §7.7.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceConflict {
    /// The older session is closed.
    Replace,
    /// The newer one is refused.
    Refuse,
    /// The newer one gets another resource.
    Rename,
}
