//! Log-ins in progress. Between a password's check and the bound session it may be changed, or its account deleted:
//! who knew the old one must not get in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

/// The log-ins of a host.
#[derive(Default)]
pub(crate) struct Logins(Mutex<Vec<Arc<LoginState>>>);

struct LoginState {
    local: Box<str>,
    revoked: AtomicBool,
}

/// A log-in that has named its account; from [`Host::begin_login`](crate::Host::begin_login), before its
/// credentials are looked up.
pub struct Login {
    all: Arc<Logins>,
    state: Arc<LoginState>,
}

impl Logins {
    pub fn begin(self: &Arc<Self>, local: &str) -> Login {
        let state = Arc::new(LoginState { local: local.into(), revoked: AtomicBool::new(false) });
        self.0.lock().push(state.clone());
        Login { all: self.clone(), state }
    }

    /// The account's credentials have changed: no log-in that has begun before succeeds.
    pub fn revoke(&self, local: &str) {
        for state in self.0.lock().iter().filter(|state| *state.local == *local) {
            state.revoked.store(true, Ordering::Release);
        }
    }
}

impl Login {
    /// Whether the credentials have changed since.
    pub fn is_revoked(&self) -> bool {
        self.state.revoked.load(Ordering::Acquire)
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        let mut logins = self.all.0.lock();
        if let Some(at) = logins.iter().position(|state| Arc::ptr_eq(state, &self.state)) {
            logins.swap_remove(at);
        }
        if logins.is_empty() {
            *logins = Vec::new();
        }
    }
}
