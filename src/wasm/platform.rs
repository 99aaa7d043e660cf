//! The plugin platform: everything shared by all plugins.

mod figures;
mod numbers;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};

use hashbrown::{HashMap, HashSet};
use kernel::{Kernel, Module};
use parking_lot::Mutex;
use runtime::Runtime;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::absent::Absent;
use crate::artefacts::{Artefact, Artefacts};
use crate::compile::Compiler;
use crate::deployment::{DeployOptions, Deployment, Occasion};
use crate::directory::KernelDirectory;
use crate::engine::{self, Allocator};
use crate::error::LoadError;
use crate::grant::Grants;
use crate::inspect::Inspection;
use crate::job;
use crate::limits::{LiveLimits, PluginLimits};
use crate::manifest::{Manifest, is_name};
use crate::memory::Memory;
use crate::plugin::{self, Code, Plugin};
use crate::rebuild::Rebuilder;
use crate::scope::{Domain, Scope, Services};
use crate::section;
use crate::share::Used;
use crate::state::StoreData;
use crate::ticker::Ticker;
use crate::verdict::Rights;
use numbers::Numbers;

pub struct PlatformOptions {
    /// The server's data directory; the platform keeps its files in `plugins` there.
    pub data_dir: PathBuf,
    /// Number of threads that process stanzas: each may have one instance of each plugin.
    pub workers: usize,
    /// Number of plugins for which there is to be room; there is for 40 in any case, for fewer on more than 50 workers.
    pub plugins: usize,
    pub limits: PluginLimits,
    /// How components are compiled; `None`: in this process.
    pub compiler: Option<Compiler>,
    /// Clock and randomness.
    pub runtime: Runtime,
}

impl PlatformOptions {
    /// With one worker per processor, and room for a few plugins.
    pub fn new(data_dir: impl Into<PathBuf>, runtime: Runtime) -> Self {
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            data_dir: data_dir.into(),
            workers,
            plugins: 0,
            limits: PluginLimits::default(),
            compiler: None,
            runtime,
        }
    }
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
    domains: Mutex<Numbers>,
    /// Every deployment that is still referenced, oldest first.
    deployments: Arc<Mutex<Vec<Weak<Deployment>>>>,
    ticker: Mutex<Option<Arc<Ticker>>>,
    /// Components that are being installed, by digest.
    leases: Mutex<Vec<(String, Weak<()>)>>,
}

/// A plugin copied into the data directory.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Its name: the operator's, else its own.
    pub name: String,
    /// Its path in the data directory; the same content always has the same path.
    pub path: PathBuf,
    pub inspection: Inspection,
    /// While it lives, its files are not cleaned up.
    _lease: Arc<()>,
}

impl Platform {
    /// Creates the engine, and the directory for plugins' files (mode 0700).
    ///
    /// # Errors
    /// [`LoadError::Engine`] or [`LoadError::File`].
    pub fn new(options: PlatformOptions) -> Result<Arc<Self>, LoadError> {
        let (workers, limits) = (options.workers.max(1), options.limits);
        let memory_bytes = limits.plugin_memory_bytes.bound();
        let (engine, allocator) = engine::build(workers, options.plugins, memory_bytes)?;
        let linker = plugin::linker(&engine)?;
        let services = Services {
            limits: LiveLimits::new(&limits, workers),
            memory_bytes,
            rebuilder: Rebuilder::default(),
            used: Used::default(),
            clock: options.runtime.clock,
            random: options.runtime.random,
            directory: OnceLock::new(),
        };
        Ok(Arc::new(Self {
            engine,
            allocator,
            linker,
            artefacts: Artefacts::open(&options.data_dir, options.compiler)?,
            workers,
            services: Arc::new(services),
            memories: Mutex::default(),
            domains: Mutex::default(),
            deployments: Arc::default(),
            ticker: Mutex::new(None),
            leases: Mutex::default(),
        }))
    }

