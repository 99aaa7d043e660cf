//! The plugin platform: everything shared by all plugins.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};

use hashbrown::HashMap;
use kernel::Kernel;
use parking_lot::Mutex;
use runtime::Runtime;
use serde::Serialize;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::artefacts::{Artefact, Artefacts};
use crate::deployment::{DeployOptions, Deployment, Occasion};
use crate::directory::{Directory, KernelDirectory};
use crate::engine::{self, Allocator};
use crate::error::LoadError;
use crate::grant::Grants;
use crate::inspect::Inspection;
use crate::manifest::{Manifest, is_name};
use crate::memory::Memory;
use crate::plugin::{self, Code, Plugin};
use crate::scope::{Domain, Scope, Services};
use crate::section;
use crate::state::StoreData;
use crate::stats::PluginStats;

pub struct PlatformOptions {
    /// The server's data directory; the platform keeps its files in `plugins` there.
    pub data_dir: PathBuf,
    /// Number of threads that process stanzas: each may have one instance of each plugin.
    pub workers: usize,
    /// Clock and randomness.
    pub runtime: Runtime,
}

impl PlatformOptions {
    /// With one worker per processor.
    pub fn new(data_dir: impl Into<PathBuf>, runtime: Runtime) -> Self {
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { data_dir: data_dir.into(), workers, runtime }
    }
}

/// A deployed plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AtWork {
    pub name: String,
    /// The newest deployed version.
    pub version: String,
    /// SHA-256 of its file.
    pub digest: String,
    /// Where it is enabled.
    pub domains: Vec<String>,
    /// Whether it has failed too often and is not called at present.
    pub suspended: bool,
    /// How often that has happened to this version.
    pub suspensions: u64,
}

/// The engine, the plugins' files, and what is remembered under each plugin's name.
pub struct Platform {
    engine: Engine,
    allocator: Allocator,
    linker: Linker<StoreData>,
    artefacts: Artefacts,
    workers: usize,
    services: Arc<Services>,
    memories: Mutex<HashMap<Arc<str>, Arc<Memory>>>,
    domains: Mutex<Domains>,
    /// Every deployment that is still referenced, oldest first.
    deployments: Mutex<Vec<Weak<Deployment>>>,
    ticker: Mutex<bool>,
}

/// Numbers of domains as plugins see them: a name keeps its number for as long as the process lives.
#[derive(Default)]
struct Domains {
    ids: HashMap<String, u32>,
    names: Vec<String>,
}

/// A plugin copied into the data directory.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Its name: the operator's, else its own.
    pub name: String,
    /// Its path in the data directory; the same content always has the same path.
    pub path: PathBuf,
    pub inspection: Inspection,
}

impl Platform {
    /// Creates the engine, and the directory for plugins' files (mode 0700).
    ///
    /// # Errors
    /// [`LoadError::Engine`] or [`LoadError::File`].
    pub fn new(options: PlatformOptions) -> Result<Arc<Self>, LoadError> {
        let (engine, allocator) = engine::build(options.workers)?;
        let linker = plugin::linker(&engine)?;
        let services = Services {
            clock: options.runtime.clock,
            random: options.runtime.random,
            directory: OnceLock::new(),
        };
        Ok(Arc::new(Self {
            engine,
            allocator,
            linker,
            artefacts: Artefacts::open(&options.data_dir)?,
            workers: options.workers.max(1),
            services: Arc::new(services),
            memories: Mutex::default(),
            domains: Mutex::default(),
            deployments: Mutex::default(),
            ticker: Mutex::new(false),
        }))
    }

    /// Where instances get their memory.
    pub fn allocator(&self) -> Allocator {
        self.allocator
    }

    /// Sets the source of sessions; only the first call counts. The platform's modules call this with their
    /// first stanza.
    pub fn connect(&self, kernel: &Arc<Kernel>) {
        connect(&self.services, kernel);
    }

