//! A deployed plugin: one version, with its settings, grants and policies.

use std::sync::{Arc, Weak};
use std::time::Duration;

use hashbrown::HashMap;
use kernel::Interest;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Map, Value};
use xmpp::Stanza;

use crate::bindings::exports::castling::plugin::lifecycle::Why;
use crate::breaker::{Breaker, Breakers};
use crate::cpu_time::cpu_time;
use crate::error::LoadError;
use crate::failure::{Failure, FailureKind};
use crate::hook::Hook;
use crate::instance::{Instance, RESTART};
use crate::job::{self, Job};
use crate::plugin::{FilterCode, Plugin};
use crate::pool::Pool;
use crate::rebuild::Refill;
use crate::scope::{Domain, Scope};
use crate::service::{Described, ServicePool, Trial};
use crate::starting::START;
use crate::ticker::Ticker;

/// A domain on which a plugin is enabled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DomainSettings {
    /// The domain's name, as in `Host::name`.
    pub domain: String,
    /// The domain's own settings (`config.NAME` of the domain), which override key by key.
    pub config: Map<String, Value>,
    /// The address that belongs to the plugin here (`services.NAME` of the domain): a domain.
    pub address: Option<String>,
}

/// Why a deployment is created; passed to the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// It was not deployed before.
    Start,
    /// It replaces another version or other settings.
    Reload,
}

/// The operator's configuration of a plugin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeployOptions {
    /// The plugin's own table (`[plugins.NAME].config`), which overrides the manifest's defaults.
    pub config: Map<String, Value>,
    /// Where it is enabled.
    pub domains: Vec<DomainSettings>,
    pub grants: Vec<String>,
    /// Failure policies that override the plugin's own: a word for all hooks that know it, or a table from
    /// hook to word.
    pub policy: Option<Value>,
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
    /// Where it has failed for too many senders and is not called at present.
    pub suspended: Vec<String>,
    /// Where that has happened so often that it is not called until it is reloaded.
    pub parked: Vec<String>,
    /// How often this version has been suspended, on all domains.
    pub suspensions: u64,
}

/// A plugin deployed on its domains. Immutable: another version or other settings are another deployment, and
/// the kernel's tables swap one for the other. Dropping the last reference drops its instances.
pub struct Deployment {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) scope: Arc<Scope>,
    jobs: Vec<Job>,
    /// Its instances for stanzas on their way.
    pub(crate) pool: Pool,
    /// Its instances for calls that may wait.
    pub(crate) services: ServicePool,
    /// Where its accounts are, if it has any.
    pub(crate) described: HashMap<u32, Arc<Described>>,
    /// Those of each domain, so that what users of one brand do takes the plugin from no other.
    pub(crate) breakers: HashMap<u32, Arc<Breakers>>,
    pub(crate) why: Why,
    pub(crate) ticker: Arc<Ticker>,
    heard: Vec<String>,
    /// Set while it is in force no longer, with the one that is, if any.
    retired: Mutex<Option<Weak<Self>>>,
}

impl Deployment {
    /// Another of the same plugin is in force by now, or none; or it is itself.
    pub(crate) fn succeeded_by(self: &Arc<Self>, now: Option<&Arc<Self>>) {
        let is_in_force = now.is_some_and(|now| Arc::ptr_eq(now, self));
        let successor = now.map_or_else(Weak::new, Arc::downgrade);
        *self.retired.lock() = (!is_in_force).then_some(successor);
    }

