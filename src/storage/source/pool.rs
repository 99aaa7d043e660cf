//! The connections of a source: at most so many, made when they are needed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use runtime::{Counter, SharedClock};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::link::Link;
use super::{SourceError, SourceOptions};

pub(super) struct Pool {
    permits: Semaphore,
    count: usize,
    idle: Mutex<Vec<Link>>,
    waiting: AtomicUsize,
    closed: AtomicBool,
    pub connected: Counter,
    pub connect_failures: Counter,
    pub overloaded: Counter,
}

/// Leave to use one connection.
pub(super) struct Turn<'a> {
    pool: &'a Pool,
    _permit: SemaphorePermit<'a>,
}

/// A call that waits, counted.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    pub fn new(count: usize) -> Self {
        let count = count.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            permits: Semaphore::new(count),
            count,
            idle: Mutex::default(),
            waiting: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            connected: Counter::new(),
            connect_failures: Counter::new(),
            overloaded: Counter::new(),
        }
    }

    /// # Errors
    /// [`SourceError::Busy`].
    pub async fn turn(&self, wait: Duration) -> Result<Turn<'_>, SourceError> {
        if let Ok(permit) = self.permits.try_acquire() {
            return Ok(Turn { pool: self, _permit: permit });
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        match tokio::time::timeout(wait, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(Turn { pool: self, _permit: permit }),
            _ => {
                self.overloaded.add(1);
                Err(SourceError::Busy(wait))
            }
        }
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub fn busy(&self) -> usize {
        self.count.saturating_sub(self.permits.available_permits())
    }

    pub fn idle(&self) -> usize {
        self.idle.lock().len()
    }

    /// Closes what is idle, and keeps nothing any more. Statements that run come to their end.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let idle = std::mem::take(&mut *self.idle.lock());
        for link in idle {
            link.close().await;
        }
    }
}

impl Turn<'_> {
    /// A connection that was idle.
    pub fn idle(&self) -> Option<Link> {
        self.pool.idle.lock().pop()
    }

    /// A new connection.
    ///
    /// # Errors
    /// [`SourceError::Unavailable`].
    pub async fn connect(&self, options: &SourceOptions, clock: &SharedClock) -> Result<Link, SourceError> {
        let connected = Link::connect(options, clock).await;
        match &connected {
            Ok(_) => self.pool.connected.add(1),
            Err(_) => self.pool.connect_failures.add(1),
        }
        connected
    }

    /// Keeps a connection that can be used again.
    pub fn put_back(&self, link: Link) {
        let mut idle = self.pool.idle.lock();
        if !self.pool.closed.load(Ordering::Acquire) {
            idle.push(link);
        }
    }
}
