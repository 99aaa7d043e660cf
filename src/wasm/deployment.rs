//! A deployed plugin: one version, with its settings, grants and policies.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Interest, Verdict};
use serde_json::{Map, Value};
use xmpp::Stanza;

use crate::bindings::castling::plugin::types::Head;
use crate::bindings::exports::castling::plugin::before_offline::Storing;
use crate::bindings::exports::castling::plugin::lifecycle::Why;
use crate::breaker::{Admission, Breaker};
use crate::error::LoadError;
use crate::failure::{Failure, FailureKind};
use crate::head;
use crate::hook::{Hook, Policy};
use crate::instance::{Instance, StartError};
use crate::manifest::{Manifest, Want};
use crate::platform::AtWork;
use crate::plugin::Plugin;
use crate::pool::{Pool, Seat};
use crate::scope::Scope;
use crate::state::Call;
use crate::stats::HookCounters;
use crate::verdict;

/// CPU time of one call to a filter.
const CALL: Duration = Duration::from_millis(5);
/// CPU time of init, and of configure for each domain, when no stanza is waiting.
const START: Duration = Duration::from_secs(2);
/// The same when an instance is created while a stanza is waiting.
const RESTART: Duration = Duration::from_millis(100);

/// A domain on which a plugin is enabled.
#[derive(Clone, Debug, Default)]
pub struct DomainSettings {
    /// The domain's name, as in `Host::name`.
    pub domain: String,
    /// The domain's own settings (`config.NAME` of the domain), which override key by key.
    pub config: Map<String, Value>,
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
#[derive(Clone, Debug, Default)]
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

/// A hook of a deployment.
pub(crate) struct Job {
    hook: Hook,
    want: Want,
    policy: Policy,
    interests: Vec<Interest>,
}

/// A plugin deployed on its domains. Immutable: another version or other settings are another deployment, and
/// the kernel's tables swap one for the other. Dropping the last reference drops its instances.
pub struct Deployment {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) scope: Arc<Scope>,
    jobs: Vec<Job>,
    pool: Pool,
    breaker: Breaker,
    why: Why,
}

impl Deployment {
    /// Deploys a plugin: creates one instance, which starts and reads every domain's settings. A failure
    /// leaves the previous deployment untouched.
    pub(crate) fn start(
        plugin: Arc<Plugin>,
        scope: Arc<Scope>,
        policy: Option<&Value>,
        occasion: Occasion,
        seats: usize,
    ) -> Result<Self, LoadError> {
        let why = match occasion {
            Occasion::Start => Why::Start,
            Occasion::Reload => Why::Reload,
        };
        let jobs = jobs(plugin.manifest(), policy)?;
        let trial = Instance::start(&plugin.code, &scope, why, START)?;
        let pool = Pool::new(seats);
        pool.seat().instance = Some(Box::new(trial));
        Ok(Self { plugin, scope, jobs, pool, breaker: Breaker::default(), why })
    }

    /// The deployed version of the plugin.
    pub fn plugin(&self) -> &Arc<Plugin> {
        &self.plugin
    }

    /// Its current state.
    pub fn at_work(&self) -> AtWork {
        let mut domains: Vec<_> = self.scope.domains.values().map(|domain| domain.name.clone()).collect();
        domains.sort_unstable();
        AtWork {
            name: self.scope.name.to_string(),
            version: self.plugin.version().to_owned(),
            digest: self.plugin.inspection.digest.clone(),
            domains,
            suspended: self.breaker.is_open(),
            suspensions: self.breaker.opened(),
        }
    }

    fn job(&self, hook: Hook) -> Option<&Job> {
        self.jobs.iter().find(|job| job.hook == hook)
    }

    /// Its hooks, each with the union of its interests.
    pub(crate) fn hooks(&self) -> impl Iterator<Item = (Hook, Interest)> {
        self.jobs.iter().filter_map(|job| {
            let all = job.interests.iter().cloned().reduce(Interest::and)?;
            Some((job.hook, all))
        })
    }

