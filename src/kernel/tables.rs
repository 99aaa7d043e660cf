//! Hook and IQ tables of all hosts: immutable, published as one.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use tokio::sync::watch;
use xmpp::Element;

use crate::hooks::{Entry, SessionHandler, StageTable};
use crate::iq::{IqHandler, IqKey};
use crate::{Account, BoxFuture, Host, Identity, Kernel, Module, Moment, Registrar, Stage};

pub(crate) type DeletionHandler =
    Arc<dyn for<'a> Fn(&'a Arc<Kernel>, &'a Arc<Account>) -> BoxFuture<'a, ()> + Send + Sync>;
pub(crate) type Job = Arc<dyn for<'a> Fn(&'a Arc<Kernel>) -> BoxFuture<'a, ()> + Send + Sync>;

/// Everything registered on one host.
#[derive(Default)]
pub struct HostTable {
    pub(crate) stages: [StageTable; Stage::COUNT],
    pub(crate) iq: HashMap<IqKey, IqHandler>,
    pub(crate) features: Vec<&'static str>,
    pub(crate) account_features: Vec<&'static str>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) stream_features: Vec<Element>,
    pub(crate) moments: [Vec<SessionHandler>; Moment::COUNT],
    pub(crate) deletions: Vec<DeletionHandler>,
    pub(crate) jobs: Vec<(Duration, Job)>,
    modules: Vec<Arc<dyn Module>>,
}

impl HostTable {
    /// Lets every module register, in order: plugins first, as they run before built-in modules of the same order.
    pub(crate) fn build(host: &Arc<Host>, modules: Vec<Arc<dyn Module>>) -> Self {
        let mut table = Self::default();
        let mut entries: [Vec<Entry>; Stage::COUNT] = Default::default();
        for module in &modules {
            let owner = module.about().name;
            let mut registrar = Registrar { table: &mut table, entries: &mut entries, host, owner };
            module.clone().register(&mut registrar);
        }
        table.stages = entries.map(StageTable::new);
        table.features.sort_unstable();
        table.features.dedup();
        table.account_features.sort_unstable();
        table.account_features.dedup();
        table.modules = modules;
        table
    }

    /// The handlers of a stage.
    pub fn stage(&self, stage: Stage) -> &StageTable {
        &self.stages[stage as usize]
    }

    /// Disco features of the host, sorted.
    pub fn features(&self) -> &[&'static str] {
        &self.features
    }

    /// Disco features of its accounts, sorted.
    pub fn account_features(&self) -> &[&'static str] {
        &self.account_features
    }

    /// Disco identities of the host.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// What modules add to the stream features after authentication.
    pub fn stream_features(&self) -> &[Element] {
        &self.stream_features
    }

    /// The modules that are on, in order.
    pub fn modules(&self) -> &[Arc<dyn Module>] {
        &self.modules
    }
}

/// The tables of all hosts. A stanza takes one reference when it enters and keeps it to its end, so that one
/// version of each module and plugin judges it; whoever publishes new tables can wait until the old are let go.
pub struct Tables {
    hosts: Vec<Option<Arc<HostTable>>>,
    gone: watch::Sender<()>,
}

impl Tables {
    pub(crate) fn empty() -> Self {
        Self { hosts: Vec::new(), gone: watch::channel(()).0 }
    }

    /// A copy in which the given hosts have other tables (or none).
    pub(crate) fn with(&self, changes: Vec<(usize, Option<Arc<HostTable>>)>) -> Self {
        let mut hosts = self.hosts.clone();
        for (index, table) in changes {
            if hosts.len() <= index {
                hosts.resize(index + 1, None);
            }
            hosts[index] = table;
        }
        Self { hosts, gone: watch::channel(()).0 }
    }

    /// The tables of a host; none when it was removed or is not served.
    pub fn of(&self, host: &Host) -> Option<&Arc<HostTable>> {
        self.hosts.get(host.index()).and_then(Option::as_ref)
    }

    /// Ends (with an error) when the last reference has been dropped.
    pub(crate) fn farewell(&self) -> watch::Receiver<()> {
        self.gone.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `Kernel::serve` waits for: a stanza under way keeps the tables that it took first.
    #[test]
    fn tables_are_gone_with_their_last_holder() {
        let tables = Arc::new(Tables::empty());
        let gone = tables.farewell();
        let stanza = tables.clone();
        drop(tables);
        assert!(gone.has_changed().is_ok(), "a stanza still holds them");
        drop(stanza);
        assert!(gone.has_changed().is_err(), "nobody holds them");
    }
}
