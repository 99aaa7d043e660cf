//! What the modules of one host have registered.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use storage::StorageError;
use xmpp::Element;

use crate::account::events::{AccountHandler, RosterHandler};
use crate::account::lists::event::{ListHandler, ScreenHandler};
use crate::account::rewrite::RewriteHandler;
use crate::hooks::command::Command;
use crate::hooks::disco::NodeHandler;
use crate::hooks::job::Job;
use crate::hooks::stage::Entry;
use crate::route::early::EarlyHandler;
use crate::route::iq::{IqEntry, IqKey, Stranger};
use crate::route::service::ServiceAddress;
use crate::route::taken::Taken;
use crate::session::admission::GateHandler;
use crate::session::event::SessionHandler;
use crate::session::outlet::WriteHook;
use crate::session::presence::PresenceHandler;
use crate::{Account, Announced, BoxFuture, Kernel, SessionEventKind, Stage, Target};

pub(crate) type AtBind =
    Arc<dyn for<'a> Fn(&'a Kernel, &'a Account) -> BoxFuture<'a, Result<(), StorageError>> + Send + Sync>;

/// The hooks of one module, in the order of their registration.
pub(crate) type Hooks = Box<[(Stage, Arc<Entry>)]>;

/// Everything but the hooks; shared by the tables that follow each other while nothing of it changes.
#[derive(Default)]
pub(crate) struct Registered {
    pub iq: HashMap<IqKey, IqEntry>,
    pub strangers: HashMap<IqKey, Stranger>,
    pub early: HashMap<IqKey, (Arc<str>, EarlyHandler)>,
    pub targets: HashMap<Target, Arc<Announced>>,
    pub nodes: HashMap<Target, Vec<NodeHandler>>,
    /// By node, each with its owner.
    pub commands: BTreeMap<Arc<str>, (Arc<str>, Command)>,
    /// Announced while there are commands.
    pub command_features: Vec<(Target, Box<str>)>,
    pub login_features: Vec<Element>,
    pub bind_features: Vec<Element>,
    pub session_handlers: [Vec<SessionHandler>; SessionEventKind::COUNT],
    pub creations: Vec<AccountHandler>,
    pub deletions: Vec<AccountHandler>,
    pub roster_changes: Vec<RosterHandler>,
    pub rewrites: Vec<RewriteHandler>,
    pub list_changes: Vec<ListHandler>,
    pub screen_changes: Vec<ScreenHandler>,
    pub jobs: Vec<Arc<Job>>,
    pub at_bind: Vec<AtBind>,
    pub writers: Vec<WriteHook>,
    pub gates: Vec<(Arc<str>, GateHandler)>,
    pub presences: Vec<PresenceHandler>,
    pub services: Vec<Arc<ServiceAddress>>,
    pub taken: Vec<Taken>,
}

impl Registered {
    pub fn target(&mut self, target: Target) -> &mut Announced {
        Arc::make_mut(self.targets.entry(target).or_default())
    }

    /// Everything is registered. Adds the features that depend on it, and brings all into the order in which they are shown,
    /// each once.
    pub fn complete(&mut self) {
        for (target, feature) in std::mem::take(&mut self.command_features) {
            if !self.commands.is_empty() {
                self.target(target).features.push(feature);
            }
        }
        for announced in self.targets.values_mut().map(Arc::make_mut) {
            announced.features.sort_unstable();
            announced.features.dedup();
        }
    }
}
