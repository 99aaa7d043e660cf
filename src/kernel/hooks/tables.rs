//! Hook and IQ tables of all hosts, and the address map: immutable, published together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use xmpp::Element;

use crate::hooks::registered::{Hooks, Registered};
use crate::hooks::registrar::Site;
use crate::hooks::stage::{Entry, StageTable};
use crate::route::address::Addresses;
use crate::route::taken::Taken;
use crate::{Announced, Counters, Destination, Host, Module, Registrar, Served, Stage, Target};

/// How long to wait for replaced tables to be released.
const PATIENCE: Duration = Duration::from_secs(30);

/// What tells modules apart.
fn address(module: &Arc<dyn Module>) -> *const () {
    Arc::as_ptr(module).cast()
}

/// What one module has registered on a host.
struct Part {
    module: Arc<dyn Module>,
    hooks: Hooks,
    /// Whether that is all.
    only_hooks: bool,
}

impl Part {
    fn new(module: &Arc<dyn Module>, site: Site<'_>, registered: &mut Registered) -> Self {
        let mut registrar = Registrar::new(site, module.about().name, registered);
        module.clone().register(&mut registrar);
        let (hooks, only_hooks) = registrar.done();
        Self { module: module.clone(), hooks, only_hooks }
    }
}

/// Everything registered on one host.
pub struct HostTable {
    stages: [StageTable; Stage::COUNT],
    /// All but the hooks.
    pub(crate) registered: Arc<Registered>,
    parts: Vec<Arc<Part>>,
}

impl HostTable {
    /// Lets every module register, in order: plugins first, as they run before built-in modules of the same
    /// order. `before`: the host's present table, if its options are the same.
    pub(crate) fn build(
        site: Site<'_>,
        modules: &[Arc<dyn Module>],
        before: Option<&Arc<Self>>,
    ) -> Arc<Self> {
        let is_same = |before: &&Arc<Self>| {
            let present = before.parts.iter().map(|part| address(&part.module));
            present.eq(modules.iter().map(address))
        };
        if let Some(table) = before.filter(is_same) {
            return table.clone();
        }
        if let Some(table) = before.and_then(|before| before.with(site, modules)) {
            return Arc::new(table);
        }
        let mut registered = Registered::default();
        let parts = modules.iter().map(|module| Part::new(module, site, &mut registered).into()).collect();
        registered.complete();
        Arc::new(Self::of(Arc::new(registered), parts))
    }

    /// The same table with other modules, as long as those that come and go have hooks only: with hundreds of domains, a plugin is
    /// replaced without building everything anew.
    fn with(&self, site: Site<'_>, modules: &[Arc<dyn Module>]) -> Option<Self> {
        let mut beside = Registered::default();
        let part = |(index, module): (usize, &Arc<dyn Module>)| {
            let is_it = |part: &&Arc<Part>| Arc::ptr_eq(&part.module, module);
            // Most have stayed where they were.
            let kept = self.parts.get(index).filter(is_it).or_else(|| self.parts.iter().find(is_it));
            kept.cloned().unwrap_or_else(|| Part::new(module, site, &mut beside).into())
        };
        let parts: Vec<Arc<Part>> = modules.iter().enumerate().map(part).collect();
        fn others(parts: &[Arc<Part>]) -> impl Iterator<Item = *const ()> {
            parts.iter().filter(|part| !part.only_hooks).map(|part| address(&part.module))
        }
        others(&self.parts).eq(others(&parts)).then(|| Self::of(self.registered.clone(), parts))
    }

    fn of(registered: Arc<Registered>, parts: Vec<Arc<Part>>) -> Self {
        let mut entries: [Vec<Arc<Entry>>; Stage::COUNT] = Default::default();
        for (stage, entry) in parts.iter().flat_map(|part| &part.hooks) {
            entries[*stage as usize].push(entry.clone());
        }
        Self { stages: entries.map(StageTable::new), registered, parts }
    }

    pub fn stage(&self, stage: Stage) -> &StageTable {
        &self.stages[stage as usize]
    }

    /// What is announced about a target (XEP-0030), its features sorted; `None` if nothing is.
    pub fn announced(&self, target: &Target) -> Option<Arc<Announced>> {
        self.registered.targets.get(target).cloned()
    }

