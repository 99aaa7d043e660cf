//! One running instance: its store is discarded as a whole after a failure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashSet;
use wasmtime::{PoolConcurrencyLimitError, Store};

use crate::bindings::exports::castling::plugin::lifecycle::Why;
use crate::bindings::exports::castling::plugin::{before_offline, client_in, lifecycle};
use crate::deadline::cpu_time;
use crate::error::LoadError;
use crate::failure::{Failure, FailureKind};
use crate::plain::line;
use crate::plugin::Code;
use crate::scope::Scope;
use crate::state::{Call, StoreData};

/// Bytes that one call between guest and host may pass to the host.
const PASSED_BYTES: usize = 4 * 1024 * 1024;
/// Maximum characters of a plugin's refusal message.
const WORDS: usize = 1000;

/// CPU time to read the settings of all domains before they come into force: changes wait for that.
const ALL_SETTINGS: Duration = Duration::from_secs(10);

/// CPU time of init, and of configure for each domain, when an instance is created while a stanza is waiting.
pub(crate) const RESTART: Duration = Duration::from_millis(100);

/// An instance of a plugin, ready for calls.
pub(crate) struct Instance {
    store: Store<StoreData>,
    lifecycle: Option<lifecycle::Guest>,
    pub client_in: Option<client_in::Guest>,
    pub before_offline: Option<before_offline::Guest>,
    /// The packed text of the call, reused as a buffer.
    pub text: String,
    counted_bytes: i64,
    /// CPU time of runs that took longer than a tick, since it was last asked for.
    spent: Option<Duration>,
    /// The domains whose settings it has read.
    configured: HashSet<u32>,
}

/// Why an instance did not start.
pub(crate) enum StartError {
    Failed { failure: Failure, domain: Option<String> },
    Refused { domain: Option<String>, message: String },
}

impl StartError {
    fn failed(failure: Failure) -> Self {
        Self::Failed { failure, domain: None }
    }
}

impl From<StartError> for LoadError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Failed { failure, domain } => {
                LoadError::Failed { domain, message: failure.to_string() }
            }
            StartError::Refused { domain, message } => LoadError::Refused { domain, message },
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Failed { failure, .. } => failure.while_starting(),
            StartError::Refused { message, .. } => Self::new(FailureKind::Refused, message),
        }
    }
}

impl Instance {
    /// Creates an instance and starts it. Each step has this budget of CPU time.
    pub fn start(code: &Code, scope: &Arc<Scope>, why: Why, budget: Duration) -> Result<Self, StartError> {
        Self::begin(code, scope, why, budget, false)
    }

    /// The same, and lets it read the settings of every domain. Returns what it has to say about them as well.
    pub fn try_out(
        code: &Code,
        scope: &Arc<Scope>,
        why: Why,
        budget: Duration,
    ) -> Result<(Self, Vec<String>), StartError> {
        let mut instance = Self::begin(code, scope, why, budget, true)?;
        let mut domains: Vec<_> = scope.domains.keys().copied().collect();
        domains.sort_unstable();
        let begun = cpu_time();
        for id in &domains {
            instance.configure(*id, budget)?;
            if cpu_time().saturating_sub(begun) > ALL_SETTINGS {
                let most = ALL_SETTINGS.as_secs();
                let text =
                    format!("it needs more than {most} s to read its settings of {} domains", domains.len());
                return Err(StartError::failed(Failure::new(FailureKind::Deadline, text)));
            }
        }
        let heard = instance.store.data_mut().heard.take();
        Ok((instance, heard.unwrap_or_default()))
    }

    fn begin(
        code: &Code,
        scope: &Arc<Scope>,
        why: Why,
        budget: Duration,
        is_first: bool,
    ) -> Result<Self, StartError> {
        let mut data = StoreData::new(scope.clone());
        data.heard = is_first.then(Vec::new);
        let mut store = Store::new(code.pre.engine(), data);
        store.limiter(|state| &mut state.limits);
        store.set_hostcall_fuel(PASSED_BYTES);
        store.epoch_deadline_callback(|mut store| store.data_mut().deadline.tick());
        scope.memory.instances.inc();
        let mut instance = Self {
            store,
            lifecycle: None,
            client_in: None,
            before_offline: None,
            text: String::new(),
            counted_bytes: 0,
            spent: None,
            configured: HashSet::new(),
        };
        instance.run(None, budget, |instance| instance.load(code)).map_err(StartError::failed)?;
        instance.init(why, budget)?;
        Ok(instance)
    }

