//! An account in memory: its sessions, its delivery gate, and the state features keep with it.

pub(crate) mod cascade;
pub(crate) mod directory;
pub(crate) mod events;
pub(crate) mod lists;
pub(crate) mod login;
pub(crate) mod rewrite;
pub(crate) mod roster;
pub(crate) mod roster_change;
pub(crate) mod screen;
pub(crate) mod stored;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use storage::AccountId;
use xmpp::Jid;

use crate::delivery::gate::Gate;
use crate::session::Session;
use crate::state::{Slots, sealed};
use crate::{Host, Resource, Screen};

/// An account with sessions, or one that was looked up recently. Identified by its numeric id in the store;
/// the same user name on two domains is two accounts.
pub struct Account {
    id: AccountId,
    jid: Jid,
    host: Arc<Host>,
    pub(crate) state: Mutex<AccountState>,
    /// Serializes bind, replace, resume and close: a replaced session's `unavailable` is sent before the new
    /// one's presence.
    pub(crate) binding: tokio::sync::Mutex<()>,
    slots: Slots,
    /// The compiled default list; empty if the account has none.
    pub(crate) screen: ArcSwapOption<Screen>,
    /// Set once any session has had an active list; never cleared.
    pub(crate) has_active_lists: AtomicBool,
    touched_us: AtomicI64,
}

#[derive(Default)]
pub(crate) struct AccountState {
    pub sessions: Vec<Arc<Session>>,
    pub gate: Gate,
    /// Deleted: nothing is delivered or stored any more.
    pub deleted: bool,
    /// If it is deleted: its contacts are not told of that.
    pub quiet: bool,
}

impl Account {
    pub(crate) fn new(id: AccountId, jid: Jid, host: Arc<Host>) -> Self {
        Self {
            id,
            jid,
            host,
            state: Mutex::default(),
            binding: tokio::sync::Mutex::const_new(()),
            slots: Slots::default(),
            screen: ArcSwapOption::empty(),
            has_active_lists: AtomicBool::new(false),
            touched_us: AtomicI64::new(0),
        }
    }

    pub fn id(&self) -> AccountId {
        self.id
    }

    /// Whether its contacts are not to be told that it is being deleted.
    pub fn leaves_quietly(&self) -> bool {
        self.state.lock().quiet
    }

    /// Whether its deletion has begun: its contacts are being told.
    pub fn is_being_deleted(&self) -> bool {
        self.state.lock().deleted
    }

    pub fn jid(&self) -> &Jid {
        &self.jid
    }

    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// Its bound resources, attached or detached.
    pub fn resources(&self) -> Vec<Resource> {
        self.state.lock().sessions.iter().cloned().map(Resource::new).collect()
    }

    /// Whether it has bound resources, attached or detached.
    pub fn has_sessions(&self) -> bool {
        !self.state.lock().sessions.is_empty()
    }

    /// Resources that have sent available presence.
    pub fn available(&self) -> Vec<Resource> {
        self.state.lock().sessions.iter().filter(|s| s.is_available()).cloned().map(Resource::new).collect()
    }

    /// Whether any resource has sent available presence.
    pub fn is_available(&self) -> bool {
        self.state.lock().sessions.iter().any(|session| session.is_available())
    }

    /// The bound resource of this name.
    pub fn resource(&self, name: &str) -> Option<Resource> {
        self.state.lock().session(name).cloned().map(Resource::new)
    }

    pub(crate) fn sessions(&self) -> Vec<Arc<Session>> {
        self.state.lock().sessions.clone()
    }

    /// It is used now (monotonic, microseconds).
    pub(crate) fn touch(&self, now_us: i64) {
        self.touched_us.store(now_us, Ordering::Relaxed);
    }

    /// Whether it has no sessions and nothing in progress, and was last used before `before_us`.
    pub(crate) fn is_idle(&self, before_us: i64) -> bool {
        let state = self.state.lock();
        state.sessions.is_empty()
            && state.gate.is_open()
            && self.touched_us.load(Ordering::Relaxed) < before_us
    }
}

impl sealed::Sealed for Account {
    fn slots(&self) -> &Slots {
        &self.slots
    }
}

impl AccountState {
    pub fn session(&self, resource: &str) -> Option<&Arc<Session>> {
        self.sessions.iter().find(|s| s.jid().resource() == Some(resource))
    }
}
