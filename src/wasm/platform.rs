//! The plugin platform: everything shared by all plugins.

mod components;
mod figures;
mod numbers;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use hashbrown::{HashMap, HashSet};
use kernel::{Kernel, Module};
use parking_lot::Mutex;
use runtime::Runtime;
use storage::source::Sources;
use wasmtime::Engine;
use xmpp::Jid;

use crate::absent::Absent;
use crate::artefacts::Artefacts;
use crate::compile::Compiler;
use crate::deployment::{DeployOptions, Deployment, DomainSettings, Occasion};
use crate::directory::KernelDirectory;
use crate::engine::{self, Allocator};
use crate::error::LoadError;
use crate::grant::Grants;
use crate::inspect::owned;
use crate::job;
use crate::limits::PluginLimits;
use crate::manifest::Manifest;
use crate::memory::Memory;
use crate::plugin::{Linkers, Plugin};
use crate::scope::{Connected, Domain, Scope, Services};
use crate::service::PluginSource;
use crate::ticker::Ticker;
use crate::verdict::Rights;
use components::manifest;
pub use components::{Installed, Looking, inspect};
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
    linkers: Linkers,
    artefacts: Artefacts,
    workers: usize,
    services: Arc<Services>,
    memories: Mutex<HashMap<Arc<str>, Arc<Memory>>>,
    domains: Mutex<Numbers>,
    /// Every deployment that is still referenced, oldest first.
    deployments: Arc<Mutex<Vec<Weak<Deployment>>>>,
    ticker: Mutex<Option<Arc<Ticker>>>,
    /// Those that may have accounts, by name.
    providers: Mutex<HashMap<Arc<str>, Arc<ArcSwapOption<Deployment>>>>,
    /// Components that are being installed, by digest.
    leases: Mutex<Vec<(String, Weak<()>)>>,
}

impl Platform {
    /// Creates the engine, and the directory for plugins' files (mode 0700).
    ///
    /// # Errors
    /// [`LoadError::Engine`] or [`LoadError::File`].
    pub fn new(options: PlatformOptions) -> Result<Arc<Self>, LoadError> {
        let (workers, limits) = (options.workers.max(1), options.limits);
        let engine = engine::build(workers, options.plugins, limits.plugin_memory_bytes.bound())?;
        let artefacts = Artefacts::open(&options.data_dir, options.compiler)?;
        Self::with(engine, artefacts, workers, &limits, options.runtime)
    }

    /// One beside the server, for a look at what plugins say of themselves: it connects to nothing and stores nothing but compiled code.
    ///
    /// # Errors
    /// [`LoadError::Engine`].
    pub fn aside(looking: Looking, runtime: Runtime) -> Result<Arc<Self>, LoadError> {
        let artefacts = Artefacts::at(&looking.data_dir, looking.compiler);
        Self::with((engine::plain()?, Allocator::OnDemand), artefacts, 1, &looking.limits, runtime)
    }

    fn with(
        (engine, allocator): (Engine, Allocator),
        artefacts: Artefacts,
        workers: usize,
        limits: &PluginLimits,
        runtime: Runtime,
    ) -> Result<Arc<Self>, LoadError> {
        Ok(Arc::new(Self {
            linkers: Linkers::new(&engine)?,
            engine,
            allocator,
            artefacts,
            workers,
            services: Arc::new(Services::new(limits, workers, runtime)),
            memories: Mutex::default(),
            domains: Mutex::default(),
            deployments: Arc::default(),
            ticker: Mutex::new(None),
            providers: Mutex::default(),
            leases: Mutex::default(),
        }))
    }

    /// Where instances get their memory.
    pub fn allocator(&self) -> Allocator {
        self.allocator
    }