    /// Whether it is interested. The kernel has only checked the union of all interests.
    pub(crate) fn wants(&self, hook: Hook, stanza: &Stanza) -> bool {
        let exact = |job: &Job| match job.interests.as_slice() {
            [_] => true,
            interests => interests.iter().any(|interest| interest.wants(stanza)),
        };
        self.job(hook).is_some_and(exact)
    }

    /// Calls the hook for a client's stanza.
    pub(crate) fn client_in(&self, counters: &HookCounters, call: Call, traits: u32) -> Verdict {
        let stanza = call.stanza.clone();
        let may_readdress = self.scope.grants.allow("stanza", "rewrite-address");
        let said = self.ask(Hook::ClientIn, counters, call, traits, |instance, head| {
            let text = std::mem::take(&mut instance.text);
            let Some(guest) = instance.client_in.take() else { wasmtime::bail!("client-in is not exported") };
            let said = guest.call_filter(instance.store(), head, &text);
            (instance.text, instance.client_in) = (text, Some(guest));
            said
        });
        let said = said.and_then(|said| {
            let index = verdict::index(&said);
            let converted = verdict::convert(said, &stanza, may_readdress);
            converted.map(|verdict| (index, verdict)).inspect_err(|failure| self.failed(failure, false))
        });
        match said {
            Ok((index, verdict)) => {
                counters.verdict(index);
                verdict
            }
            Err(failure) => {
                counters.failure(failure.kind);
                verdict::failed(self.policy(Hook::ClientIn), &stanza)
            }
        }
    }

    /// Calls the hook for a stanza about to be stored.
    pub(crate) fn before_offline(&self, counters: &HookCounters, call: Call, traits: u32) -> Storing {
        let said = self.ask(Hook::BeforeOffline, counters, call, traits, |instance, head| {
            let text = std::mem::take(&mut instance.text);
            let Some(guest) = instance.before_offline.take() else {
                wasmtime::bail!("before-offline is not exported")
            };
            let said = guest.call_filter(instance.store(), head, &text);
            (instance.text, instance.before_offline) = (text, Some(guest));
            said
        });
        match said {
            Ok(storing) => {
                counters.verdict(match storing {
                    Storing::Keep => 0,
                    Storing::Discard => 1,
                    Storing::Bounce => 2,
                    Storing::KeepFor(_) => 3,
                });
                storing
            }
            Err(failure) => {
                counters.failure(failure.kind);
                match self.policy(Hook::BeforeOffline) {
                    Policy::Open => Storing::Keep,
                    Policy::Reject => Storing::Bounce,
                    Policy::Drop => Storing::Discard,
                }
            }
        }
    }

    fn policy(&self, hook: Hook) -> Policy {
        self.job(hook).map_or(Policy::Open, |job| job.policy)
    }

    fn ask<R>(
        &self,
        hook: Hook,
        counters: &HookCounters,
        call: Call,
        traits: u32,
        run: impl FnOnce(&mut Instance, Head) -> wasmtime::Result<R>,
    ) -> Result<R, Failure> {
        let admission = self.breaker.admit(|| self.scope.now_ms());
        if admission == Admission::Open {
            return Err(Failure::new(FailureKind::Open, "the plugin is suspended after repeated failures"));
        }
        counters.calls.inc();
        let want = self.job(hook).map_or(Want::Head, |job| job.want);
        let mut seat = self.pool.seat();
        let answer = self.instance(&mut seat).and_then(|instance| {
            let head = head::pack(&call, traits, want, &mut instance.text);
            instance.run(Some(call), CALL, |instance| run(instance, head))
        });
        match &answer {
            Ok(_) if admission == Admission::Trial => self.breaker.recovered(),
            Ok(_) => {}
            Err(failure) => {
                *seat = Seat { instance: None, failed: true };
                drop(seat);
                self.scope.memory.discarded.inc();
                self.failed(failure, admission == Admission::Trial);
            }
        }
        answer
    }