    /// Where instances get their memory.
    pub fn allocator(&self) -> Allocator {
        self.allocator
    }

    /// Sets the source of sessions; only the first call counts. The platform's modules call this with their
    /// first stanza.
    pub fn connect(&self, kernel: &Arc<Kernel>) {
        self.services.directory.get_or_init(|| KernelDirectory::of(kernel));
    }

    /// Reads a component's manifest, imports and exports, without running it.
    ///
    /// # Errors
    /// Any reason why it cannot be loaded.
    pub fn inspect(&self, file: &Path) -> Result<Inspection, LoadError> {
        self.compile(&self.artefacts.read(file)?).map(|(_, inspection)| inspection)
    }

    /// SHA-256 of a component's file, hexadecimal.
    ///
    /// # Errors
    /// It cannot be read, or is no component.
    pub fn digest(&self, file: &Path) -> Result<String, LoadError> {
        self.artefacts.read(file).map(|artefact| artefact.digest)
    }

    /// Verifies and compiles a component and stores a copy. Nothing is run.
    ///
    /// # Errors
    /// Any reason why it cannot be loaded; nothing is stored then.
    pub fn install(&self, file: &Path, name: Option<&str>) -> Result<Installed, LoadError> {
        let artefact = Artefact::read(file)?;
        let lease = self.lease(&artefact.digest);
        let (_, inspection) = self.compile(&artefact)?;
        let name = name.unwrap_or(&inspection.manifest.name).to_owned();
        if !is_name(&name) {
            return Err(LoadError::Name(name));
        }
        let path = self.artefacts.keep(&artefact)?;
        Ok(Installed { name, path, inspection, _lease: lease })
    }

    /// Loads a version of a plugin under the operator's name for it. Nothing is run.
    ///
    /// # Errors
    /// Any reason why it cannot be loaded.
    pub fn load(&self, name: &str, file: &Path) -> Result<Arc<Plugin>, LoadError> {
        if !is_name(name) {
            return Err(LoadError::Name(name.to_owned()));
        }
        let (code, inspection) = self.compile(&self.artefacts.read(file)?)?;
        Ok(Arc::new(Plugin { name: name.into(), inspection, code }))
    }

    fn compile(&self, artefact: &Artefact) -> Result<(Code, Inspection), LoadError> {
        let manifest = manifest(artefact, self.services.memory_bytes as u64)?;
        let component = self.artefacts.compile(&self.engine, artefact)?;
        read(&self.linker, &component, manifest, artefact)
    }

    /// Deploys a plugin on its domains, without touching the present deployment: settings are checked, an
    /// instance starts and reads every domain's settings. The result must be passed to the kernel as a module
    /// ([`Deployment::module`]) of each of these hosts, in one `publish`. Runs the plugin's code, at most 2 s
    /// of CPU time per domain: must not be called on a runtime worker.
    ///
    /// # Errors
    /// No room, grants, settings, policies, or a refusal or failure of the plugin itself while it starts.
    pub fn deploy(
        &self,
        plugin: &Arc<Plugin>,
        options: &DeployOptions,
        occasion: Occasion,
    ) -> Result<Arc<Deployment>, LoadError> {
        let grants = Grants::parse(&options.grants).map_err(LoadError::Grant)?;
        plugin.inspection.covered(&grants)?;
        self.check_room()?;
        let scope = Arc::new(self.scope(plugin, options, grants)?);
        let (policy, ticker) = (options.policy.as_ref(), self.ticker()?);
        let deployment = Deployment::start(plugin.clone(), scope, policy, occasion, self.workers, ticker)?;
        let deployment = Arc::new(deployment);
        let mut deployments = self.deployments.lock();
        deployments.retain(|old| old.strong_count() > 0);
        deployments.push(Arc::downgrade(&deployment));
        Ok(deployment)
    }

