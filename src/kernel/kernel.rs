//! The hub: hosts, accounts and sessions, and the tables of handlers that are in force.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use hashbrown::HashMap;
use parking_lot::Mutex;
use runtime::Runtime;
use storage::{StorageError, Store};
use xmpp::{Jid, Stanza, StreamCondition, StreamError};

use crate::sessions::Sessions;
use crate::{Account, Counters, Host, HostOptions, HostTable, Module, Notes, Origin, Packet, Tables};

/// How long `publish` waits for stanzas that still hold the tables it replaced.
const FAREWELL: Duration = Duration::from_secs(30);
/// How long an account is remembered after its last use.
const REMEMBER_US: i64 = 300_000_000;

/// A domain as it is to be served.
pub struct Served {
    /// The domain.
    pub jid: Jid,
    /// What the configuration says of it.
    pub options: HostOptions,
    /// Its modules: plugins first, in their order.
    pub modules: Vec<Arc<dyn Module>>,
}

/// What the kernel is built from.
pub struct KernelOptions {
    /// Clock, randomness, tasks.
    pub runtime: Runtime,
    /// Where accounts, rosters and stored messages lie.
    pub store: Store,
}

/// The hub that every feature meets.
pub struct Kernel {
    runtime: Runtime,
    store: Store,
    hosts: ArcSwap<HashMap<Box<str>, Arc<Host>>>,
    pub(crate) tables: ArcSwap<Tables>,
    publishing: tokio::sync::Mutex<usize>,
    pub(crate) sessions: Sessions,
    counters: Counters,
    pub(crate) resumable: Mutex<HashMap<u128, Arc<crate::Session>>>,
}

impl Kernel {
    /// A kernel without hosts. Its own jobs run until the drain.
    pub fn new(options: KernelOptions) -> Arc<Self> {
        let kernel = Arc::new(Self {
            runtime: options.runtime,
            store: options.store,
            hosts: ArcSwap::default(),
            tables: ArcSwap::from_pointee(Tables::empty()),
            publishing: tokio::sync::Mutex::new(0),
            sessions: Sessions::default(),
            counters: Counters::default(),
            resumable: Mutex::default(),
        });
        kernel.runtime.tasks.spawn("kernel jobs", crate::sessions::jobs(kernel.clone()));
        kernel
    }

    /// Clock, randomness, tasks.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What has been counted.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// UTC, microseconds.
    pub fn now_us(&self) -> i64 {
        self.runtime.clock.now_us()
    }

    /// The served domain of this name (a U-label).
    pub fn host(&self, domain: &str) -> Option<Arc<Host>> {
        self.hosts.load().get(domain).cloned()
    }

    /// All served domains.
    pub fn hosts(&self) -> Vec<Arc<Host>> {
        self.hosts.load().values().cloned().collect()
    }

    /// The tables in force now.
    pub fn tables(&self) -> Arc<Tables> {
        self.tables.load_full()
    }

    /// The tables of one host in force now.
    pub fn table(&self, host: &Host) -> Option<Arc<HostTable>> {
        self.tables.load().of(host).cloned()
    }

    /// Serves domains, all published in one swap. Those that are served already get new options and modules; their
    /// sessions stay. Returns once no stanza holds the old tables any more, so that nothing is judged by a replaced
    /// plugin after its `reload` has returned; false if that took too long.
    pub async fn serve(&self, domains: Vec<Served>) -> bool {
        let mut next = self.publishing.lock().await;
        let mut tables = Vec::with_capacity(domains.len());
        let mut hosts = HashMap::clone(&self.hosts.load());
        for Served { jid, options, modules } in domains {
            let host = match hosts.get(jid.domain()) {
                Some(host) => {
                    host.set_options(options);
                    host.clone()
                }
                None => {
                    let host = Arc::new(Host::new(*next, jid.clone(), options));
                    *next += 1;
                    hosts.insert(jid.domain().into(), host.clone());
                    host
                }
            };
            tables.push((host.index(), Some(Arc::new(HostTable::build(&host, modules)))));
        }
        self.hosts.store(Arc::new(hosts));
        self.swap(tables, next).await
    }

    async fn swap(
        &self,
        changes: Vec<(usize, Option<Arc<HostTable>>)>,
        guard: tokio::sync::MutexGuard<'_, usize>,
    ) -> bool {
        let old = self.tables.load_full();
        let mut gone = old.farewell();
        self.tables.store(Arc::new(old.with(changes)));
        drop(old);
        drop(guard);
        tokio::time::timeout(FAREWELL, async { while gone.changed().await.is_ok() {} }).await.is_ok()
    }

    /// Stops serving a domain: nobody binds any more, its sessions end, then its tables and name go.
    pub async fn retire_host(self: &Arc<Self>, host: &Arc<Host>) {
        host.set_enabled(false);
        for account in host.accounts.all() {
            for session in account.sessions() {
                self.kick(&session, StreamError::new(StreamCondition::HostGone)).await;
            }
        }
        let guard = self.publishing.lock().await;
        self.hosts.rcu(|hosts| {
            let mut hosts = HashMap::clone(hosts);
            hosts.remove(host.name());
            hosts
        });
        self.swap(vec![(host.index(), None)], guard).await;
    }

    /// The account of a local user: from memory, else looked up in the store.
    pub async fn account(&self, host: &Arc<Host>, local: &str) -> Result<Option<Arc<Account>>, StorageError> {
        if let Some(account) = host.accounts.get(local) {
            account.touch(self.now_us());
            return Ok(Some(account));
        }
        let Ok(jid) = Jid::from_parts(Some(local), host.name(), None) else { return Ok(None) };
        loop {
            let seen = host.accounts.seen(local);
            let Some(found) = self.store.accounts().lookup(host.name(), local).await? else {
                return Ok(None);
            };
            let account = Arc::new(Account::new(found.id, jid.clone(), host.clone()));
            account.touch(self.now_us());
            if let Some(account) = host.accounts.insert(local, account, seen) {
                return Ok(Some(account));
            }
        }
    }

    /// The account of a local bare JID if it is in memory: always so while somebody is logged in to it.
    pub fn account_in_use(&self, jid: &Jid) -> Option<Arc<Account>> {
        self.host(jid.domain())?.accounts.get(jid.local()?)
    }

    pub(crate) fn forget_idle_accounts(&self) {
        let before = self.now_us() - REMEMBER_US;
        self.hosts().iter().for_each(|host| host.accounts.sweep(before));
    }

    /// Sends a stanza of the server's own on its way, from step 4 (the router). Its `from` is set already.
    pub async fn send(self: &Arc<Self>, host: &Arc<Host>, stanza: Stanza, notes: Notes) {
        let mut packet = Packet::new(stanza, Origin::Server, host.clone(), self.tables());
        packet.notes = notes;
        self.route(packet).await;
    }
}