    /// Disco features of a target, sorted.
    pub fn features(&self, target: &Target) -> &[Box<str>] {
        self.registered.targets.get(target).map(|announced| &*announced.features).unwrap_or_default()
    }

    /// What modules add to the stream features before authentication.
    pub fn login_features(&self) -> &[Element] {
        &self.registered.login_features
    }

    /// What modules add to the stream features after authentication.
    pub fn bind_features(&self) -> &[Element] {
        &self.registered.bind_features
    }
}

/// What two of a domain's modules both claim, so that it could not be served with them.
pub fn conflicts(served: &Served) -> Vec<Taken> {
    let host = Arc::new(Host::new(0, served.jid.clone(), served.options.clone()));
    let site = Site { host: &host, options: &served.options, counters: &Counters::default() };
    let mut registered = Registered::default();
    for module in &served.modules {
        drop(Part::new(module, site, &mut registered));
    }
    registered.taken
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
    use crate::{About, Counters, Interest, Order, Verdict};

    /// A module with a hook, and with a feature if it has one.
    struct Named(&'static str, Option<&'static str>);

    impl Module for Named {
        fn about(&self) -> About {
            About { name: self.0.into(), specifications: Vec::new() }
        }

        fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
            registrar.hook(Stage::Send, Order::Normal, Interest::all(), |_, _| Verdict::Continue);
            self.1.iter().for_each(|feature| registrar.feature(Target::Host, feature));
        }
    }

    fn module(name: &'static str, feature: Option<&'static str>) -> Arc<dyn Module> {
        Arc::new(Named(name, feature))
    }

    /// The table of a host with these modules, after another one.
    fn table(
        host: &Arc<Host>,
        modules: &[&Arc<dyn Module>],
        before: Option<&Arc<HostTable>>,
    ) -> Arc<HostTable> {
        let site = Site { host, options: &host.options(), counters: &Counters::default() };
        let modules: Vec<_> = modules.iter().map(|module| (*module).clone()).collect();
        HostTable::build(site, &modules, before)
    }

    fn hooks(table: &HostTable) -> Vec<String> {
        let entries = (0..).map_while(|index| table.stage(Stage::Send).get(index));
        entries.map(|entry| entry.by.to_string()).collect()
    }

    #[test]
    fn a_module_that_has_only_hooks_is_replaced_in_its_place() {
        let host = Host::for_tests();
        let (plugin, next) = (module("plugin", None), module("next", None));
        let (other, disco) = (module("other", None), module("disco", Some("urn:example:a")));
        let first = table(&host, &[&plugin, &other, &disco], None);
        assert_eq!(hooks(&first), ["plugin", "other", "disco"]);
        let second = table(&host, &[&next, &other, &disco], Some(&first));
        assert_eq!(hooks(&second), ["next", "other", "disco"]);
        assert!(Arc::ptr_eq(&first.registered, &second.registered));
        let third = table(&host, &[&other, &disco], Some(&second));
        assert_eq!(hooks(&third), ["other", "disco"]);
        assert!(Arc::ptr_eq(&first.registered, &third.registered));
        assert!(Arc::ptr_eq(&third, &table(&host, &[&other, &disco], Some(&third))), "nothing has changed");
    }

    #[test]
    fn a_module_that_has_more_is_registered_with_all_others() {
        let host = Host::for_tests();
        let (plugin, disco) = (module("plugin", None), module("disco", Some("urn:example:a")));
        let more = module("more", Some("urn:example:b"));
        let first = table(&host, &[&plugin, &disco], None);
        let second = table(&host, &[&plugin, &more, &disco], Some(&first));
        assert_eq!(second.features(&Target::Host), ["urn:example:a".into(), "urn:example:b".into()]);
        let third = table(&host, &[&plugin, &more], Some(&second));
        assert_eq!(third.features(&Target::Host), ["urn:example:b".into()]);
        assert_eq!(hooks(&third), ["plugin", "more"]);
        let exchanged = table(&host, &[&disco, &more], Some(&second));
        assert!(!Arc::ptr_eq(&exchanged.registered, &second.registered), "they register in another order");
    }

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