    /// Notes that a deployment is in force: should its component be lost, its manifest tells what it was there for.
    pub fn in_force(&self, deployment: &Deployment) {
        self.artefacts.remember(&deployment.scope.name, deployment.plugin.manifest());
    }

    /// The manifest that a plugin had when it was last in force.
    pub fn remembered(&self, name: &str) -> Option<Manifest> {
        self.artefacts.remembered(name)
    }

    /// Lets components that could not be compiled be tried again.
    pub fn try_again(&self) {
        self.artefacts.try_again();
    }

    /// Whether there is room for so many plugins.
    ///
    /// # Errors
    /// [`LoadError::NoRoom`].
    pub fn room_for(&self, plugins: usize) -> Result<(), LoadError> {
        match self.allocator.plugins() {
            Some(most) if plugins > most => Err(LoadError::NoRoom { plugins: most }),
            _ => Ok(()),
        }
    }

    /// Whether each worker could have an instance of one more: a call must never find that there is none.
    fn check_room(&self) -> Result<(), LoadError> {
        let alive = self.deployments.lock().iter().filter(|old| old.strong_count() > 0).count();
        match self.allocator.has_room(alive) {
            true => Ok(()),
            false => Err(LoadError::NoRoom { plugins: self.allocator.plugins().unwrap_or_default() }),
        }
    }

    /// What the plugin may see and do, with its settings checked.
    fn scope(&self, plugin: &Plugin, options: &DeployOptions, grants: Grants) -> Result<Scope, LoadError> {
        let (schema, memory) = (&plugin.manifest().config, self.memory(&plugin.name));
        let mut domains = HashMap::new();
        for settings in &options.domains {
            let merged = schema.merge(&options.config, &settings.config);
            let problems = schema.problems(&merged);
            if !problems.is_empty() {
                return Err(LoadError::Config { domain: settings.domain.clone(), problems });
            }
            let id = self.domains.lock().id(&settings.domain);
            let metrics = plugin.manifest().metrics.iter();
            let metrics = metrics.map(|(name, kind)| (name.clone(), memory.metrics.series(name, id, *kind)));
            let metrics = metrics.collect();
            let name = settings.domain.clone();
            domains.insert(id, Domain { name, config: merged, memory: memory.on(id), metrics });
        }
        Ok(Scope {
            name: plugin.name.clone(),
            version: plugin.version().to_owned(),
            rights: Rights::new(&grants),
            grants,
            numbers: domains.iter().map(|(id, domain)| (domain.name.clone(), *id)).collect(),
            domains,
            memory,
            services: self.services.clone(),
        })
    }

    /// Only once a plugin is deployed: before that there is nothing to stop, and no thread needs to wake up.
    fn ticker(&self) -> Result<Arc<Ticker>, LoadError> {
        let mut started = self.ticker.lock();
        if let Some(ticker) = &*started {
            return Ok(ticker.clone());
        }
        let deployments = self.deployments.clone();
        let busy = move || deployments.lock().iter().filter_map(Weak::upgrade).any(|one| one.pool.is_busy());
        let ticker = Arc::new(Ticker::start(&self.engine, busy)?);
        Ok(started.insert(ticker).clone())
    }

    /// Sets the limits that can change while the server runs.
    pub fn set_limits(&self, limits: &PluginLimits) {
        self.services.limits.set(limits, self.workers);
    }

    fn memory(&self, name: &Arc<str>) -> Arc<Memory> {
        self.memories.lock().entry(name.clone()).or_default().clone()
    }

    /// Forgets for whom a plugin has failed, and that it was suspended: the next deployment starts anew.
    pub fn forgive(&self, name: &str) {
        let memory = self.memories.lock().get(name).cloned();
        memory.iter().flat_map(|memory| memory.domains()).for_each(|(_, on)| on.forgive());
    }

