//! The CPU time of a call that waits: only what it uses while it is polled counts.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use kernel::BoxFuture;

use crate::cpu_time::cpu_time;
use crate::share::nanos;

/// What one call has used so far.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Nanoseconds of earlier polls.
    spent: AtomicU64,
    /// The thread's CPU time when the present poll began.
    began: AtomicU64,
}

impl Meter {
    /// All of it, and that of the present poll; asked for by the thread that polls.
    pub fn read(&self) -> (Duration, Duration) {
        let poll = nanos(cpu_time()).saturating_sub(self.began.load(Ordering::Relaxed));
        let spent = self.spent.load(Ordering::Relaxed).saturating_add(poll);
        (Duration::from_nanos(spent), Duration::from_nanos(poll))
    }

    /// What all polls so far have used.
    pub fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Ordering::Relaxed))
    }

    fn enter(&self) {
        self.began.store(nanos(cpu_time()), Ordering::Relaxed);
    }

    fn leave(&self) {
        let (spent, _) = self.read();
        self.spent.store(nanos(spent), Ordering::Relaxed);
    }
}

/// A call whose polls are metered. A panic of the host in it is its outcome.
pub(crate) struct Metered<'a, R> {
    call: BoxFuture<'a, R>,
    meter: Arc<Meter>,
}

impl<'a, R> Metered<'a, R> {
    pub fn new(call: BoxFuture<'a, R>, meter: Arc<Meter>) -> Self {
        Self { call, meter }
    }
}

impl<R> Future for Metered<'_, R> {
    type Output = Result<R, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.meter.enter();
        let polled = catch_unwind(AssertUnwindSafe(|| self.call.as_mut().poll(context)));
        self.meter.leave();
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
