//! Whether the database answers. While it does not, what needs it fails at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use runtime::{SharedRandom, Tasks};

use crate::StorageError;
use crate::connection::{Connection, Meter};
use crate::role::Role;
use crate::statement::Statement;
use crate::target::Target;

/// The pause before the first look whether it is back, and the longest between two.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

/// An outage that follows another one within this time is looked at later each time, so that a database which
/// accepts what the probe writes and nothing else does not fill the log.
const SETTLED: Duration = Duration::from_secs(60);
const LATEST: Duration = Duration::from_secs(30);

/// Between two log lines about writes that failed for themselves.
const QUIET: Duration = Duration::from_secs(10);

/// What the probe writes: more than would fit into room that is left by chance.
const PROBE: &str = "storage.probe";
const PROBE_BYTES: usize = 65_536;

/// Shared by everything that uses the database.
pub(crate) struct Health {
    target: Arc<Target>,
    meter: Meter,
    random: SharedRandom,
    /// Neither read nor written.
    away: AtomicBool,
    /// Not written: a full disk can still be read.
    unwritable: AtomicBool,
    /// Grows with every recovery: older connections may lead to a server that has been replaced.
    generation: AtomicU64,
    state: Mutex<State>,
}

struct State {
    /// A probe is under way.
    probing: bool,
    closed: bool,
    /// When the outage began.
    since: Option<Duration>,
    /// When the last one was over, and the pause before it was looked at first.
    back: Option<(Duration, Duration)>,
    /// When a write that failed for itself was logged last.
    failed: Option<Duration>,
}

impl Health {
    pub fn new(target: Arc<Target>, meter: Meter, random: SharedRandom) -> Arc<Self> {
        Arc::new(Self {
            target,
            meter,
            random,
            away: AtomicBool::new(false),
            unwritable: AtomicBool::new(false),
            generation: AtomicU64::new(0),
            state: Mutex::new(State { probing: false, closed: false, since: None, back: None, failed: None }),
        })
    }

    /// # Errors
    /// [`StorageError::Away`]: the database does not answer.
    pub fn readable(&self) -> Result<(), StorageError> {
        self.refuses(&self.away, 1)
    }

    /// # Errors
    /// [`StorageError::Away`]: the database does not answer, or does not take writes.
    pub fn writable(&self, writes: usize) -> Result<(), StorageError> {
        self.refuses(&self.unwritable, writes)
    }

    fn refuses(&self, flag: &AtomicBool, calls: usize) -> Result<(), StorageError> {
        if flag.load(Ordering::Acquire) {
            self.meter.stats.refused.add(calls as u64);
            return Err(StorageError::Away);
        }
        Ok(())
    }

    /// Since when the database has been away; `None` while it answers.
    pub fn away_for(&self) -> Option<Duration> {
        let since = self.state.lock().since?;
        Some(self.meter.now().saturating_sub(since))
    }

    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// What an error of a statement says about the database; called when trying again was of no use. Returns whether that is
    /// logged, as is an outage, and what a look at the database says after the error.
    pub fn heed(self: &Arc<Self>, error: &StorageError) -> bool {
        match error {
            StorageError::Unreachable(_) | StorageError::Deadline(_) => {
                self.lost(error, true);
                true
            }
            StorageError::Io(_) => {
                self.suspect(error);
                true
            }
            _ => false,
        }
    }

    /// No more looks: the store is closed.
    pub fn close(&self) {
        self.state.lock().closed = true;
    }

    /// The database is away, or takes no writes.
    fn lost(self: &Arc<Self>, error: &StorageError, reads: bool) {
        let pause = {
            let mut state = self.state.lock();
            self.unwritable.store(true, Ordering::Release);
            self.away.fetch_or(reads, Ordering::AcqRel);
            if state.closed || state.since.is_some() {
                return;
            }
            let now = self.meter.now();
            state.since = Some(now);
            state.probing = true;
            let last = state.back.filter(|(at, _)| now.saturating_sub(*at) < SETTLED);
            let pause = last.map_or(PAUSE, |(_, pause)| LATEST.min(pause * 2));
            state.back = Some((now, pause));
            pause
        };
        if reads {
            tracing::error!(%error, "the database is away: until it is back, what needs it is refused");
        } else {
            tracing::error!(%error, "the database is away for writing: until it is back, what must be written is refused");
        }
        Tasks::new().spawn("storage probe", self.clone().wait(pause));
    }

    /// One write failed for want of room or permission: others may not.
    fn suspect(self: &Arc<Self>, error: &StorageError) {
        let mut state = self.state.lock();
        if state.probing || state.closed {
            return;
        }
        state.probing = true;
        drop(state);
        let (health, error) = (self.clone(), error.clone());
        Tasks::new().spawn("storage probe", async move {
            let probed = health.probe().await;
            health.state.lock().probing = false;
            match probed {
                Ok(()) => health.log_failed(&error),
                Err(error @ StorageError::Io(_)) => health.lost(&error, false),
                Err(error) => drop(health.heed(&error)),
            }
        });
    }

    /// A write has failed, others do not.
    fn log_failed(&self, error: &StorageError) {
        let now = self.meter.now();
        {
            let mut state = self.state.lock();
            if state.failed.is_some_and(|last| now.saturating_sub(last) < QUIET) {
                tracing::debug!(%error, "a write failed");
                return;
            }
            state.failed = Some(now);
        }
        tracing::warn!(%error, "a write failed, though the database takes others; more such lines only after ten seconds");
    }

    /// Looks again and again, until the database is back or the store closed.
    async fn wait(self: Arc<Self>, first: Duration) {
        let mut pause = first;
        loop {
            tokio::time::sleep(pause).await;
            if self.state.lock().closed {
                return;
            }
            if let Err(error) = self.probe().await {
                tracing::debug!(%error, "the database is still away");
                pause = first.max(LONGEST.min(pause * 2));
                continue;
            }
            return self.back(first);
        }
    }

    fn back(&self, pause: Duration) {
        let mut state = self.state.lock();
        let now = self.meter.now();
        let away = state.since.take().map_or(Duration::ZERO, |since| now.saturating_sub(since));
        state.probing = false;
        state.back = Some((now, pause));
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.away.store(false, Ordering::Release);
        self.unwritable.store(false, Ordering::Release);
        drop(state);
        tracing::info!(seconds = away.as_secs_f32(), "the database is back");
    }

    /// Writes a row on a connection of its own, and removes it: what commits then can be relied on.
    async fn probe(&self) -> Result<(), StorageError> {
        let mut connection = Connection::new(self.target.clone(), Role::Writer, self.meter.clone()).await?;
        // Not zeros: a database that compresses would hardly need room.
        let mut bytes = vec![0; PROBE_BYTES];
        self.random.fill(&mut bytes);
        connection.execute(Statement::SettingPut.with(&[PROBE.into(), bytes.as_slice().into()])).await?;
        connection.execute(Statement::SettingDelete.with(&[PROBE.into()])).await?;
        connection.close().await
    }
}
