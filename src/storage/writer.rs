//! Writes: queued at the call, committed in batches, answered after the commit.
//!
//! A lane is a connection with a queue. SQLite has one. On a database server several lanes commit at the same time, and
//! the writes of an account keep their order: while one is in a lane, the next ones follow it there.

mod commit;
mod lane;
mod place;
mod queue;

use std::sync::Arc;

use tokio::sync::mpsc;

pub use commit::Commit;
pub(crate) use commit::Run;
pub(crate) use lane::Lane;
pub(crate) use queue::Queue;

use crate::connection::{Connection, Readers};

/// A queue, and the lanes that process it in batches of at most `batch`.
pub(crate) fn new(connections: Vec<Connection>, readers: &Arc<Readers>, batch: usize) -> (Queue, Vec<Lane>) {
    let stats = readers.meter.stats.clone();
    let (senders, receivers): (Vec<_>, Vec<_>) =
        connections.iter().map(|_| mpsc::unbounded_channel()).unzip();
    let queue = Queue::new(senders, stats);
    let lanes = connections.into_iter().zip(receivers);
    let lanes = lanes.map(|(connection, commands)| Lane::new(connection, readers.clone(), commands, batch));
    (queue, lanes.collect())
}
