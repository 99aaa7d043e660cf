//! The server's own database.

use admin::metrics::{Description, Family, Sample};
use storage::{StatementStat, Store};

use super::{by, counter, distribution, gauge, histogram, seconds};

const TIME: Description = seconds(histogram(
    "castling_storage_statement",
    "Time of each call of a named statement, including the wait for the database",
));
const ERRORS: Description =
    counter("castling_storage_statement_errors", "Calls of each statement that failed");
const ROWS: Description = counter(
    "castling_storage_statement_rows",
    "Rows that each statement has returned, or changed if it returns none",
);
const AWAY: Description =
    gauge("castling_storage_away", "1 while the database does not answer or cannot be written");
const QUEUE: Description =
    gauge("castling_storage_queue", "Writes that wait or run (storage.queue bounds it)");
const CONNECTIONS: Description =
    gauge("castling_storage_connections", "Connections that the server may use at a time, by what they do");
const BUSY: Description = gauge("castling_storage_readers_busy", "Connections for reading that are in use");
const BATCH: Description = histogram("castling_storage_batch_writes", "Writes in each transaction");
const RERUNS: Description = counter(
    "castling_storage_batch_reruns",
    "Transactions that ran again write by write, since one of their writes failed",
);
const REFUSED: Description =
    counter("castling_storage_refused", "Reads and writes refused while the database was away");
const OVERLOADED: Description = counter(
    "castling_storage_overloaded",
    "Writes refused since too many waited, or had waited for too long",
);

pub fn families(store: &Store) -> Vec<Family> {
    let (statements, writer, pools) = (store.statement_counts(), store.writer_stat(), store.pool_stat());
    let each = |value: fn(&StatementStat) -> Sample| {
        let sample = move |one: &StatementStat| value(one).label("statement", one.name);
        statements.iter().map(sample).collect::<Vec<_>>()
    };
    vec![
        TIME.with(each(|one| Sample::of(distribution(&one.times, 1e6)))),
        ERRORS.with(each(|one| Sample::of(one.failures))),
        ROWS.with(each(|one| Sample::of(one.rows))),
        AWAY.alone(u64::from(store.away_for().is_some())),
        QUEUE.alone(u64::try_from(writer.queued).unwrap_or(0)),
        by(CONNECTIONS, "use", [("read", pools.readers), ("write", pools.writers)]),
        BUSY.alone(pools.readers_busy),
        BATCH.alone(distribution(&writer.batch_writes, 1.0)),
        RERUNS.alone(writer.reruns),
        REFUSED.alone(writer.refused),
        OVERLOADED.alone(writer.overloaded),
    ]
}