    /// The seat's instance, created now if absent.
    fn instance<'a>(&self, seat: &'a mut Seat) -> Result<&'a mut Instance, Failure> {
        if seat.instance.is_none() {
            let why = if seat.failed { Why::RestartAfterTrap } else { self.why };
            let made = Instance::start(&self.plugin.code, &self.scope, why, RESTART);
            let made = made.map_err(|error| match error {
                StartError::Failed(failure) => Failure::new(FailureKind::Start, failure.to_string()),
                StartError::Refused { message, .. } => Failure::new(FailureKind::Start, message),
            })?;
            seat.instance = Some(Box::new(made));
        }
        let instance = seat.instance.as_deref_mut();
        instance.ok_or_else(|| Failure::new(FailureKind::Start, "the plugin has no instance"))
    }

    /// Logs a failure and counts it toward the circuit breaker.
    fn failed(&self, failure: &Failure, trial: bool) {
        let (plugin, version) = (&*self.scope.name, self.plugin.version());
        if failure.kind == FailureKind::Host {
            tracing::error!(
                plugin,
                version,
                error = failure.message,
                "internal error while calling a plugin"
            );
        } else {
            tracing::warn!(
                plugin,
                version,
                kind = failure.kind.name(),
                error = failure.message,
                "plugin failed"
            );
        }
        if self.breaker.failed(failure.kind.weight(), trial, self.scope.now_ms()) {
            tracing::warn!(plugin, version, "plugin suspended after repeated failures");
        }
    }
}

/// The hooks of a manifest, with the policies in force.
pub(crate) fn jobs(manifest: &Manifest, policy: Option<&Value>) -> Result<Vec<Job>, LoadError> {
    let mut jobs = Vec::new();
    for hook in Hook::ALL {
        let Some(about) = manifest.hook(hook) else { continue };
        let interests = about.interests.iter().map(|interest| interest.compile());
        let interests = interests.collect::<Result<_, _>>().map_err(LoadError::Manifest)?;
        let suggested = about.on_failure.as_deref().map(|word| hook.policy(word)).transpose();
        let suggested = suggested.map_err(LoadError::Manifest)?;
        let ordered = ordered(hook, policy).map_err(LoadError::Policy)?;
        let policy = ordered.or(suggested).unwrap_or_else(|| hook.default_policy(manifest.guards));
        jobs.push(Job { hook, want: about.want, policy, interests });
    }
    known_hooks(policy, &jobs)?;
    Ok(jobs)
}

/// The operator's policy for a hook.
fn ordered(hook: Hook, policy: Option<&Value>) -> Result<Option<Policy>, String> {
    match policy {
        None => Ok(None),
        Some(Value::String(word)) => match hook.policy(word) {
            Ok(policy) => Ok(Some(policy)),
            Err(_) if Hook::ALL.iter().any(|other| other.policy(word).is_ok()) => Ok(None),
            Err(why) => Err(why),
        },
        Some(Value::Object(table)) => match table.get(hook.name()) {
            None => Ok(None),
            Some(Value::String(word)) => hook.policy(word).map(Some),
            Some(_) => Err(format!("the failure policy of {hook} must be a string")),
        },
        Some(_) => Err("a failure policy must be a string, or a table with a string per hook".into()),
    }
}

fn known_hooks(policy: Option<&Value>, jobs: &[Job]) -> Result<(), LoadError> {
    let Some(Value::Object(table)) = policy else { return Ok(()) };
    let unknown = table.keys().find(|name| !jobs.iter().any(|job| job.hook.name() == *name));
    match unknown {
        Some(name) => Err(LoadError::Policy(format!("`{name}` is not a hook of this plugin"))),
        None => Ok(()),
    }
}
