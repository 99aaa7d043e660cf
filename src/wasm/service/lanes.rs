//! Work of one plugin on one domain that is done one after the other for each account, so that events come in their order.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;
use kernel::BoxFuture;
use parking_lot::Mutex;
use runtime::Tasks;

/// Events that wait or are being told, for all accounts of a domain, and for one: its burst takes no room from the others.
const WAITING: usize = 10_000;
const OF_ONE: usize = 200;

/// Work in order, by key.
pub(crate) struct Lanes {
    lines: Mutex<Lines>,
    /// How much may wait, of one key and of all.
    of_one: usize,
    of_all: usize,
}

impl Default for Lanes {
    /// For events.
    fn default() -> Self {
        Self { lines: Mutex::default(), of_one: OF_ONE, of_all: WAITING }
    }
}

#[derive(Default)]
struct Lines {
    /// What waits behind the work that is being done.
    lines: HashMap<Box<str>, VecDeque<BoxFuture<'static, ()>>>,
    waiting: usize,
}

/// Too much waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LanesFull;

impl Lanes {
    /// For what is bounded before it comes here.
    pub fn unbounded() -> Self {
        Self { lines: Mutex::default(), of_one: usize::MAX, of_all: usize::MAX }
    }

    /// Does the work after all other of this key.
    pub fn run(
        self: &Arc<Self>,
        tasks: &Tasks,
        key: &str,
        work: BoxFuture<'static, ()>,
    ) -> Result<(), LanesFull> {
        let mut all = self.lines.lock();
        if all.waiting >= self.of_all {
            return Err(LanesFull);
        }
        if let Some(line) = all.lines.get_mut(key) {
            if line.len() >= self.of_one {
                return Err(LanesFull);
            }
            line.push_back(work);
            all.waiting += 1;
            return Ok(());
        }
        all.waiting += 1;
        all.lines.insert(key.into(), VecDeque::new());
        drop(all);
        tasks.spawn("plugin event", self.clone().work_off(key.into(), work));
        Ok(())
    }

    async fn work_off(self: Arc<Self>, key: Box<str>, mut work: BoxFuture<'static, ()>) {
        let mut line = Line { lanes: self, key, is_done: false };
        loop {
            work.await;
            match line.next() {
                Some(next) => work = next,
                None => return,
            }
        }
    }
}

/// The work of one key, while it is being done. If it ends early, by a panic or at shutdown, what waits behind it is dropped.
struct Line {
    lanes: Arc<Lanes>,
    key: Box<str>,
    is_done: bool,
}

impl Line {
    fn next(&mut self) -> Option<BoxFuture<'static, ()>> {
        let mut all = self.lanes.lines.lock();
        let next = all.lines.get_mut(&self.key).and_then(VecDeque::pop_front);
        match next {
            Some(_) => all.waiting -= 1,
            None => {
                all.waiting -= 1; // the one that was being done
                all.lines.remove(&self.key);
                self.is_done = true; // another may be there from now on
            }
        }
        next
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let mut all = self.lanes.lines.lock();
        let left = all.lines.remove(&self.key).unwrap_or_default();
        all.waiting -= left.len() + 1;
        drop(all); // what is dropped may lock it
        drop(left);
    }
}