    /// Whether it is in force no longer.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired.lock().is_some()
    }

    /// The one that is in force by now, if it has this hook on the domain.
    pub(crate) fn successor(self: &Arc<Self>, hook: Hook, domain: u32) -> Option<Arc<Self>> {
        let one = match &*self.retired.lock() {
            Some(successor) => successor.upgrade()?,
            None => self.clone(),
        };
        (one.breakers.contains_key(&domain) && one.job(hook).is_some()).then_some(one)
    }

    /// Deploys a plugin: creates one instance, which starts and reads every domain's settings. A failure
    /// leaves the previous deployment untouched.
    pub(crate) fn start(
        plugin: Arc<Plugin>,
        scope: Arc<Scope>,
        policy: Option<&Value>,
        occasion: Occasion,
        seats: usize,
        ticker: Arc<Ticker>,
    ) -> Result<Self, LoadError> {
        let why = match occasion {
            Occasion::Start => Why::Start,
            Occasion::Reload => Why::Reload,
        };
        let jobs = job::of(plugin.manifest(), policy)?;
        let starting = ticker.starting();
        let (pool, mut heard) = (Pool::new(seats), Vec::new());
        if let Some(code) = &plugin.code.filter {
            let (trial, said) = Instance::try_out(code, &scope, why, START)?;
            (pool.seat().instance, heard) = (Some(Box::new(trial)), said);
        }
        let instances = plugin.manifest().instances();
        let services = ServicePool::new(scope.domains.keys().copied(), instances);
        let mut described = HashMap::new();
        if let Some(code) = &plugin.code.service {
            let mut trial = Trial::of(code, &scope, why)?;
            heard = trial.heard;
            described = std::mem::take(&mut trial.described);
            services.put_back(Box::new(trial.instance));
        }
        drop(starting);
        // A change for one domain forgives nobody on the others.
        let digest = &plugin.inspection.digest;
        let breakers_of = |on: &Domain| on.memory.breakers(format!("{digest} {}", on.config));
        let breakers = scope.domains.iter().map(|(id, on)| (*id, breakers_of(on))).collect();
        Ok(Self {
            plugin,
            scope,
            jobs,
            pool,
            services,
            described,
            breakers,
            why,
            ticker,
            heard,
            retired: Mutex::default(),
        })
    }

    /// The deployed version of the plugin.
    pub fn plugin(&self) -> &Arc<Plugin> {
        &self.plugin
    }

    /// Where its accounts are, on each domain, in no order.
    pub fn described(&self) -> impl Iterator<Item = &Described> {
        self.described.values().map(|one| &**one)
    }

    /// What it has said about its settings: warnings, each with the domain.
    pub fn heard(&self) -> &[String] {
        &self.heard
    }

    /// SHA-256 of its component.
    pub fn digest(&self) -> &str {
        &self.plugin.inspection.digest
    }

    /// Whether it was built from this component.
    pub fn is_of(&self, plugin: &Plugin) -> bool {
        self.plugin.inspection.digest == plugin.inspection.digest
    }

    /// Its current state.
    pub fn at_work(&self) -> AtWork {
        AtWork {
            name: self.scope.name.to_string(),
            version: self.plugin.version().to_owned(),
            digest: self.plugin.inspection.digest.clone(),
            domains: self.domains(|_| true),
            suspended: self.domains(Breaker::is_open),
            parked: self.domains(Breaker::is_parked),
            suspensions: self.breakers.values().flat_map(|on| on.all()).map(Breaker::opened).sum(),
        }
    }

    /// The names of the domains with a breaker like that, in order.
    fn domains(&self, is_like: impl Fn(&Breaker) -> bool) -> Vec<String> {
        let found = self.breakers.iter().filter(|(_, on)| on.all().into_iter().any(&is_like));
        let mut names: Vec<_> = found.map(|(id, _)| self.domain(*id).to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// The name of a domain.
    pub(crate) fn domain(&self, id: u32) -> &str {
        self.scope.domains.get(&id).map_or("", |domain| &domain.name)
    }

    pub(crate) fn job(&self, hook: Hook) -> Option<&Job> {
        self.jobs.iter().find(|job| job.hook == hook)
    }

    /// Its hooks, each with the union of its interests, if it has any.
    pub(crate) fn hooks(&self) -> impl Iterator<Item = (Hook, Option<Interest>)> {
        self.jobs.iter().map(|job| (job.hook, job.interest()))
    }

    /// Its code for stanzas on their way.
    pub(crate) fn filters(&self) -> Result<&FilterCode, Failure> {
        let filters = self.plugin.code.filter.as_ref();
        filters.ok_or_else(|| Failure::new(FailureKind::Host, "the plugin is not a filter"))
    }

    /// Whether it is interested. The kernel has only checked the union of all interests.
    pub(crate) fn wants(&self, hook: Hook, stanza: &Stanza) -> bool {
        self.job(hook).is_some_and(|job| job.wants(stanza))
    }
}

/// So many domains may break a new instance with their settings; then it gets none.
const BREAKING: usize = 3;

impl Deployment {
    /// An instance in place of one that has failed, with the settings of those domains that do not break it.
    fn remade(&self, mut domains: Vec<u32>) -> Result<Box<Instance>, Failure> {
        for broken in 0..=BREAKING {
            let mut made = Instance::start(self.filters()?, &self.scope, Why::RestartAfterTrap, RESTART)?;
            let known = domains.iter().filter(|_| broken < BREAKING);
            let mut tried = known.map(|domain| (*domain, made.configure(*domain, RESTART)));
            let Some((domain, Err(why))) = tried.find(|(_, said)| said.is_err()) else {
                made.take_spent();
                return Ok(Box::new(made));
            };
            self.pool.broke(domain, why.into(), self.scope.services.clock.monotonic());
            domains.retain(|one| *one != domain);
        }
        Err(Failure::new(FailureKind::Start, "the plugin has no instance"))
    }
}

impl Refill for Deployment {
    fn refill(&self, domain: u32) {
        let _starting = self.ticker.starting();
        let (clock, begun) = (&self.scope.services.clock, cpu_time());
        self.pool.refill(clock.monotonic(), |knew| self.remade(knew.to_vec()));
        if let Some(on) = self.scope.domains.get(&domain) {
            let time = cpu_time().saturating_sub(begun);
            // No session waits for it.
            let _ = self.scope.charge(on, clock.monotonic(), time, Duration::ZERO, || None);
        }
    }
}
