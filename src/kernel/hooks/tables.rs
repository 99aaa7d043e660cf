//! Hook and IQ tables of all hosts, and the address map: immutable, published together.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use storage::StorageError;
use tokio::sync::watch;
use xmpp::Element;

use crate::account::events::{AccountHandler, RosterHandler};
use crate::hooks::job::Job;
use crate::hooks::registrar::DiscoItem;
use crate::hooks::stage::{Entry, StageTable};
use crate::route::address::Addresses;
use crate::route::early::EarlyHandler;
use crate::route::iq::{IqEntry, IqKey, Stranger};
use crate::route::service::ServiceAddress;
use crate::route::taken::Taken;
use crate::session::event::SessionHandler;
use crate::session::outlet::WriteHook;
use crate::{
    Account, BoxFuture, Counters, Destination, Host, HostOptions, Identity, Kernel, Module, Registrar,
    SessionEventKind, Stage, Target,
};

/// How long to wait for replaced tables to be released.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) type AtBind =
    Arc<dyn for<'a> Fn(&'a Kernel, &'a Account) -> BoxFuture<'a, Result<(), StorageError>> + Send + Sync>;

/// What is announced about a target (XEP-0030).
#[derive(Default)]
pub(crate) struct Announced {
    pub features: Vec<Box<str>>,
    pub identities: Vec<Identity>,
    pub items: Vec<DiscoItem>,
}

/// Everything registered on one host.
#[derive(Default)]
pub struct HostTable {
    pub(crate) stages: [StageTable; Stage::COUNT],
    pub(crate) iq: HashMap<IqKey, IqEntry>,
    pub(crate) strangers: HashMap<IqKey, Stranger>,
    pub(crate) early: HashMap<IqKey, (Arc<str>, EarlyHandler)>,
    pub(crate) targets: HashMap<Target, Announced>,
    pub(crate) login_features: Vec<Element>,
    pub(crate) bind_features: Vec<Element>,
    pub(crate) session_handlers: [Vec<SessionHandler>; SessionEventKind::COUNT],
    pub(crate) creations: Vec<AccountHandler>,
    pub(crate) deletions: Vec<AccountHandler>,
    pub(crate) roster_changes: Vec<RosterHandler>,
    pub(crate) jobs: Vec<Arc<Job>>,
    pub(crate) at_bind: Vec<AtBind>,
    pub(crate) writers: Vec<WriteHook>,
    pub(crate) services: Vec<Arc<ServiceAddress>>,
    pub(crate) taken: Vec<Taken>,
    modules: Vec<Arc<dyn Module>>,
}

impl HostTable {
    /// Lets every module register, in order: plugins first, as they run before built-in modules of the same
    /// order.
    pub(crate) fn build(
        host: &Arc<Host>,
        options: &HostOptions,
        counters: &Counters,
        modules: Vec<Arc<dyn Module>>,
    ) -> Self {
        let mut table = Self::default();
        let mut entries: [Vec<Entry>; Stage::COUNT] = Default::default();
        for module in &modules {
            let owner = module.about().name;
            let (table, entries) = (&mut table, &mut entries);
            let mut registrar = Registrar { table, entries, host, options, counters, owner };
            module.clone().register(&mut registrar);
        }
        table.stages = entries.map(StageTable::new);
        for announced in table.targets.values_mut() {
            announced.features.sort_unstable();
            announced.features.dedup();
        }
        table.modules = modules;
        table
    }

    pub(crate) fn target(&mut self, target: Target) -> &mut Announced {
        self.targets.entry(target).or_default()
    }

    pub fn stage(&self, stage: Stage) -> &StageTable {
        &self.stages[stage as usize]
    }

    /// Disco features of a target, sorted.
    pub fn features(&self, target: &Target) -> &[Box<str>] {
        self.targets.get(target).map(|announced| &*announced.features).unwrap_or_default()
    }

    /// Disco identities of a target.
    pub fn identities(&self, target: &Target) -> &[Identity] {
        self.targets.get(target).map(|announced| &*announced.identities).unwrap_or_default()
    }

    /// Disco items of a target.
    pub fn items(&self, target: &Target) -> &[DiscoItem] {
        self.targets.get(target).map(|announced| &*announced.items).unwrap_or_default()
    }

    /// What modules add to the stream features before authentication.
    pub fn login_features(&self) -> &[Element] {
        &self.login_features
    }

    /// What modules add to the stream features after authentication.
    pub fn bind_features(&self) -> &[Element] {
        &self.bind_features
    }

    /// The enabled modules, in order.
    pub fn modules(&self) -> &[Arc<dyn Module>] {
        &self.modules
    }
}

/// The tables of all hosts. A stanza takes one reference when it enters and keeps it to its end, so that a
/// single version of each module and plugin sees it; after publishing new tables, the caller can wait until
/// the old ones are released.
pub struct Tables {
    hosts: Vec<Option<Arc<HostTable>>>,
    pub(crate) addresses: Addresses,
    gone: watch::Sender<()>,
}

impl Tables {
    pub(crate) fn empty() -> Self {
        Self::of_hosts(Vec::new(), Addresses::default())
    }

    fn of_hosts(hosts: Vec<Option<Arc<HostTable>>>, addresses: Addresses) -> Self {
        Self { hosts, addresses, gone: watch::channel(()).0 }
    }

    /// A copy in which the given hosts have other tables (or `None`), with this address map.
    pub(crate) fn with(&self, changes: Vec<(usize, Option<Arc<HostTable>>)>, addresses: Addresses) -> Self {
        let mut hosts = self.hosts.clone();
        for (index, table) in changes {
            if hosts.len() <= index {
                hosts.resize(index + 1, None);
            }
            if let Some(place) = hosts.get_mut(index) {
                *place = table;
            }
        }
        Self::of_hosts(hosts, addresses)
    }

    /// The tables of a host; `None` if it was removed or is not served.
    pub fn of(&self, host: &Host) -> Option<&Arc<HostTable>> {
        self.hosts.get(host.index()).and_then(Option::as_ref)
    }

    /// The destination of a domain (U-labels): a host, a service or a link.
    pub fn destination(&self, domain: &str) -> Option<&Destination> {
        self.addresses.destination(domain)
    }
}

/// Replaced tables that stanzas in progress may still hold.
pub struct Farewell(watch::Receiver<()>);

impl Farewell {
    /// Must be created before the tables are released.
    pub(crate) fn of(tables: &Tables) -> Self {
        Self(tables.gone.subscribe())
    }

    /// Returns once no stanza holds the tables any more, so that nothing they held is still called; `false`
    /// on timeout.
    pub async fn gone(mut self) -> bool {
        tokio::time::timeout(PATIENCE, async { while self.0.changed().await.is_ok() {} }).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Kernel::serve` relies on this: a stanza in progress keeps the tables it took first.
    #[test]
    fn tables_are_gone_with_their_last_holder() {
        let tables = Arc::new(Tables::empty());
        let Farewell(gone) = Farewell::of(&tables);
        let stanza = tables.clone();
        drop(tables);
        assert!(gone.has_changed().is_ok(), "a stanza still holds them");
        drop(stanza);
        assert!(gone.has_changed().is_err(), "nobody holds them");
    }
}