    /// Reads a component's manifest, imports and exports, without running it.
    ///
    /// # Errors
    /// Any reason why it cannot be loaded.
    pub fn inspect(&self, file: &Path) -> Result<Inspection, LoadError> {
        self.compile(&Artefact::read(file)?).map(|(_, inspection)| inspection)
    }

    /// Verifies and compiles a component and stores a copy. Nothing is run.
    ///
    /// # Errors
    /// Any reason why it cannot be loaded; nothing is stored then.
    pub fn install(&self, file: &Path, name: Option<&str>) -> Result<Installed, LoadError> {
        let artefact = Artefact::read(file)?;
        let (_, inspection) = self.compile(&artefact)?;
        let name = name.unwrap_or(&inspection.manifest.name).to_owned();
        if !is_name(&name) {
            return Err(LoadError::Name(name));
        }
        let path = self.artefacts.keep(&artefact)?;
        Ok(Installed { name, path, inspection })
    }

    /// Loads a version of a plugin under the operator's name for it. Nothing is run.
    ///
    /// # Errors
    /// Any reason why it cannot be loaded.
    pub fn load(&self, name: &str, file: &Path) -> Result<Arc<Plugin>, LoadError> {
        if !is_name(name) {
            return Err(LoadError::Name(name.to_owned()));
        }
        let (code, inspection) = self.compile(&Artefact::read(file)?)?;
        Ok(Arc::new(Plugin { name: name.into(), inspection, code }))
    }

    fn compile(&self, artefact: &Artefact) -> Result<(Code, Inspection), LoadError> {
        let manifest = manifest(artefact)?;
        let component = self.artefacts.compile(&self.engine, artefact)?;
        read(&self.linker, &component, manifest, artefact)
    }

    /// Deploys a plugin on its domains, without touching the present deployment: settings are checked, an
    /// instance starts and reads every domain's settings. The result must be passed to the kernel as a module
    /// ([`Deployment::module`]) of each of these hosts, in one `publish`. Runs the plugin's code, at most 2 s
    /// of CPU time per domain: must not be called on a runtime worker.
    ///
    /// # Errors
    /// Grants, settings, policies, or a refusal or failure of the plugin itself while it starts.
    pub fn deploy(
        &self,
        plugin: &Arc<Plugin>,
        options: &DeployOptions,
        occasion: Occasion,
    ) -> Result<Arc<Deployment>, LoadError> {
        let grants = Grants::parse(&options.grants).map_err(LoadError::Grant)?;
        plugin.inspection.covered(&grants)?;
        let scope = Arc::new(self.scope(plugin, options, grants)?);
        self.start_ticker()?;
        let policy = options.policy.as_ref();
        let deployment = Arc::new(Deployment::start(plugin.clone(), scope, policy, occasion, self.workers)?);
        let mut deployments = self.deployments.lock();
        deployments.retain(|old| old.strong_count() > 0);
        deployments.push(Arc::downgrade(&deployment));
        Ok(deployment)
    }

    /// What the plugin may see and do, with its settings checked.
    fn scope(&self, plugin: &Plugin, options: &DeployOptions, grants: Grants) -> Result<Scope, LoadError> {
        let schema = &plugin.manifest().config;
        let mut domains = HashMap::new();
        for settings in &options.domains {
            let merged = schema.merge(&options.config, &settings.config);
            let problems = schema.problems(&merged);
            if !problems.is_empty() {
                return Err(LoadError::Config { domain: settings.domain.clone(), problems });
            }
            let domain = Domain { name: settings.domain.clone(), config: merged.to_string() };
            domains.insert(self.domains.lock().id(&settings.domain), domain);
        }
        Ok(Scope {
            name: plugin.name.clone(),
            version: plugin.version().to_owned(),
            grants,
            domains,
            metrics: plugin.manifest().metrics.clone(),
            memory: self.memory(&plugin.name),
            services: self.services.clone(),
        })
    }