    /// Sets where sessions, accounts and data sources are found; only the first call counts. The platform's modules do the same for
    /// sessions with their first stanza.
    pub fn connect(&self, kernel: &Arc<Kernel>, sources: Arc<Sources>) {
        self.services.directory.get_or_init(|| KernelDirectory::of(kernel));
        self.services.connected.get_or_init(|| Connected { kernel: Arc::downgrade(kernel), sources });
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

    /// The accounts of a plugin, which need not be in force.
    pub fn source(&self, name: &str) -> PluginSource {
        PluginSource::new(name.into(), self.provider(name))
    }

    fn provider(&self, name: &str) -> Arc<ArcSwapOption<Deployment>> {
        self.providers.lock().entry(name.into()).or_default().clone()
    }

    /// Has those plugins that are in force answer for accounts, and no others.
    pub fn provide(&self, in_force: &[&Arc<Deployment>]) {
        let known: Vec<_> = self.deployments.lock().iter().filter_map(Weak::upgrade).collect();
        for one in known {
            one.succeeded_by(in_force.iter().find(|now| now.scope.name == one.scope.name).copied());
        }
        let providers: Vec<_> =
            self.providers.lock().iter().map(|(name, one)| (name.clone(), one.clone())).collect();
        for (name, provider) in providers {
            let deployment = in_force.iter().find(|one| one.scope.name == name);
            provider.store(deployment.map(|one| (*one).clone()));
        }
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
        let (mut domains, mut fits) = (HashMap::new(), None);
        for settings in &options.domains {
            let merged = schema.merge(&options.config, &settings.config);
            // As a rule most domains have the same.
            if fits.as_ref() != Some(&merged) {
                let problems = schema.problems(&merged);
                if !problems.is_empty() {
                    return Err(LoadError::Config { domain: settings.domain.clone(), problems });
                }
                fits = Some(merged.clone());
            }
            let id = self.domains.lock().id(&settings.domain);
            let metrics = plugin.manifest().metrics.iter();
            let metrics = metrics.map(|(name, kind)| (name.clone(), memory.metrics.series(name, id, *kind)));
            let metrics = metrics.collect();
            let (name, address) = (settings.domain.clone(), address(plugin, settings, &grants)?);
            domains.insert(id, Domain { name, config: merged, memory: memory.on(id), metrics, address });
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
        let busy = move || {
            deployments
                .lock()
                .iter()
                .filter_map(Weak::upgrade)
                .any(|one| one.pool.is_busy() || one.services.is_busy())
        };
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

    /// Drops what is remembered under a name: the plugin has been removed. When this returns, none of its calls that still run can
    /// store anything.
    pub async fn forget(&self, name: &str) {
        let memory = self.memories.lock().remove(name);
        if let Some(memory) = memory {
            memory.store_no_more().await;
        }
    }

    /// Forgets what a plugin has kept with accounts, once that is deleted.
    pub fn forget_slots(&self, name: &str) {
        if let Some(slots) = self.services.slots.get() {
            slots.forget(name);
        }
    }

    /// What takes the place of a plugin that cannot be loaded: its failure policies apply to the stanzas that it was there for, as
    /// far as is known from when it was last in force.
    pub fn absent(&self, name: &str, file: &Path, options: &DeployOptions) -> Option<Arc<dyn Module>> {
        let found = || manifest(&self.artefacts.read(file).ok()?, u64::MAX).ok();
        let manifest = self.artefacts.remembered(name).or_else(found)?;
        // A policy of the operator's that is not valid must not open what the plugin guards.
        let jobs = job::of(&manifest, options.policy.as_ref()).or_else(|_| job::of(&manifest, None)).ok()?;
        let ids = options.domains.iter().map(|one| (one.domain.clone(), self.domains.lock().id(&one.domain)));
        let memory = self.memory(&name.into());
        let absent = Absent::new(memory, manifest.guards, jobs, name.into(), ids.collect());
        Some(Arc::new(absent.owning(&options.domains)))
    }

    #[cfg(test)]
    pub(crate) fn services(&self) -> &Arc<Services> {
        &self.services
    }
}

/// The address of a plugin on a domain.
fn address(plugin: &Plugin, settings: &DomainSettings, grants: &Grants) -> Result<Option<Jid>, LoadError> {
    let (domain, inspection) = (settings.domain.clone(), &plugin.inspection);
    match (&settings.address, inspection.has_address()) {
        (None, false) => Ok(None),
        (None, true) => Err(LoadError::NoAddress { domain, name: plugin.name.to_string() }),
        (Some(address), false) => Err(LoadError::NoService { domain, address: address.clone() }),
        (Some(address), true) => {
            let Ok(jid) = Jid::domain_only(address) else {
                return Err(LoadError::Address { domain, address: address.clone() });
            };
            owned(grants, jid.domain()).map(|()| Some(jid))
        }
    }
}
