//! Periodic jobs of features.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hashbrown::HashSet;

use crate::{BoxFuture, Kernel};

/// What a job works for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The domain it is registered on.
    Domain,
    /// The whole server: it runs on one of the domains it is registered on.
    Server,
}

type Run = Box<dyn for<'a> Fn(&'a Arc<Kernel>) -> BoxFuture<'a, ()> + Send + Sync>;

/// A job of one domain's table.
pub(crate) struct Job {
    pub interval: Duration,
    pub scope: Scope,
    pub owner: Arc<str>,
    pub running: AtomicBool,
    pub run: Run,
}

/// A running job; dropping this, also by a panic, marks its end.
struct Running(Arc<Job>);

impl Running {
    /// `None` if it is running already.
    fn begin(job: &Arc<Job>) -> Option<Self> {
        (!job.running.swap(true, Ordering::AcqRel)).then(|| Self(job.clone()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Release);
    }
}

impl Kernel {
    /// Starts the jobs due in this second, concurrently; a job still running from its last interval is
    /// skipped.
    pub(crate) fn run_jobs(self: &Arc<Self>, second: u64) {
        let mut served: HashSet<(Arc<str>, Duration)> = HashSet::new();
        for host in self.hosts() {
            let Some(table) = self.table(&host) else { continue };
            for job in &table.registered.jobs {
                let due = second.is_multiple_of(job.interval.as_secs().max(1));
                let mut mine =
                    || job.scope == Scope::Domain || served.insert((job.owner.clone(), job.interval));
                if due
                    && mine()
                    && let Some(running) = Running::begin(job)
                {
                    let kernel = self.clone();
                    self.runtime().tasks.spawn("job", async move { (running.0.run)(&kernel).await });
                }
            }
        }
    }
}