    /// Only once a plugin is deployed: before that there is nothing to stop, and no thread needs to wake up.
    fn start_ticker(&self) -> Result<(), LoadError> {
        let mut started = self.ticker.lock();
        if !*started {
            engine::tick(&self.engine)?;
            *started = true;
        }
        Ok(())
    }

    /// The deployed plugins, each in its newest version, by name.
    pub fn loaded(&self) -> Vec<AtWork> {
        let alive: Vec<_> = self.deployments.lock().iter().filter_map(Weak::upgrade).collect();
        let newest: BTreeMap<_, _> =
            alive.iter().map(|deployment| (&deployment.scope.name, deployment)).collect();
        newest.values().map(|deployment| deployment.at_work()).collect()
    }

    fn memory(&self, name: &Arc<str>) -> Arc<Memory> {
        self.memories.lock().entry(name.clone()).or_default().clone()
    }

    /// Drops what is remembered under a name: the plugin has been removed.
    pub fn forget(&self, name: &str) {
        self.memories.lock().remove(name);
    }

    /// The counters of all names, in order.
    pub fn stats(&self) -> Vec<PluginStats> {
        let mut names: Vec<_> = self.memories.lock().keys().cloned().collect();
        names.sort();
        names.iter().map(|name| self.stats_of(name)).collect()
    }

    /// The counters of one plugin's name; all zero if it was never deployed.
    pub fn stats_of(&self, name: &str) -> PluginStats {
        let memory = self.memories.lock().get(name).cloned();
        let Some(memory) = memory else { return PluginStats { name: name.to_owned(), ..Default::default() } };
        let domain = |id: u32| self.domains.lock().name(id);
        PluginStats {
            name: name.to_owned(),
            hooks: memory.stats.list(domain),
            denied: memory.stats.denials(),
            metrics: memory.metrics.list(domain),
            instances: memory.instances.get(),
            memory_bytes: memory.bytes.get(),
            discarded: memory.discarded.get(),
            sessions: usize::try_from(memory.sessions.get()).unwrap_or_default(),
        }
    }

    #[cfg(test)]
    pub(crate) fn services(&self) -> &Arc<Services> {
        &self.services
    }
}

/// Reads a component's manifest, imports and exports without a platform: nothing is run or stored.
///
/// # Errors
/// Any reason why it cannot be loaded.
pub fn inspect(file: &Path) -> Result<Inspection, LoadError> {
    let artefact = Artefact::read(file)?;
    let manifest = manifest(&artefact)?;
    let engine = engine::plain()?;
    let component = artefact.compile(&engine)?;
    read(&plugin::linker(&engine)?, &component, manifest, &artefact).map(|(_, inspection)| inspection)
}

fn manifest(artefact: &Artefact) -> Result<Manifest, LoadError> {
    let section = section::custom(&artefact.bytes, section::MANIFEST).ok_or(LoadError::NoManifest)?;
    Manifest::parse(section)
}

fn read(
    linker: &Linker<StoreData>,
    component: &Component,
    manifest: Manifest,
    artefact: &Artefact,
) -> Result<(Code, Inspection), LoadError> {
    let (digest, bytes) = (artefact.digest.clone(), artefact.bytes.len());
    let inspection = Inspection::of(linker.engine(), component, manifest, digest, bytes)?;
    let pre = linker.instantiate_pre(component).map_err(|error| LoadError::Link(format!("{error:#}")))?;
    Ok((Code::new(pre, &inspection)?, inspection))
}

/// Lets plugins find the kernel's sessions.
pub(crate) fn connect(services: &Services, kernel: &Arc<Kernel>) {
    services
        .directory
        .get_or_init(|| Arc::new(KernelDirectory(Arc::downgrade(kernel))) as Arc<dyn Directory>);
}

impl Domains {
    fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        id
    }

    fn name(&self, id: u32) -> String {
        self.names.get(id as usize).cloned().unwrap_or_default()
    }
}
