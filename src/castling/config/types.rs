//! The configuration as used by the rest of the binary.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use settings::Values;
use storage::Hash;

use super::domain::{Declared, Domain};
use super::external::External;
use super::origin::Origin;
use super::secret::Secret;

/// Everything an operator can set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data_dir: PathBuf,
    /// The server's own database.
    pub storage: Storage,
    /// How passwords are stored.
    pub auth: Auth,
    pub log: Log,
    /// Who may read metrics.
    pub metrics: Metrics,
    /// Addresses to listen on.
    pub listen: Listen,
    /// Limits of the server; each domain has its own copy with overrides. Each part reads its own.
    pub limits: Values,
    /// Plugins by name, including those installed by command.
    pub plugins: BTreeMap<String, Plugin>,
    /// Foreign databases by name.
    pub datasources: BTreeMap<String, Datasource>,
    /// The domains in the order of the file, then those added by command.
    #[serde(rename = "domain")]
    pub domains: Vec<Domain>,
    /// The external components, likewise.
    #[serde(rename = "component")]
    pub components: Vec<External>,
}

impl Config {
    /// The domain of that name.
    pub fn domain(&self, name: &str) -> Option<&Domain> {
        self.domains.iter().find(|domain| domain.name == name)
    }

    /// The external component of that name.
    pub fn component(&self, name: &str) -> Option<&External> {
        self.components.iter().find(|component| component.name == name)
    }

    /// The domains that are served, by name.
    pub fn served(&self) -> HashMap<&str, &Domain> {
        let served = self.domains.iter().filter(|domain| domain.enabled);
        served.map(|domain| (domain.name.as_str(), domain)).collect()
    }

    /// What is declared of the domains that were added by command, by name.
    pub fn added(&self) -> impl Iterator<Item = (&str, &Arc<Declared>)> {
        let added = self.domains.iter().filter(|domain| domain.origin == Origin::Command);
        added.map(|domain| (domain.name.as_str(), &domain.declared))
    }
}

/// `[storage]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// URL; a SQLite file is relative to `data_dir`.
    pub url: Secret,
    /// A file that contains the password of a database server's URL.
    pub password_file: Option<PathBuf>,
    /// An environment variable that does.
    pub password_env: Option<String>,
    /// What a commit survives.
    pub sync: Sync,
    /// Connections that read; the default depends on the database.
    pub readers: Option<usize>,
    /// Connections that write to a database server.
    pub writers: Option<usize>,
    /// Writes that may wait.
    pub queue: usize,
    /// How long the database is waited for.
    pub deadline_seconds: u64,
}

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sync {
    /// A crash of the process.
    Normal,
    /// A crash of the machine.
    Full,
}

/// `[auth]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Keys generated when a password is set.
    pub scram: Vec<Scram>,
    /// PBKDF2 iterations of those keys.
    pub iterations: u32,
}

/// A hash of SCRAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Scram {
    /// SCRAM-SHA-1 (RFC 5802).
    #[serde(rename = "sha-1")]
    Sha1,
    /// SCRAM-SHA-256 (RFC 7677).
    #[serde(rename = "sha-256")]
    Sha256,
    /// SCRAM-SHA-512.
    #[serde(rename = "sha-512")]
    Sha512,
}

impl Scram {
    /// The hash.
    pub fn hash(self) -> Hash {
        match self {
            Self::Sha1 => Hash::Sha1,
            Self::Sha256 => Hash::Sha256,
            Self::Sha512 => Hash::Sha512,
        }
    }
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A level, or a filter such as `info,castling_net=debug`.
    pub level: String,
    pub format: LogFormat,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Readable,
    /// For programs: an object per line.
    Json,
}

/// `[metrics]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Addresses and networks that may read them.
    pub allow: Vec<String>,
}

/// `[listen]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// STARTTLS, required.
    pub c2s: Vec<Address>,
    /// No TLS, loopback only.
    pub c2s_plain: Vec<Address>,
    /// Direct TLS.
    pub c2s_tls: Vec<Address>,
    /// Other servers, STARTTLS required.
    pub s2s: Vec<Address>,
    /// Other servers with direct TLS.
    pub s2s_tls: Vec<Address>,
    /// BOSH, WebSocket and pages.
    pub http: Vec<Address>,
    /// The same over TLS.
    pub https: Vec<Address>,
    /// External components.
    pub component: Vec<Address>,
}

impl Listen {
    /// Each listener's key with its addresses.
    pub fn all(&self) -> [(&'static str, &[Address]); 8] {
        [
            ("c2s", &self.c2s),
            ("c2s_plain", &self.c2s_plain),
            ("c2s_tls", &self.c2s_tls),
            ("s2s", &self.s2s),
            ("s2s_tls", &self.s2s_tls),
            ("http", &self.http),
            ("https", &self.https),
            ("component", &self.component),
        ]
    }
}

/// An address to listen on; `None` only while problems are being collected.
#[derive(Clone, Copy, Debug)]
pub struct Address(pub Option<SocketAddr>);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(from)?.parse().ok()))
    }
}

/// `[plugins.NAME]`, or a plugin installed by command.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// The component's path.
    pub file: PathBuf,
    /// Its settings on every domain.
    pub config: Map<String, Value>,
    pub grants: Vec<String>,
    /// What happens to a stanza when it fails, by hook; else as its manifest suggests.
    pub policy: BTreeMap<String, String>,
    /// Whether the server starts only with it.
    pub required: bool,
    #[serde(skip)]
    pub origin: Origin,
    /// Where `file` is set: `plugin reload NAME FILE` changes it.
    #[serde(skip)]
    pub file_origin: Origin,
    /// The path that the file names, while a command has replaced it.
    #[serde(skip)]
    pub replaced: Option<PathBuf>,
}

impl Plugin {
    /// Whether the configuration file names this component, in force or replaced by a command.
    pub fn declares(&self, file: &Path) -> bool {
        let declared = self.replaced.as_ref().or((self.file_origin == Origin::File).then_some(&self.file));
        let real = |path: &Path| path.canonicalize().ok();
        declared.is_some_and(|declared| {
            declared == file || real(declared).is_some_and(|one| Some(one) == real(file))
        })
    }

    /// The operator's failure policies, in the platform's format.
    pub fn failure_policy(&self) -> Option<Value> {
        let words = self.policy.iter().map(|(hook, word)| (hook.clone(), Value::from(word.as_str())));
        (!self.policy.is_empty()).then(|| Value::Object(words.collect()))
    }
}

/// `[datasources.NAME]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Datasource {
    /// URL; a SQLite file is relative to `base`.
    pub url: Secret,
    /// A file that contains the password of a database server's URL.
    pub password_file: Option<PathBuf>,
    /// An environment variable that does.
    pub password_env: Option<String>,
    /// The only statements allowed on it, by name.
    pub queries: BTreeMap<String, String>,
    /// Whether statements may write.
    pub write: bool,
    /// Maximum connections.
    pub connections: usize,
    /// How long a connection may take to be made.
    pub connect_seconds: u64,
    /// How long a statement may take.
    pub statement_seconds: u64,
    /// How long a statement waits for a connection.
    pub wait_seconds: u64,
    /// Maximum rows of a result.
    pub rows: usize,
    /// Maximum bytes of a result.
    pub bytes: usize,
    /// The directory of the configuration file.
    #[serde(skip)]
    pub base: PathBuf,
}
