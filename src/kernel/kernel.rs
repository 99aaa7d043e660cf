//! The hub: hosts, accounts, sessions, and the handler tables in force.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use arc_swap::ArcSwap;
use hashbrown::HashMap;
use parking_lot::Mutex;
use runtime::Runtime;
use storage::{AccountRecord, StorageError, Store};
use xmpp::{Jid, Stanza};

use crate::account::stored::Stored;
use crate::route::request::Pending;
use crate::session::Session;
use crate::session::directory::Sessions;
use crate::{
    Account, BoxFuture, Counters, Destination, Host, HostTable, Origin, Packet, Roster, Screen, Tables,
    log_failure,
};

/// How long an account stays in memory after its last use.
const REMEMBER_US: i64 = 300_000_000;

/// What the kernel is built from.
pub struct KernelOptions {
    /// Clock, randomness, tasks.
    pub runtime: Runtime,
    /// The store of accounts, rosters and messages.
    pub store: Store,
}

/// The hub that all features use.
pub struct Kernel {
    runtime: Runtime,
    store: Store,
    pub(crate) tables: ArcSwap<Tables>,
    /// Held while tables are built and published. The value is the index of the next host.
    pub(crate) publishing: tokio::sync::Mutex<usize>,
    pub(crate) sessions: Sessions,
    /// Seconds; 0: none.
    pub(crate) peer_limit: AtomicU32,
    pub(crate) pending: Pending,
    pub(crate) rosters: Stored<Roster>,
    pub(crate) default_lists: Stored<Option<Arc<Screen>>>,
    counters: Counters,
    /// When the kernel was created, monotonic.
    since: Duration,
    pub(crate) resumable: Mutex<HashMap<u128, Arc<Session>>>,
}

impl Kernel {
    /// A kernel without hosts. Its own jobs run until shutdown begins.
    pub fn new(options: KernelOptions) -> Arc<Self> {
        let since = options.runtime.clock.monotonic();
        let kernel = Arc::new(Self {
            runtime: options.runtime,
            store: options.store,
            tables: ArcSwap::from_pointee(Tables::empty()),
            publishing: tokio::sync::Mutex::new(0),
            sessions: Sessions::default(),
            peer_limit: AtomicU32::new(0),
            pending: Pending::default(),
            rosters: crate::account::roster::state(),
            default_lists: crate::account::lists::state(),
            counters: Counters::default(),
            since,
            resumable: Mutex::default(),
        });
        kernel.runtime.tasks.spawn("kernel jobs", crate::session::directory::jobs(kernel.clone()));
        kernel
    }

