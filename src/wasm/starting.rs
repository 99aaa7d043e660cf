//! What instances of filters and of services have in common: their stores, how they start, and what their failures mean.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Engine, PoolConcurrencyLimitError, Store};

use crate::error::LoadError;
use crate::failure::{Failure, FailureKind};
use crate::plain::line;
use crate::scope::Scope;
use crate::state::StoreData;

/// Bytes that one call between guest and host may pass to the host.
const PASSED_BYTES: usize = 4 * 1024 * 1024;
/// CPU time of init, and of configure for each domain, when no stanza is waiting.
pub(crate) const START: Duration = Duration::from_secs(2);
/// Maximum characters of a plugin's refusal message.
const WORDS: usize = 1000;

/// A store for an instance. `is_first`: what it says about its settings is noted.
pub(crate) fn store(engine: &Engine, scope: &Arc<Scope>, is_first: bool) -> Store<StoreData> {
    let mut data = StoreData::new(scope.clone());
    data.heard = is_first.then(Vec::new);
    let mut store = Store::new(engine, data);
    store.limiter(|state| &mut state.limits);
    store.set_hostcall_fuel(PASSED_BYTES);
    store.epoch_deadline_callback(|mut store| store.data_mut().deadline.tick());
    store
}

/// Why an instance did not start.
pub(crate) enum StartError {
    Failed { failure: Failure, domain: Option<String> },
    Refused { domain: Option<String>, message: String },
}

impl StartError {
    pub fn failed(failure: Failure) -> Self {
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

/// What an error of the engine means.
pub(crate) fn classify(state: &StoreData, error: &wasmtime::Error) -> Failure {
    let kind = match () {
        () if state.deadline.missed() => FailureKind::Deadline,
        () if state.limits.exceeded() => FailureKind::Memory,
        () if error.is::<PoolConcurrencyLimitError>() => FailureKind::Exhausted,
        () => FailureKind::Trap,
    };
    Failure::of(kind, error)
}

/// The plugin's own message, shortened for the operator.
pub(crate) fn refused(domain: Option<&str>, message: &str) -> StartError {
    StartError::Refused { domain: domain.map(str::to_owned), message: line(message, WORDS) }
}

pub(crate) fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".into())
}