    /// Drops what has expired, and what is kept for domains that are not served any more. Meant to be called from time to time.
    pub fn tidy(&self, served: &[&str]) {
        let now = self.services.now_ms();
        let served: HashSet<u32> = self.domains.lock().ids(served).collect();
        let memories: Vec<_> = self.memories.lock().values().cloned().collect();
        for memory in memories {
            memory.keep(&served);
            memory.domains().iter().for_each(|(_, on)| on.rates.purge(now, &on.state));
        }
    }

    /// Drops what is remembered under a name: the plugin has been removed.
    pub fn forget(&self, name: &str) {
        self.memories.lock().remove(name);
    }

    /// Deletes the files of plugins that are not among these, by name and by the digest of their component.
    pub fn clean(&self, names: &[&str], digests: &[&str]) {
        let mut leases = self.leases.lock();
        leases.retain(|(_, lease)| lease.strong_count() > 0);
        let leased = leases.iter().map(|(digest, _)| digest.as_str());
        let digests: Vec<&str> = digests.iter().copied().chain(leased).collect();
        self.artefacts.clean(&self.engine, names, &digests);
    }

    /// Keeps the files of a component until the result is dropped.
    fn lease(&self, digest: &str) -> Arc<()> {
        let lease = Arc::new(());
        self.leases.lock().push((digest.to_owned(), Arc::downgrade(&lease)));
        lease
    }

    /// What takes the place of a plugin that cannot be loaded: its failure policies apply to the stanzas that it was there for, as
    /// far as is known from when it was last in force.
    pub fn absent(&self, name: &str, file: &Path, options: &DeployOptions) -> Option<Arc<dyn Module>> {
        let found = || manifest(&self.artefacts.read(file).ok()?, u64::MAX).ok();
        let manifest = self.artefacts.remembered(name).or_else(found)?;
        // A policy of the operator's that is not valid must not open what the plugin guards.
        let jobs = job::of(&manifest, options.policy.as_ref()).or_else(|_| job::of(&manifest, None)).ok()?;
        let ids = options.domains.iter().map(|one| (one.domain.clone(), self.domains.lock().id(&one.domain)));
        Some(Arc::new(Absent::new(
            self.memory(&name.into()),
            manifest.guards,
            jobs,
            name.into(),
            ids.collect(),
        )))
    }

    #[cfg(test)]
    pub(crate) fn services(&self) -> &Arc<Services> {
        &self.services
    }
}

/// How a component is looked at without a platform.
#[derive(Clone, Debug, Default)]
pub struct Looking {
    /// Where its compiled code may be found; it is stored there if that is possible.
    pub data_dir: PathBuf,
    pub limits: PluginLimits,
    /// As in [`PlatformOptions`].
    pub compiler: Option<Compiler>,
}

/// Reads a component's manifest, imports and exports without a platform: nothing is run.
///
/// # Errors
/// Any reason why it cannot be loaded.
pub fn inspect(file: &Path, looking: &Looking) -> Result<Inspection, LoadError> {
    let artefacts = Artefacts::at(&looking.data_dir, looking.compiler.clone());
    let artefact = artefacts.read(file)?;
    let manifest = manifest(&artefact, looking.limits.plugin_memory_bytes.get())?;
    let engine = engine::plain()?;
    let component = artefacts.look_up(&engine, &artefact)?;
    read(&plugin::linker(&engine)?, &component, manifest, &artefact).map(|(_, inspection)| inspection)
}

/// The manifest of a component that needs no more memory than it may have.
fn manifest(artefact: &Artefact, memory_bytes: u64) -> Result<Manifest, LoadError> {
    let section = section::custom(&artefact.bytes, section::MANIFEST).ok_or(LoadError::NoManifest)?;
    let manifest = Manifest::parse(section)?;
    let needed = section::initial_pages(&artefact.bytes).saturating_mul(65_536);
    match needed > memory_bytes {
        true => Err(LoadError::Memory { needed, most: memory_bytes }),
        false => Ok(manifest),
    }
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
