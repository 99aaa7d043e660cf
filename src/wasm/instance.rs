//! One running instance: its store is discarded as a whole after a failure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use wasmtime::Store;

use crate::bindings::exports::castling::plugin::lifecycle::Why;
use crate::bindings::exports::castling::plugin::{before_offline, client_in, lifecycle};
use crate::error::LoadError;
use crate::failure::{Failure, FailureKind};
use crate::plugin::Code;
use crate::scope::Scope;
use crate::state::{Call, StoreData};

/// Maximum characters of a plugin's refusal message.
const WORDS: usize = 1000;

/// An instance of a plugin, ready for calls.
pub(crate) struct Instance {
    store: Store<StoreData>,
    lifecycle: Option<lifecycle::Guest>,
    pub client_in: Option<client_in::Guest>,
    pub before_offline: Option<before_offline::Guest>,
    /// The packed text of the call, reused as a buffer.
    pub text: String,
    counted_bytes: i64,
}

/// Why an instance did not start.
pub(crate) enum StartError {
    Failed(Failure),
    Refused { domain: Option<String>, message: String },
}

impl From<StartError> for LoadError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Failed(failure) => LoadError::Failed(failure.to_string()),
            StartError::Refused { domain, message } => LoadError::Refused { domain, message },
        }
    }
}

impl Instance {
    /// Creates an instance, starts it and lets it read the settings of every domain. Each step has this
    /// budget of CPU time.
    pub fn start(code: &Code, scope: &Arc<Scope>, why: Why, budget: Duration) -> Result<Self, StartError> {
        let mut store = Store::new(code.pre.engine(), StoreData::new(scope.clone()));
        store.limiter(|state| &mut state.limits);
        store.epoch_deadline_callback(|mut store| store.data_mut().deadline.tick());
        scope.memory.instances.inc();
        let text = String::new();
        let mut instance =
            Self { store, lifecycle: None, client_in: None, before_offline: None, text, counted_bytes: 0 };
        instance.run(None, budget, |instance| instance.load(code)).map_err(StartError::Failed)?;
        instance.init(why, budget)?;
        let mut domains: Vec<_> = scope.domains.iter().collect();
        domains.sort_by_key(|(id, _)| **id);
        for (id, domain) in domains {
            instance.configure(*id, &domain.name, budget)?;
        }
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
        said.map_err(StartError::Failed)?.map_err(|message| refused(None, &message))
    }

    fn configure(&mut self, id: u32, name: &str, budget: Duration) -> Result<(), StartError> {
        let said = self.run(None, budget, |instance| {
            let lifecycle = instance.lifecycle.as_ref();
            lifecycle.map_or(Ok(Ok(())), |lifecycle| lifecycle.call_configure(&mut instance.store, id))
        });
        said.map_err(StartError::Failed)?.map_err(|message| refused(Some(name), &message))
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
            () => FailureKind::Trap,
        };
        Failure::new(kind, format!("{error:#}"))
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
    let message = message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS).collect();
    StartError::Refused { domain: domain.map(str::to_owned), message }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".into())
}
