//! Named tasks that are counted and drained.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::Counter;

/// Starts tasks, counts those running, and signals them to end. A clone shares all of it.
#[derive(Clone, Default)]
pub struct Tasks(Arc<Shared>);

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    idle: Notify,
    draining: AtomicBool,
    drain: Notify,
    panics: Counter,
}

impl Tasks {
    /// No tasks, not draining.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts `future` on the current tokio runtime. The only overhead beyond the task itself is a counter. A
    /// panic ends only the task; it is logged with `name` and counted.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn<F>(&self, name: &'static str, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        let counted = Counted { future, count: Count { shared: self.0.clone(), name } };
        #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
        tokio::spawn(counted)
    }

    /// The number of running tasks.
    pub fn running(&self) -> usize {
        self.0.running.load(Ordering::SeqCst)
    }

    /// The number of tasks that have ended in a panic.
    pub fn panics(&self) -> u64 {
        self.0.panics.get()
    }

    /// Whether the drain has begun.
    pub fn draining(&self) -> bool {
        self.0.draining.load(Ordering::SeqCst)
    }

    /// Begins the drain: wakes all waiters on [`drained_signal`](Self::drained_signal). It cannot be undone;
    /// calling it again has no effect.
    pub fn start_drain(&self) {
        if !self.0.draining.swap(true, Ordering::SeqCst) {
            self.0.drain.notify_waiters();
        }
    }

    /// Resolves once the drain has begun, at once if it already has. Cancel-safe; a waiter is a list entry
    /// inside its own future, without an allocation. A loop should keep one such future pinned rather than
    /// create one per iteration, since each enters and leaves a shared list.
    pub async fn drained_signal(&self) {
        let notified = self.0.drain.notified();
        // `notified` sees every wake-up since its creation, so none is lost between the check and the wait.
        if !self.draining() {
            notified.await;
        }
    }

    /// Waits this long, and returns whether to go on: `false` as soon as the drain has begun. For loops that look after
    /// something every so often.
    pub async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            () = self.drained_signal() => false,
        }
    }

    /// Waits until no task runs, at most `timeout`, and returns how many still run. Does not signal them to
    /// end: that is [`start_drain`](Self::start_drain).
    pub async fn join_all(&self, timeout: Duration) -> usize {
        let idle = async {
            loop {
                let notified = self.0.idle.notified();
                if self.running() == 0 {
                    return;
                }
                notified.await;
            }
        };
        let _ = tokio::time::timeout(timeout, idle).await;
        self.running()
    }
}

struct Count {
    shared: Arc<Shared>,
    name: &'static str,
}

impl Drop for Count {
    fn drop(&mut self) {
        if self.shared.running.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.shared.idle.notify_waiters();
        }
    }
}

pin_project! {
    // By hand: an `async` block around a future would store it twice. The future is dropped before the count.
    struct Counted<F> {
        #[pin]
        future: F,
        count: Count,
    }
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let watch = PanicWatch(this.count);
        let polled = this.future.poll(cx);
        std::mem::forget(watch);
        polled
    }
}

/// Dropped only when a poll unwinds.
struct PanicWatch<'a>(&'a Count);

impl Drop for PanicWatch<'_> {
    fn drop(&mut self) {
        self.0.shared.panics.inc();
        tracing::error!(task = self.0.name, "task panicked");
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_drain_wakes_those_who_wait_and_those_who_come_later() {
        let tasks = Tasks::new();
        let waiters: Vec<_> = (0..100)
            .map(|_| {
                let inside = tasks.clone();
                tasks.spawn("waiter", async move { inside.drained_signal().await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(tasks.running(), 100);
        assert!(!tasks.draining());
        tasks.start_drain();
        assert_eq!(tasks.join_all(LONG).await, 0);
        for waiter in waiters {
            waiter.await.unwrap();
        }
        tasks.drained_signal().await;
        assert!(tasks.draining());
    }

    #[tokio::test]
    async fn a_signal_made_before_the_drain_and_polled_after_it_ends() {
        let tasks = Tasks::new();
        let signal = tasks.drained_signal();
        tasks.start_drain();
        signal.await;
    }

    #[tokio::test(start_paused = true)]
    async fn join_all_says_how_many_still_run() {
        let tasks = Tasks::new();
        let stuck = tasks.spawn("stuck", pending::<()>());
        assert_eq!(tasks.join_all(LONG).await, 1);
        stuck.abort();
        assert_eq!(tasks.join_all(LONG).await, 0);
    }

    #[tokio::test]
    async fn a_panic_is_counted_and_ends_only_its_task() {
        let tasks = Tasks::new();
        let bad = tasks.spawn("bad", async {
            tokio::task::yield_now().await;
            panic!("on purpose");
        });
        let good = tasks.spawn("good", async { 5 });
        assert!(bad.await.unwrap_err().is_panic());
        assert_eq!(good.await.unwrap(), 5);
        assert_eq!(tasks.join_all(LONG).await, 0);
        assert_eq!(tasks.panics(), 1);
    }

    #[test]
    fn the_wrapper_adds_two_words_and_a_name() {
        assert!(size_of::<Counted<[u8; 512]>>() <= 512 + 24);
        let tasks = Tasks::new();
        assert!(size_of_val(&tasks.drained_signal()) < 128);
    }
}
