//! Hashing, which takes milliseconds of a processor.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// The pool for blocking work, with limited concurrency.
#[derive(Clone)]
pub(crate) struct Blocking(pub Arc<Semaphore>);

impl Blocking {
    pub fn new(at_once: NonZeroUsize) -> Self {
        Self(Arc::new(Semaphore::new(at_once.get())))
    }

    /// Runs work there. `None` if it did not complete.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let permit = self.0.clone().acquire_owned().await.ok()?;
        // The permit moves with the work: a caller that gives up does not free it before the work is done.
        let work = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        work.await.ok()
    }
}
