//! Statistics of statements and of the writer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use runtime::{Counter, Gauge};

use crate::statement::Statement;

/// Slower statements are logged.
pub(crate) const SLOW: Duration = Duration::from_millis(100);

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
    /// Total time of all calls, including waiting for the database's thread.
    pub total: Duration,
    /// The slowest call.
    pub max: Duration,
}

/// Statistics of the batching writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterStat {
    /// Writes queued or running.
    pub queued: i64,
    /// Writes taken since the store was opened.
    pub writes: u64,
    /// Transactions they were grouped into.
    pub batches: u64,
    /// Batches that ran a second time, write by write, since one of their writes failed.
    pub reruns: u64,
    /// Reads and writes refused since the database was away.
    pub refused: u64,
    /// Writes refused since too many waited, or since they had waited for longer than the deadline.
    pub overloaded: u64,
}

/// The cost of one statement, counted.
#[derive(Default)]
pub(crate) struct Cell {
    calls: AtomicU64,
    failures: AtomicU64,
    rows: AtomicU64,
    total_us: AtomicU64,
    max_us: AtomicU64,
}

impl Cell {
    /// Adds a call; `rows` is `None` if it failed.
    pub(crate) fn record(&self, took: Duration, rows: Option<u64>) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.total_us.fetch_add(us, Ordering::Relaxed);
        self.max_us.fetch_max(us, Ordering::Relaxed);
        match rows {
            Some(rows) => self.rows.fetch_add(rows, Ordering::Relaxed),
            None => self.failures.fetch_add(1, Ordering::Relaxed),
        };
    }

    /// What has been counted so far, under a name.
    pub(crate) fn stat<N>(&self, name: N) -> Counted<N> {
        Counted {
            name,
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
            total: Duration::from_micros(self.total_us.load(Ordering::Relaxed)),
            max: Duration::from_micros(self.max_us.load(Ordering::Relaxed)),
        }
    }
}

/// One cell per statement; the writer's counters.
pub(crate) struct Stats {
    cells: Box<[Cell]>,
    pub(crate) writer_queue: Gauge,
    pub(crate) writes: Counter,
    pub(crate) batches: Counter,
    pub(crate) reruns: Counter,
    pub(crate) refused: Counter,
    pub(crate) overloaded: Counter,
}

impl Stats {
    pub(crate) fn new() -> Self {
        Self {
            cells: Statement::ALL.iter().map(|_| Cell::default()).collect(),
            writer_queue: Gauge::new(),
            writes: Counter::new(),
            batches: Counter::new(),
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
        WriterStat {
            queued: self.writer_queue.get(),
            writes: self.writes.get(),
            batches: self.batches.get(),
            reruns: self.reruns.get(),
            refused: self.refused.get(),
            overloaded: self.overloaded.get(),
        }
    }
}
