//! What the modules of one host have registered.

use std::sync::Arc;

use hashbrown::HashMap;
use storage::StorageError;
use xmpp::Element;

use crate::account::events::{AccountHandler, RosterHandler};
use crate::hooks::job::Job;
use crate::hooks::registrar::DiscoItem;
use crate::hooks::stage::Entry;
use crate::route::early::EarlyHandler;
use crate::route::iq::{IqEntry, IqKey, Stranger};
use crate::route::service::ServiceAddress;
use crate::route::taken::Taken;
use crate::session::event::SessionHandler;
use crate::session::outlet::WriteHook;
use crate::{Account, BoxFuture, Identity, Kernel, SessionEventKind, Stage, Target};

pub(crate) type AtBind =
    Arc<dyn for<'a> Fn(&'a Kernel, &'a Account) -> BoxFuture<'a, Result<(), StorageError>> + Send + Sync>;

/// The hooks of one module, in the order of their registration.
pub(crate) type Hooks = Box<[(Stage, Arc<Entry>)]>;

/// What is announced about a target (XEP-0030).
#[derive(Default)]
pub(crate) struct Announced {
    pub features: Vec<Box<str>>,
    pub identities: Vec<Identity>,
    pub items: Vec<DiscoItem>,
}

/// Everything but the hooks; shared by the tables that follow each other while nothing of it changes.
#[derive(Default)]
pub(crate) struct Registered {
    pub iq: HashMap<IqKey, IqEntry>,
    pub strangers: HashMap<IqKey, Stranger>,
    pub early: HashMap<IqKey, (Arc<str>, EarlyHandler)>,
    pub targets: HashMap<Target, Announced>,
    pub login_features: Vec<Element>,
    pub bind_features: Vec<Element>,
    pub session_handlers: [Vec<SessionHandler>; SessionEventKind::COUNT],
    pub creations: Vec<AccountHandler>,
    pub deletions: Vec<AccountHandler>,
    pub roster_changes: Vec<RosterHandler>,
    pub jobs: Vec<Arc<Job>>,
    pub at_bind: Vec<AtBind>,
    pub writers: Vec<WriteHook>,
    pub services: Vec<Arc<ServiceAddress>>,
    pub taken: Vec<Taken>,
}

impl Registered {
    pub fn target(&mut self, target: Target) -> &mut Announced {
        self.targets.entry(target).or_default()
    }

    /// Brings the features in the order in which they are shown, each once.
    pub fn sort(&mut self) {
        for announced in self.targets.values_mut() {
            announced.features.sort_unstable();
            announced.features.dedup();
        }
    }
}
