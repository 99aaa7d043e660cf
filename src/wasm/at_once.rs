//! How many calls of all services may run at once.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::limits::RUNNING;

/// Those that are left to log-ins.
const LOG_INS: usize = RUNNING / 4;

/// Permits for calls.
pub(crate) struct AtOnce {
    pub log_ins: Arc<Semaphore>,
    pub others: Arc<Semaphore>,
}

impl Default for AtOnce {
    fn default() -> Self {
        let of = |count: usize| Arc::new(Semaphore::new(count));
        Self { log_ins: of(LOG_INS), others: of(RUNNING - LOG_INS) }
    }
}
