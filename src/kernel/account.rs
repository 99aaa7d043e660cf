//! An account in use: its sessions, its cached roster, its delivery gate.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;
use storage::AccountId;
use xmpp::Jid;

use crate::gate::Gate;
use crate::roster::RosterCell;
use crate::{Host, Session};

/// An account that somebody is logged in to, or that was looked up a short while ago. Identified by its numeric
/// id in the store; the same user name on two domains is two accounts.
pub struct Account {
    id: AccountId,
    jid: Jid,
    host: Arc<Host>,
    pub(crate) state: Mutex<State>,
    /// Serialises bind, replace, resume and close: a replaced session's `unavailable` is out before the new
    /// one's presence.
    pub(crate) binding: tokio::sync::Mutex<()>,
    pub(crate) roster: RosterCell,
    touched_us: AtomicI64,
}

#[derive(Default)]
pub(crate) struct State {
    pub sessions: Vec<Arc<Session>>,
    pub gate: Gate,
    /// Deleted: nothing is delivered or stored any more.
    pub deleted: bool,
}

impl Account {
    pub(crate) fn new(id: AccountId, jid: Jid, host: Arc<Host>) -> Self {
        Self {
            id,
            jid,
            host,
            state: Mutex::default(),
            binding: tokio::sync::Mutex::const_new(()),
            roster: RosterCell::default(),
            touched_us: AtomicI64::new(0),
        }
    }

    /// Its id in the store.
    pub fn id(&self) -> AccountId {
        self.id
    }

    /// Its bare JID.
    pub fn jid(&self) -> &Jid {
        &self.jid
    }

    /// The domain it belongs to.
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// Its sessions, attached or waiting to be resumed.
    pub fn sessions(&self) -> Vec<Arc<Session>> {
        self.state.lock().sessions.clone()
    }

    /// Sessions that have sent available presence.
    pub fn available(&self) -> Vec<Arc<Session>> {
        self.state.lock().sessions.iter().filter(|s| s.is_available()).cloned().collect()
    }

    /// The session with this resource.
    pub fn session(&self, resource: &str) -> Option<Arc<Session>> {
        self.state.lock().session(resource).cloned()
    }

    pub(crate) fn touch(&self, now_us: i64) {
        self.touched_us.store(now_us, Ordering::Relaxed);
    }

    /// Nobody is logged in and nothing is under way; last used before `before_us`.
    pub(crate) fn is_idle(&self, before_us: i64) -> bool {
        let state = self.state.lock();
        state.sessions.is_empty()
            && state.gate.is_open()
            && self.touched_us.load(Ordering::Relaxed) < before_us
    }
}

impl State {
    pub fn session(&self, resource: &str) -> Option<&Arc<Session>> {
        self.sessions.iter().find(|s| s.jid().resource() == Some(resource))
    }
}
