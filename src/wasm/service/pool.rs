//! Idle instances of a service, and how many calls run at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::at_once::AtOnce;
use crate::failure::{Failure, FailureKind};
use crate::limits::KEPT;
use crate::service::instance::ServiceInstance;

/// Calls that wait for an instance on one domain, and for which somebody waits.
const WAITING: usize = 1_000;

/// The instances of one deployment. A call takes one that is idle, or makes one, and brings it back. Calls for one domain take no
/// instance from another's.
pub(crate) struct ServicePool {
    #[expect(clippy::vec_box, reason = "one is moved from call to call")]
    idle: Mutex<Vec<Box<ServiceInstance>>>,
    domains: HashMap<u32, Place>,
    running: AtomicUsize,
}

/// The calls of one domain. Log-ins have seats of their own.
struct Place {
    log_ins: Seats,
    others: Seats,
}

struct Seats {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Seats {
    fn new(count: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(count)), waiting: AtomicUsize::new(0) }
    }

    /// One of these and of all. `None`: there will be none any more.
    async fn take(&self, all: &Arc<Semaphore>) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
        let own = self.free.clone().acquire_owned().await.ok()?;
        Some((own, all.clone().acquire_owned().await.ok()?))
    }
}

/// Leave for one call.
pub(crate) struct Seat<'a> {
    pool: &'a ServicePool,
    _own: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.pool.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// While it lives, a call waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Option<Self> {
        let waiting = Self(count);
        (count.fetch_add(1, Ordering::Relaxed) < WAITING).then_some(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ServicePool {
    /// `instances`: how many calls run at once on each of these domains, and as many log-ins.
    pub fn new(domains: impl Iterator<Item = u32>, instances: usize) -> Self {
        let place = || Place { log_ins: Seats::new(instances), others: Seats::new(instances) };
        let domains = domains.map(|domain| (domain, place())).collect();
        Self { idle: Mutex::default(), domains, running: AtomicUsize::new(0) }
    }

    /// Waits for leave to run a call. `patience`: for how long at most; without it for as long as it takes.
    ///
    /// # Errors
    /// [`FailureKind::Overloaded`]: too many wait already, or there was none within `patience`.
    pub async fn seat(
        &self,
        domain: u32,
        is_log_in: bool,
        running: &AtOnce,
        patience: Option<Duration>,
    ) -> Result<Seat<'_>, Failure> {
        let overloaded =
            || Failure::new(FailureKind::Overloaded, "too many of its calls wait for an instance");
        let place = self.domains.get(&domain).ok_or_else(overloaded)?;
        let (seats, all) = match is_log_in {
            true => (&place.log_ins, &running.log_ins),
            false => (&place.others, &running.others),
        };
        let both = match patience {
            Some(patience) => {
                let _waiting = Waiting::begin(&seats.waiting).ok_or_else(overloaded)?;
                timeout(patience, seats.take(all)).await.ok().flatten()
            }
            None => seats.take(all).await,
        };
        let (own, of_all) = both.ok_or_else(overloaded)?;
        self.running.fetch_add(1, Ordering::Relaxed);
        Ok(Seat { pool: self, _own: own, _of_all: of_all })
    }

    /// An idle instance, one that knows the domain if there is any.
    pub fn take(&self, domain: u32) -> Option<Box<ServiceInstance>> {
        let mut idle = self.idle.lock();
        match idle.iter().rposition(|one| one.knows(domain)) {
            Some(at) => Some(idle.swap_remove(at)),
            None => idle.pop(),
        }
    }

    /// Brings one back that did not fail.
    pub fn put_back(&self, instance: Box<ServiceInstance>) {
        let mut idle = self.idle.lock();
        let one_too_many = match idle.len() < KEPT {
            true => {
                idle.push(instance);
                return;
            }
            false => instance,
        };
        drop(idle); // an instance takes its time to go
        drop(one_too_many);
    }

    /// Whether a call runs.
    pub fn is_busy(&self) -> bool {
        self.running.load(Ordering::Relaxed) > 0
    }
}