    fn load(&mut self, code: &Code) -> wasmtime::Result<()> {
        let instance = code.pre.instantiate(&mut self.store)?;
        let store = &mut self.store;
        self.lifecycle =
            code.lifecycle.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        self.client_in =
            code.client_in.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        self.before_offline =
            code.before_offline.as_ref().map(|found| found.load(&mut *store, &instance)).transpose()?;
        Ok(())
    }

    fn init(&mut self, why: Why, budget: Duration) -> Result<(), StartError> {
        let said = self.run(None, budget, |instance| {
            let lifecycle = instance.lifecycle.as_ref();
            lifecycle.map_or(Ok(Ok(())), |lifecycle| lifecycle.call_init(&mut instance.store, why))
        });
        said.map_err(StartError::failed)?.map_err(|message| refused(None, &message))
    }

    /// Whether it has read the settings of a domain.
    pub fn knows(&self, domain: u32) -> bool {
        self.configured.contains(&domain)
    }

    /// The domains whose settings it has read.
    pub fn known(&self) -> Vec<u32> {
        self.configured.iter().copied().collect()
    }

    /// Lets it read the settings of a domain, unless it has.
    pub fn configure(&mut self, id: u32, budget: Duration) -> Result<(), StartError> {
        if self.knows(id) {
            return Ok(());
        }
        self.store.data_mut().configuring = Some(id);
        let said = self.run(None, budget, |instance| {
            let lifecycle = instance.lifecycle.as_ref();
            lifecycle.map_or(Ok(Ok(())), |lifecycle| lifecycle.call_configure(&mut instance.store, id))
        });
        self.store.data_mut().configuring = None;
        let name = self.store.data().scope.domains.get(&id).map(|domain| domain.name.clone());
        let said = said.map_err(|failure| StartError::Failed { failure, domain: name.clone() })?;
        said.map_err(|message| refused(name.as_deref(), &message))?;
        self.configured.insert(id);
        Ok(())
    }

    /// The CPU time of all that was run since this was last asked for, if any of it took longer than a tick.
    pub fn take_spent(&mut self) -> Option<Duration> {
        self.spent.take()
    }

    /// The store, for a call.
    pub fn store(&mut self) -> &mut Store<StoreData> {
        &mut self.store
    }

    /// Makes one call into the guest, within a budget of CPU time. After a failure the instance must be
    /// discarded: a trap poisons the whole store.
    pub fn run<R>(
        &mut self,
        call: Option<Call>,
        budget: Duration,
        run: impl FnOnce(&mut Self) -> wasmtime::Result<R>,
    ) -> Result<R, Failure> {
        let state = self.store.data_mut();
        state.call = call;
        state.deadline.start(budget);
        self.store.set_epoch_deadline(1);
        let done = catch_unwind(AssertUnwindSafe(|| run(self)));
        self.store.data_mut().call = None;
        if let Some(spent) = self.store.data().deadline.spent() {
            *self.spent.get_or_insert_default() += spent;
        }
        self.count_bytes();
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.classify(&error)),
            Err(panic) => Err(Failure::new(FailureKind::Host, words(&*panic))),
        }
    }

    fn classify(&self, error: &wasmtime::Error) -> Failure {
        let state = self.store.data();
        let kind = match () {
            () if state.deadline.missed() => FailureKind::Deadline,
            () if state.limits.exceeded() => FailureKind::Memory,
            () if error.is::<PoolConcurrencyLimitError>() => FailureKind::Exhausted,
            () => FailureKind::Trap,
        };
        Failure::of(kind, error)
    }

    fn count_bytes(&mut self) {
        let bytes = i64::try_from(self.store.data().limits.bytes()).unwrap_or(i64::MAX);
        if bytes != self.counted_bytes {
            self.store.data().scope.memory.bytes.add(bytes - self.counted_bytes);
            self.counted_bytes = bytes;
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let memory = &self.store.data().scope.memory;
        memory.instances.dec();
        memory.bytes.add(-self.counted_bytes);
    }
}

/// The plugin's own message, shortened for the operator.
fn refused(domain: Option<&str>, message: &str) -> StartError {
    StartError::Refused { domain: domain.map(str::to_owned), message: line(message, WORDS) }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".into())
}
