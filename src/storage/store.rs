//! The store: opened once, shared by reference count, entry point to the repositories.

use std::sync::Arc;
use std::time::Duration;

use runtime::{Runtime, SharedClock, Tasks};

use crate::account::Accounts;
use crate::common_hashes::CommonHashes;
use crate::connection::{Connection, Meter};
use crate::dialect::Dialect;
use crate::health::Health;
use crate::imported::Imports;
use crate::last_activity::LastActivities;
use crate::offline::Offline;
use crate::plugin_slot::PluginSlots;
use crate::plugin_value::PluginValues;
use crate::privacy::PrivacyLists;
use crate::private::PrivateXml;
use crate::purge::{AccountTables, account_tables};
use crate::readers::Readers;
use crate::role::Role;
use crate::roster::Rosters;
use crate::setting::Settings;
use crate::stat::{PoolStat, StatementStat, Stats, WriterStat};
use crate::target::Target;
use crate::vcard::VCards;
use crate::writer::{Commit, Queue, Run};
use crate::{AccountId, Options, StorageError, migration, writer};

/// How often it is looked whether the database is back.
const AGAIN: Duration = Duration::from_secs(1);

/// An open database. Cloned by reference count. When the last clone is dropped, queued writes are still
/// committed if the tokio runtime lives on; [`close`](Self::close) waits for that.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    queue: Queue,
    readers: Arc<Readers>,
    /// Connections that write.
    writers: usize,
    health: Arc<Health>,
    stats: Arc<Stats>,
    clock: SharedClock,
    account_tables: AccountTables,
    common_hashes: Arc<CommonHashes>,
}

impl Store {
    /// Opens the database, creates it if it is a file that does not exist, and migrates its schema.
    ///
    /// The writers' tasks are not of `runtime.tasks`: it outlives the drain, since sessions that end still
    /// write.
    ///
    /// # Errors
    /// [`StorageError::Unsupported`] for a URL that this build cannot open, `NewerSchema`, `Corrupt`,
    /// `Unreachable`, `Busy`.
    pub async fn open(options: Options, runtime: &Runtime) -> Result<Self, StorageError> {
        let target = Arc::new(Target::new(&options)?);
        target.create().await?;
        let stats = Arc::new(Stats::new());
        let meter = Meter { stats: stats.clone(), clock: runtime.clock.clone() };
        let connect = || Connection::new(target.clone(), Role::Writer, meter.clone());
        let mut first = connect().await?;
        migration::migrate(&mut first, runtime.clock.now_us()).await?;
        migration::whole(&mut first).await?;
        let account_tables = account_tables(&mut first).await?;
        let mut connections = vec![first];
        while target.dialect() != Dialect::Sqlite && connections.len() < options.writers {
            connections.push(connect().await?);
        }
        let health = Health::new(target.clone(), meter.clone(), runtime.random.clone());
        let readers = Readers::new(target, meter, health.clone(), options.readers).await?;
        let readers = Arc::new(readers);
        let writers = connections.len();
        let (queue, lanes) = writer::new(connections, &readers, &health, &options);
        for lane in lanes {
            Tasks::new().spawn("storage writer", lane.run());
        }
        let clock = runtime.clock.clone();
        let common_hashes = Arc::default();
        let inner = Inner { queue, readers, writers, health, stats, clock, account_tables, common_hashes };
        Ok(Self(Arc::new(inner)))
    }

    /// Checks whether the URL can be understood; no database is looked at.
    ///
    /// # Errors
    /// [`StorageError::Unsupported`].
    pub fn understands(options: &Options) -> Result<(), StorageError> {
        Target::new(options).map(drop)
    }

    /// Checks whether [`open`](Self::open) would accept the database, without changing anything. One that
    /// does not exist yet would be created.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn probe(options: &Options, runtime: &Runtime) -> Result<(), StorageError> {
        let target = Arc::new(Target::new(options)?);
        if target.is_new()? {
            return Ok(());
        }
        let meter = Meter { stats: Arc::new(Stats::new()), clock: runtime.clock.clone() };
        let mut connection = Connection::new(target, Role::Reader, meter).await?;
        let probed = migration::probe(&mut connection).await;
        // Nothing of it is needed any more.
        let _ = connection.close().await;
        probed
    }

    /// Commits queued writes, checkpoints into the main file and closes. Later calls on any clone return
    /// [`StorageError::Closed`]; closing again has no effect.
    ///
    /// # Errors
    /// The database was not closed cleanly; no acknowledged write is lost by that.
    pub async fn close(&self) -> Result<(), StorageError> {
        self.0.health.close();
        self.0.queue.close().await
    }

    /// For how long the database has been away; `None` while it answers and takes writes.
    pub fn away_for(&self) -> Option<Duration> {
        self.0.health.away_for()
    }

    /// Waits until it is worth trying again what failed for a while.
    pub async fn recovered(&self) {
        loop {
            tokio::time::sleep(AGAIN).await;
            if self.away_for().is_none() {
                return;
            }
        }
    }

    /// Accounts and their keys.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }

    pub fn roster(&self) -> Rosters<'_> {
        Rosters(self)
    }

    /// Messages for offline accounts.
    pub fn offline(&self) -> Offline<'_> {
        Offline(self)
    }

    pub fn private(&self) -> PrivateXml<'_> {
        PrivateXml(self)
    }

    pub fn vcards(&self) -> VCards<'_> {
        VCards(self)
    }

    /// When accounts were last online.
    pub fn last_activity(&self) -> LastActivities<'_> {
        LastActivities(self)
    }

    pub fn privacy(&self) -> PrivacyLists<'_> {
        PrivacyLists(self)
    }

    /// Values that plugins store for a domain.
    pub fn plugin_values(&self) -> PluginValues<'_> {
        PluginValues(self)
    }

    /// What plugins keep with accounts.
    pub fn plugin_slots(&self) -> PluginSlots<'_> {
        PluginSlots(self)
    }

    /// What importers compare and write.
    pub fn imports(&self) -> Imports<'_> {
        Imports(self)
    }

    /// Values of the server itself.
    pub fn settings(&self) -> Settings<'_> {
        Settings(self)
    }

    /// The cost of each statement since the store was opened; those that never ran are left out.
    pub fn statement_counts(&self) -> Vec<StatementStat> {
        self.0.stats.statements()
    }

    pub fn writer_stat(&self) -> WriterStat {
        self.0.stats.writer()
    }

    pub fn pool_stat(&self) -> PoolStat {
        let readers = &self.0.readers;
        PoolStat { readers: readers.count(), readers_busy: readers.busy(), writers: self.0.writers }
    }

    /// Queues a write to no account that exists, or to so many that their writes need no order with it.
    pub(crate) fn queue<D, T, E>(&self, data: D, run: Run<D, T, E>) -> Commit<T, E>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        self.0.queue.push(&[], data, run)
    }

    /// Queues a write to these accounts, after those that were queued for any of them.
    pub(crate) fn queue_for<D, T, E>(
        &self,
        accounts: &[AccountId],
        data: D,
        run: Run<D, T, E>,
    ) -> Commit<T, E>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        self.0.queue.push(accounts, data, run)
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    pub(crate) fn common_hashes(&self) -> &Arc<CommonHashes> {
        &self.0.common_hashes
    }

    pub(crate) fn monotonic(&self) -> Duration {
        self.0.clock.monotonic()
    }

    pub(crate) fn now_us(&self) -> i64 {
        self.0.clock.now_us()
    }

    pub(crate) fn account_tables(&self) -> AccountTables {
        self.0.account_tables.clone()
    }
}
