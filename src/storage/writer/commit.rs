//! A queued write and the future of its result.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;

use super::place::Place;
use crate::StorageError;
use crate::connection::Connection;

/// The boxed future of a write.
pub(crate) type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, StorageError>> + Send + 'a>>;

/// A queued write. It commits, or fails as a whole, whether or not this future is polled or dropped; the
/// future only reports the result. Writes to an account are committed in the order they were queued.
#[must_use = "the write is queued, this waits until it is committed"]
pub struct Commit<T, E = StorageError>(oneshot::Receiver<Result<Result<T, E>, StorageError>>);

impl<T, E> Commit<T, E> {
    /// That of a write which was not queued.
    pub(super) fn refused(error: StorageError) -> Self {
        Self::settled(Err(error))
    }

    /// That of a write whose repository refuses it before it is queued.
    pub(crate) fn invalid(error: E) -> Self {
        Self::settled(Ok(Err(error)))
    }

    fn settled(result: Result<Result<T, E>, StorageError>) -> Self {
        let (answer, waiting) = oneshot::channel();
        // Its other end is here.
        let _ = answer.send(result);
        Self(waiting)
    }
}

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

/// A write in the queue. It may run several times: again after an earlier run was rolled back.
pub(super) trait Write: Send {
    /// When it has waited for too long, by the monotonic clock.
    fn due(&self) -> Duration;
    fn run<'a>(&'a mut self, connection: &'a mut Connection) -> Doing<'a, ()>;
    fn answer(self: Box<Self>, committed: Result<(), StorageError>);
}

struct Job<D, T, E> {
    data: D,
    run: Run<D, T, E>,
    outcome: Option<Result<T, E>>,
    due: Duration,
    answer: oneshot::Sender<Result<Result<T, E>, StorageError>>,
    /// Held until the write has been answered.
    _place: Place,
}

/// Performs a write from its data. The inner result is the repository's and commits either way: if it is an
/// error, nothing may have been written.
pub(crate) type Run<D, T, E> = for<'a> fn(&'a mut Connection, &'a D) -> Doing<'a, Result<T, E>>;

/// A write and the future of its result.
pub(super) fn job<D, T, E>(
    data: D,
    run: Run<D, T, E>,
    due: Duration,
    place: Place,
) -> (Box<dyn Write>, Commit<T, E>)
where
    D: Send + Sync + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    let (answer, waiting) = oneshot::channel();
    (Box::new(Job { data, run, outcome: None, due, answer, _place: place }), Commit(waiting))
}

impl<D: Send + Sync, T: Send, E: Send> Write for Job<D, T, E> {
    fn due(&self) -> Duration {
        self.due
    }

    fn run<'a>(&'a mut self, connection: &'a mut Connection) -> Doing<'a, ()> {
        Box::pin(async move {
            self.outcome = None;
            self.outcome = Some((self.run)(connection, &self.data).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StorageError>) {
        let Self { outcome, answer, data, _place, .. } = *self;
        // What is answered is over: nothing of it is under way any more, and it has left its lane, so that a write which
        // its caller queues now may go to any.
        drop((data, _place));
        // The write stands even if its caller no longer waits.
        let _ = answer.send(committed.and_then(|()| outcome.ok_or(StorageError::Closed)));
    }
}