    /// Clock, randomness, tasks.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    pub fn uptime(&self) -> Duration {
        self.runtime.clock.monotonic().saturating_sub(self.since)
    }

    /// UTC, microseconds.
    pub fn now_us(&self) -> i64 {
        self.runtime.clock.now_us()
    }

    /// Microseconds by the monotonic clock, for what takes its time: an administrator who sets the wall clock neither shortens
    /// nor prolongs it.
    pub(crate) fn monotonic_us(&self) -> i64 {
        i64::try_from(self.runtime.clock.monotonic().as_micros()).unwrap_or(i64::MAX)
    }

    /// The served domain of this name (a U-label).
    pub fn host(&self, domain: &str) -> Option<Arc<Host>> {
        match self.tables.load().destination(domain) {
            Some(Destination::Host(host)) => Some(host.clone()),
            _ => None,
        }
    }

    /// All served domains.
    pub fn hosts(&self) -> Vec<Arc<Host>> {
        self.tables.load().addresses.hosts().cloned().collect()
    }

    /// The tables in force.
    pub fn tables(&self) -> Arc<Tables> {
        self.tables.load_full()
    }

    /// The tables in force of one host.
    pub fn table(&self, host: &Host) -> Option<Arc<HostTable>> {
        self.tables.load().of(host).cloned()
    }

    /// The account of an address on this server; `None` if there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn account_of(self: &Arc<Self>, jid: &Jid) -> Result<Option<Arc<Account>>, StorageError> {
        match (self.host(jid.domain()), jid.local()) {
            (Some(host), Some(local)) => self.account(&host, local).await,
            _ => Ok(None),
        }
    }

    /// The account of a local user: from memory, else from the store. An account known only to another of the
    /// domain's auth providers gets its row now. A negative result is cached for a minute.
    ///
    /// # Errors
    /// The store or a provider failed.
    pub async fn account(
        self: &Arc<Self>,
        host: &Arc<Host>,
        local: &str,
    ) -> Result<Option<Arc<Account>>, StorageError> {
        self.find(host, local, None).await
    }

    /// The account of a local user whose password another auth provider has just verified: as [`account`](Self::account),
    /// but the provider is not asked again whether it exists. `None` if the domain is closed.
    ///
    /// # Errors
    /// The store failed.
    pub async fn adopt(
        self: &Arc<Self>,
        host: &Arc<Host>,
        local: &str,
        provider: &str,
    ) -> Result<Option<Arc<Account>>, StorageError> {
        self.find(host, local, Some(provider)).await
    }

    async fn find(
        self: &Arc<Self>,
        host: &Arc<Host>,
        local: &str,
        provider: Option<&str>,
    ) -> Result<Option<Arc<Account>>, StorageError> {
        loop {
            let now_us = self.monotonic_us();
            if let Some(account) = host.accounts.get(local) {
                account.touch(now_us);
                return Ok(Some(account));
            }
            let Some(seen) = host.accounts.seen(local, now_us) else {
                if provider.is_none() {
                    return Ok(None);
                }
                host.accounts.forget_absent(local); // it exists since
                continue;
            };
            let Ok(jid) = Jid::from_parts(Some(local), host.name(), None) else { return Ok(None) };
            let Some(found) = self.record(host, local, provider).await? else {
                host.accounts.put_absent(local, seen, now_us);
                return Ok(None);
            };
            let account = Arc::new(Account::new(found.account.id, jid, host.clone()));
            self.preset_default_list(&account, found.default_list).await?;
            account.touch(now_us);
            if let Some(account) = host.accounts.insert(local, account, seen) {
                return Ok(Some(account));
            }
        }
    }

    /// The account's row. It is created on first use of an account that another provider has, either `provider`, or the one that
    /// says so now.
    async fn record(
        self: &Arc<Self>,
        host: &Arc<Host>,
        local: &str,
        provider: Option<&str>,
    ) -> Result<Option<AccountRecord>, StorageError> {
        let accounts = self.store.accounts();
        if let Some(found) = accounts.load(host.name(), local).await? {
            return Ok(Some(found));
        }
        if !host.is_enabled() {
            return Ok(None); // its accounts may be on their way out
        }
        let options = host.options();
        let provider = match provider {
            Some(provider) => Some(provider),
            None => options.auth.exists_elsewhere(host.name(), local).await.map_err(|error| {
                if !error.temporary {
                    tracing::error!(%error, "cannot look up an account");
                }
                StorageError::Unreachable(error.to_string())
            })?,
        };
        let Some(provider) = provider else { return Ok(None) };
        self.create_elsewhere(host.clone(), local.to_owned(), provider.to_owned()).await?;
        accounts.load(host.name(), local).await
    }

    /// A task of its own, so that features hear of the account even if whoever asked for it is gone.
    fn create_elsewhere(
        self: &Arc<Self>,
        host: Arc<Host>,
        local: String,
        provider: String,
    ) -> BoxFuture<'static, Result<(), StorageError>> {
        let (kernel, tasks) = (self.clone(), self.runtime().tasks.clone());
        let create = async move {
            let accounts = kernel.store.accounts();
            match accounts.adopt(host.name(), &local, &provider, kernel.now_us()).await? {
                true => kernel.account_made(&host, &local).await,
                false => Ok(()),
            }
        };
        let create: BoxFuture<'static, _> = Box::pin(create);
        Box::pin(async move { tasks.spawn("account", create).await.unwrap_or(Err(StorageError::Closed)) })
    }

    /// Preloads, while a session is bound, what is later read without waiting: the roster, and what modules
    /// have registered. What cannot be read now is read when it is needed.
    pub(crate) async fn load_at_bind(&self, account: &Account) {
        let mut read = self.roster(account).await.map(drop);
        if let Some(table) = self.table(account.host()) {
            for load in &table.registered.at_bind {
                read = read.and(load(self, account).await);
            }
        }
        if let Err(error) = read {
            log_failure(&error, "cannot read an account's data at bind");
        }
    }

    /// The account of a local bare JID if it is in memory, as it always is while it has sessions.
    pub fn account_in_use(&self, jid: &Jid) -> Option<Arc<Account>> {
        self.host(jid.domain())?.accounts.get(jid.local()?)
    }

    pub(crate) fn forget_idle_accounts(&self) {
        let before = self.monotonic_us() - REMEMBER_US;
        self.hosts().iter().for_each(|host| host.accounts.sweep(before));
    }

    /// Sends a stanza of the server's own, from step 4 (the router). Its `from` is set already.
    pub async fn send(self: &Arc<Self>, origin: Origin, stanza: Stanza) {
        if let Some(packet) = self.own_packet(origin, stanza) {
            self.route(packet).await;
        }
    }

    /// A stanza of the server's own at the start of its way; `None` if its host is gone.
    pub(crate) fn own_packet(&self, origin: Origin, stanza: Stanza) -> Option<Box<Packet>> {
        let host = origin.host().cloned()?;
        let mut packet = Packet::new(stanza, origin, host, self.tables());
        packet.notes.received_us = self.now_us();
        packet.begins();
        Some(packet)
    }
}
