//! Writes: queued at the call, committed in batches, answered after the commit.
//!
//! A lane is a connection with a queue. SQLite has one. On a database server several lanes commit at the same time, and
//! the writes of an account keep their order: while one is in a lane, the next ones follow it there.
//!
//! What waits is bounded, in number and in time; while the database is away, nothing is queued.

mod batch;
mod commit;
mod lane;
mod place;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;

pub use commit::Commit;
pub(crate) use commit::Run;
pub(crate) use lane::{CUTS, Lane};
pub(crate) use queue::Queue;

use crate::Options;
use crate::connection::{Connection, Meter};
use crate::health::Health;
use crate::readers::Readers;

/// What the queue and its lanes share.
#[derive(Clone)]
struct Shared {
    readers: Arc<Readers>,
    health: Arc<Health>,
    meter: Meter,
    batch: usize,
    queue: i64,
    deadline: Duration,
    /// When a failed batch was logged last.
    logged: Arc<Mutex<Option<Duration>>>,
}

/// A queue, and the lanes that process it.
pub(crate) fn new(
    connections: Vec<Connection>,
    readers: &Arc<Readers>,
    health: &Arc<Health>,
    options: &Options,
) -> (Queue, Vec<Lane>) {
    let meter = connections[0].meter.clone();
    let shared = Shared {
        readers: readers.clone(),
        health: health.clone(),
        meter,
        batch: options.batch.max(1),
        queue: i64::try_from(options.queue).unwrap_or(i64::MAX),
        deadline: options.deadline,
        logged: Arc::default(),
    };
    let (senders, receivers): (Vec<_>, Vec<_>) =
        connections.iter().map(|_| mpsc::unbounded_channel()).unzip();
    let queue = Queue::new(senders, shared.clone());
    let lanes = connections.into_iter().zip(receivers);
    let lanes = lanes.map(|(connection, commands)| Lane::new(connection, commands, shared.clone()));
    (queue, lanes.collect())
}
