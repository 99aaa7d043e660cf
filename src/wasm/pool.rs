//! Idle instances: as many as there are workers.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard};

use crate::instance::Instance;

/// Seats of a pool. A call takes a seat, creates the instance if there is none, and returns the seat; it does
/// not await in between. Dropping the pool drops all its instances.
pub(crate) struct Pool(Box<[Mutex<Seat>]>);

/// A place for one instance.
#[derive(Default)]
pub(crate) struct Seat {
    pub instance: Option<Box<Instance>>,
    /// Whether its last instance failed.
    pub failed: bool,
}

impl Pool {
    pub fn new(seats: usize) -> Self {
        Self((0..seats.max(1)).map(|_| Mutex::default()).collect())
    }

    /// A free seat: the thread's own if possible, so that its instance is warm; else another; else its own,
    /// once it is free.
    pub fn seat(&self) -> MutexGuard<'_, Seat> {
        thread_local! {
            static OWN: Cell<usize> = const { Cell::new(usize::MAX) };
        }
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let own = OWN.get();
        let own = if own == usize::MAX { NEXT.fetch_add(1, Ordering::Relaxed) } else { own };
        OWN.set(own);
        let count = self.0.len();
        let order = (0..count).filter_map(|step| self.0.get(own.wrapping_add(step) % count));
        order.filter_map(Mutex::try_lock).next().unwrap_or_else(|| match self.0.get(own % count) {
            Some(seat) => seat.lock(),
            None => self.0[0].lock(),
        })
    }
}
