//! An account in use: its sessions, its delivery gate, and what features keep with it.

pub(crate) mod cascade;
pub(crate) mod directory;
pub(crate) mod events;
pub(crate) mod roster;
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
    slots: Slots,
    /// The compiled default list; empty for an account without one.
    pub(crate) screen: ArcSwapOption<Screen>,
    /// A session of it has, or has had, an active list.
    pub(crate) has_active_lists: AtomicBool,
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
            slots: Slots::default(),
            screen: ArcSwapOption::empty(),
            has_active_lists: AtomicBool::new(false),
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

    /// Its bound resources, attached or waiting to be resumed.
    pub fn resources(&self) -> Vec<Resource> {
        self.state.lock().sessions.iter().cloned().map(Resource::new).collect()
    }

    /// Resources that have sent available presence.
    pub fn available(&self) -> Vec<Resource> {
        self.state.lock().sessions.iter().filter(|s| s.is_available()).cloned().map(Resource::new).collect()
    }

    /// Has any resource sent available presence?
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

impl sealed::Sealed for Account {
    fn slots(&self) -> &Slots {
        &self.slots
    }
}

impl State {
    pub fn session(&self, resource: &str) -> Option<&Arc<Session>> {
        self.sessions.iter().find(|s| s.jid().resource() == Some(resource))
    }
}
