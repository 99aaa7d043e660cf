//! What features do at intervals.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hashbrown::HashSet;

use crate::{BoxFuture, Kernel};

/// Whose work a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Its domain's.
    Domain,
    /// The whole server's: one of the domains that it is registered on runs it.
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

/// A job runs; it has ended when this is dropped, also by a panic.
struct Running(Arc<Job>);

impl Running {
    /// `None` when it runs already.
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
    /// Starts what is to run in this second, all beside one another; what takes longer than its interval is not started
    /// once more meanwhile.
    pub(crate) fn run_jobs(self: &Arc<Self>, second: u64) {
        let mut served: HashSet<(Arc<str>, Duration)> = HashSet::new();
        for host in self.hosts() {
            let Some(table) = self.table(&host) else { continue };
            for job in &table.jobs {
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
