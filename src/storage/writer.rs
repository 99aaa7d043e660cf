//! The single writer: takes all queued writes, runs them in one transaction, and reports each result after
//! the commit.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::{mpsc, oneshot};

use crate::StorageError;
use crate::connection::{Connection, Readers};
use crate::stat::Stats;
use crate::statement::Statement;

/// The boxed future of a write.
pub(crate) type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, StorageError>> + Send + 'a>>;

/// A queued write. It commits, or fails as a whole, whether or not this future is polled or dropped; the
/// future only reports the result. Writes are committed in the order they were queued.
#[must_use = "the write is queued, this waits until it is committed"]
pub struct Commit<T, E = StorageError>(oneshot::Receiver<Result<Result<T, E>, StorageError>>);

impl<T, E: From<StorageError>> Future for Commit<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|answer| match answer {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(StorageError::Closed.into()),
        })
    }
}

/// A write in the queue. It may run twice: the second time after its first run was rolled back.
trait Write: Send {
    fn run<'a>(&'a mut self, connection: &'a mut Connection) -> Doing<'a, ()>;
    fn answer(self: Box<Self>, committed: Result<(), StorageError>);
}

struct Job<D, T, E> {
    data: D,
    run: Run<D, T, E>,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<Result<T, E>, StorageError>>,
}

/// Performs a write from its data. The inner result is the repository's and commits either way: if it is an
/// error, nothing may have been written.
pub(crate) type Run<D, T, E> = for<'a> fn(&'a mut Connection, &'a D) -> Doing<'a, Result<T, E>>;

