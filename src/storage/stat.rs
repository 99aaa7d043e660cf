//! Statistics of statements and of the writer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use runtime::{Counter, Gauge, Histogram, HistogramState};

use crate::statement::Statement;

/// Slower statements are logged.
pub(crate) const SLOW: Duration = Duration::from_millis(100);

/// The ranges of a statement's time, in microseconds.
const TIMES: &[u64] =
    &[100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000];

/// The ranges of the number of writes in a transaction.
const WRITES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// The cost of one of the store's statements since it was opened; its name is such as `roster.load`.
pub type StatementStat = Counted<&'static str>;

/// The cost of one named statement, since its store or data source was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted<N> {
    /// The statement's name.
    pub name: N,
    /// How often it ran.
    pub calls: u64,
    /// How many of the calls failed.
    pub failures: u64,
    /// Rows returned, or changed if none are returned.
    pub rows: u64,
    /// Times of all calls in microseconds, including waiting for the database's thread.
    pub times: HistogramState,
    /// The slowest call.
    pub max: Duration,
}

/// Statistics of the batching writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterStat {
    /// Writes queued or running.
    pub queued: i64,
    /// Writes taken since the store was opened.
    pub writes: u64,
    /// Transactions they were grouped into.
    pub batches: u64,
    /// Writes by transaction.
    pub batch_writes: HistogramState,
    /// Batches that ran a second time, write by write, since one of their writes failed.
    pub reruns: u64,
    /// Reads and writes refused since the database was away.
    pub refused: u64,
    /// Writes refused since too many waited, or since they had waited for longer than the deadline.
    pub overloaded: u64,
}

impl<N> Counted<N> {
    /// The time of all calls together.
    pub fn total(&self) -> Duration {
        Duration::from_micros(self.times.sum)
    }
}

/// Connections to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStat {
    /// How many may read at a time.
    pub readers: usize,
    /// Reads that run or wait for a connection, up to that number.
    pub readers_busy: usize,
    /// Connections that write.
    pub writers: usize,
}

/// The cost of one statement, counted.
pub(crate) struct Cell {
    failures: AtomicU64,
    rows: AtomicU64,
    times_us: Histogram,
    max_us: AtomicU64,
}

impl Cell {
    pub(crate) fn new() -> Self {
        Self {
            failures: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            times_us: Histogram::new(TIMES),
            max_us: AtomicU64::new(0),
        }
    }

    /// Adds a call; `rows` is `None` if it failed.
    pub(crate) fn record(&self, took: Duration, rows: Option<u64>) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.times_us.record(us);
        self.max_us.fetch_max(us, Ordering::Relaxed);
        match rows {
            Some(rows) => self.rows.fetch_add(rows, Ordering::Relaxed),
            None => self.failures.fetch_add(1, Ordering::Relaxed),
        };
    }

    /// What has been counted so far, under a name.
    pub(crate) fn stat<N>(&self, name: N) -> Counted<N> {
        let times = self.times_us.state();
        Counted {
            name,
            calls: times.count(),
            failures: self.failures.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
            times,
            max: Duration::from_micros(self.max_us.load(Ordering::Relaxed)),
        }
    }
}

/// One cell per statement; the writer's counters.
pub(crate) struct Stats {
    cells: Box<[Cell]>,
    pub(crate) writer_queue: Gauge,
    pub(crate) writes: Counter,
    pub(crate) batches: Histogram,
    pub(crate) reruns: Counter,
    pub(crate) refused: Counter,
    pub(crate) overloaded: Counter,
}

impl Stats {
    pub(crate) fn new() -> Self {
        Self {
            cells: Statement::ALL.iter().map(|_| Cell::new()).collect(),
            writer_queue: Gauge::new(),
            writes: Counter::new(),
            batches: Histogram::new(WRITES),
            reruns: Counter::new(),
            refused: Counter::new(),
            overloaded: Counter::new(),
        }
    }

    /// Adds a call; `rows` is `None` if it failed.
    pub(crate) fn record(&self, statement: Statement, took: Duration, rows: Option<u64>) {
        if let Some(cell) = self.cells.get(statement as usize) {
            cell.record(took, rows);
        }
    }

    /// The statements that have run.
    pub(crate) fn statements(&self) -> Vec<StatementStat> {
        let all = Statement::ALL.iter().zip(&self.cells);
        let stats = all.map(|(statement, cell)| cell.stat(statement.definition().name));
        stats.filter(|stat| stat.calls > 0).collect()
    }

    pub(crate) fn writer(&self) -> WriterStat {
        let batch_writes = self.batches.state();
        WriterStat {
            queued: self.writer_queue.get(),
            writes: self.writes.get(),
            batches: batch_writes.count(),
            batch_writes,
            reruns: self.reruns.get(),
            refused: self.refused.get(),
            overloaded: self.overloaded.get(),
        }
    }
}
