//! Statistics of statements and of the writer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use runtime::{Counter, Gauge};

use crate::statement::Statement;

/// Slower statements are logged.
pub(crate) const SLOW: Duration = Duration::from_millis(100);

/// The cost of one named statement since the store was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementStat {
    /// The statement's name, such as `roster.load`.
    pub name: &'static str,
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

#[derive(Default)]
struct Cell {
    calls: AtomicU64,
    failures: AtomicU64,
    rows: AtomicU64,
    total_us: AtomicU64,
    max_us: AtomicU64,
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
        let Some(cell) = self.cells.get(statement as usize) else { return };
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        cell.calls.fetch_add(1, Ordering::Relaxed);
        cell.total_us.fetch_add(us, Ordering::Relaxed);
        cell.max_us.fetch_max(us, Ordering::Relaxed);
        match rows {
            Some(rows) => cell.rows.fetch_add(rows, Ordering::Relaxed),
            None => cell.failures.fetch_add(1, Ordering::Relaxed),
        };
    }

    /// The statements that have run.
    pub(crate) fn statements(&self) -> Vec<StatementStat> {
        let all = Statement::ALL.iter().zip(&self.cells);
        let stats = all.map(|(statement, cell)| StatementStat {
            name: statement.definition().name,
            calls: cell.calls.load(Ordering::Relaxed),
            failures: cell.failures.load(Ordering::Relaxed),
            rows: cell.rows.load(Ordering::Relaxed),
            total: Duration::from_micros(cell.total_us.load(Ordering::Relaxed)),
            max: Duration::from_micros(cell.max_us.load(Ordering::Relaxed)),
        });
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
