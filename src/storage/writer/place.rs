//! Which lane the writes of an account are in.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::stat::Stats;
use crate::value::AccountId;

/// Where the writes under way are.
pub(super) struct Lanes {
    /// The lane of each account that has writes under way, and how many.
    accounts: HashMap<AccountId, (usize, usize)>,
    /// Writes under way in each lane.
    loads: Vec<usize>,
}

impl Lanes {
    pub fn new(count: usize) -> Self {
        Self { accounts: HashMap::new(), loads: vec![0; count] }
    }

    /// The lane for a write to these accounts, and the others that it has to meet first.
    pub fn enter(&mut self, accounts: &[AccountId]) -> (usize, SmallVec<[usize; 2]>) {
        let mut busy: SmallVec<[usize; 2]> =
            accounts.iter().filter_map(|account| Some(self.accounts.get(account)?.0)).collect();
        busy.sort_unstable();
        busy.dedup();
        let lane = match (busy.is_empty(), accounts.is_empty()) {
            (false, _) => busy.remove(0),
            (true, true) => 0,
            (true, false) => self.idlest(),
        };
        for account in accounts {
            let (place, count) = self.accounts.entry(*account).or_insert((lane, 0));
            *place = lane;
            *count += 1;
        }
        self.loads[lane] += 1;
        (lane, busy)
    }

    fn idlest(&self) -> usize {
        let lanes = self.loads.iter().enumerate();
        lanes.min_by_key(|(_, load)| **load).map_or(0, |(lane, _)| lane)
    }
}

/// A write's place in its lane, until it is dropped.
pub(super) struct Place {
    lanes: Arc<Mutex<Lanes>>,
    stats: Arc<Stats>,
    lane: usize,
    accounts: SmallVec<[AccountId; 2]>,
}

impl Place {
    /// A place that [`Lanes::enter`] has given.
    pub fn new(lanes: Arc<Mutex<Lanes>>, stats: Arc<Stats>, lane: usize, accounts: &[AccountId]) -> Self {
        Self { lanes, stats, lane, accounts: accounts.into() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stats.writer_queue.dec();
        let mut lanes = self.lanes.lock();
        lanes.loads[self.lane] -= 1;
        for account in &self.accounts {
            if let Some((_, count)) = lanes.accounts.get_mut(account) {
                *count -= 1;
                if *count == 0 {
                    lanes.accounts.remove(account);
                }
            }
        }
    }
}