impl<D: Send + Sync, T: Send, E: Send> Write for Job<D, T, E> {
    fn run<'a>(&'a mut self, connection: &'a mut Connection) -> Doing<'a, ()> {
        Box::pin(async move {
            self.outcome = None;
            self.outcome = Some((self.run)(connection, &self.data).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StorageError>) {
        let Self { outcome, answer, .. } = *self;
        // The write stands even if its caller no longer waits.
        let _ = answer.send(committed.and_then(|()| outcome.ok_or(StorageError::Closed)));
    }
}

enum Command {
    Write(Box<dyn Write>),
    Close(oneshot::Sender<Result<(), StorageError>>),
}

/// The callers' end of the queue.
pub(crate) struct Queue {
    commands: mpsc::UnboundedSender<Command>,
    stats: Arc<Stats>,
}

impl Queue {
    /// Queues a write immediately.
    pub(crate) fn push<D, T, E>(&self, data: D, run: Run<D, T, E>) -> Commit<T, E>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let (answer, waiting) = oneshot::channel();
        let job = Job { data, run, outcome: None, answer };
        self.stats.writer_queue.inc();
        if self.commands.send(Command::Write(Box::new(job))).is_err() {
            self.stats.writer_queue.dec();
        }
        Commit(waiting)
    }

    /// Commits queued writes, then closes the readers and the writer.
    pub(crate) async fn close(&self) -> Result<(), StorageError> {
        let (answer, closed) = oneshot::channel();
        if self.commands.send(Command::Close(answer)).is_err() {
            return Ok(());
        }
        closed.await.unwrap_or(Err(StorageError::Closed))
    }
}

/// The end of the queue held by the writer's task.
pub(crate) struct Writer {
    connection: Connection,
    readers: Arc<Readers>,
    commands: mpsc::UnboundedReceiver<Command>,
    stats: Arc<Stats>,
    batch: usize,
}

enum Failed {
    Write(StorageError),
    Transaction(StorageError),
}

/// A queue, and the writer that processes it in batches of at most `batch`.
pub(crate) fn new(connection: Connection, readers: Arc<Readers>, batch: usize) -> (Queue, Writer) {
    let (sender, commands) = mpsc::unbounded_channel();
    let stats = connection.meter.stats.clone();
    let queue = Queue { commands: sender, stats: stats.clone() };
    (queue, Writer { connection, readers, commands, stats, batch: batch.max(1) })
}

impl Writer {
    /// Runs until the store is closed or dropped.
    pub(crate) async fn run(mut self) {
        let mut commands = Vec::new();
        let mut closing = Vec::new();
        loop {
            if self.commands.recv_many(&mut commands, self.batch).await == 0 {
                break;
            }
            let mut writes = Vec::with_capacity(commands.len());
            for command in commands.drain(..) {
                match command {
                    Command::Write(write) => writes.push(write),
                    Command::Close(answer) => {
                        closing.push(answer);
                        self.commands.close();
                    }
                }
            }
            if !writes.is_empty() {
                self.commit(writes).await;
            }
        }
        self.readers.close().await;
        let closed = self.connection.close().await;
        if let Err(error) = &closed {
            tracing::error!(%error, "cannot close the database cleanly");
        }
        for answer in closing {
            let _ = answer.send(closed.clone());
        }
    }

    /// Commits a batch and reports the result of each write.
    async fn commit(&mut self, mut writes: Vec<Box<dyn Write>>) {
        self.stats.batches.inc();
        self.stats.writes.add(writes.len() as u64);
        let results = match self.together(&mut writes).await {
            Ok(()) => vec![Ok(()); writes.len()],
            Err(Failed::Write(_)) if writes.len() > 1 => {
                self.stats.reruns.inc();
                self.one_by_one(&mut writes).await
            }
            Err(Failed::Write(error) | Failed::Transaction(error)) => vec![Err(error); writes.len()],
        };
        self.stats.writer_queue.add(-(writes.len() as i64));
        for (write, result) in writes.into_iter().zip(results) {
            write.answer(result);
        }
    }

    /// All writes in one transaction without savepoints: each would cost two more round trips to the
    /// database's thread, and writes hardly ever fail.
    async fn together(&mut self, writes: &mut [Box<dyn Write>]) -> Result<(), Failed> {
        self.connection.run(Statement::Begin).await.map_err(Failed::Transaction)?;
        for write in writes {
            if let Err(error) = write.run(&mut self.connection).await {
                return self.end(Err(error)).await.map_err(Failed::Write);
            }
        }
        self.end(Ok(())).await.map_err(Failed::Transaction)
    }

    /// All writes in one transaction, each in a savepoint: a failing one does not affect the others.
    async fn one_by_one(&mut self, writes: &mut [Box<dyn Write>]) -> Vec<Result<(), StorageError>> {
        let mut results = Vec::with_capacity(writes.len());
        let mut transaction = self.connection.run(Statement::Begin).await;
        if transaction.is_ok() {
            for write in writes.iter_mut() {
                match self.in_savepoint(write).await {
                    Ok(result) => results.push(result),
                    Err(broken) => {
                        transaction = Err(broken);
                        break;
                    }
                }
            }
            transaction = self.end(transaction).await;
        }
        match transaction {
            Ok(()) => results,
            // A write that failed by itself keeps its own error; the others get the transaction's.
            Err(broken) => {
                results.resize(writes.len(), Ok(()));
                results.into_iter().map(|result| result.and(Err(broken.clone()))).collect()
            }
        }
    }

    /// The outer error is the transaction's, the inner one the write's.
    async fn in_savepoint(
        &mut self,
        write: &mut Box<dyn Write>,
    ) -> Result<Result<(), StorageError>, StorageError> {
        self.connection.run(Statement::Savepoint).await?;
        let result = write.run(&mut self.connection).await;
        if result.is_err() {
            self.connection.run(Statement::RollbackTo).await?;
        }
        self.connection.run(Statement::Release).await?;
        Ok(result)
    }

    /// Commits, or rolls back after an error.
    async fn end(&mut self, done: Result<(), StorageError>) -> Result<(), StorageError> {
        let error = match done {
            Ok(()) => match self.connection.run(Statement::Commit).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
            Err(error) => error,
        };
        tracing::warn!(%error, "a batch of writes was rolled back");
        // After some errors (disk full) SQLite has already rolled back and refuses this.
        if let Err(second) = self.connection.run(Statement::Rollback).await {
            tracing::debug!(%second, "nothing to roll back");
        }
        Err(error)
    }
}
