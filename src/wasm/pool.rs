//! Idle instances: as many as there are workers.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::failure::{Failure, FailureKind};
use crate::instance::Instance;
use crate::sampling::Sampling;

/// How long a call waits for an instance in place of one that has failed. It takes a tenth of a millisecond as a rule.
const PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 60_000 } else { 20 });
/// For how many rounds of filling.
const ROUNDS: usize = 3;
/// When no instance could be made, it is tried again after so long.
const TRIED_AGAIN: Duration = Duration::from_secs(1);
/// When an instance did not take the settings of a domain, it is tried again after so long: on a stanza's way.
const SETTINGS_TRIED_AGAIN: Duration = Duration::from_secs(60);

/// Seats of a pool. A call takes a seat, creates the instance if it never had one, and returns the seat; it does
/// not await in between. After a failure the instance is made elsewhere. Dropping the pool drops all its instances.
pub(crate) struct Pool {
    seats: Box<[Mutex<Seat>]>,
    refills: Mutex<Refills>,
    refilled: Condvar,
}

/// A place for one instance.
#[derive(Default)]
pub(crate) struct Seat {
    pub instance: Option<Box<Instance>>,
    /// Whether its last instance failed.
    pub failed: bool,
    /// The domains whose settings that instance had read.
    pub knew: Vec<u32>,
    /// Which of the calls here are measured.
    pub sampling: Sampling,
}

/// What came of filling empty seats.
#[derive(Default)]
struct Refills {
    round: u64,
    /// When it was tried last.
    tried: Duration,
    /// Why there was no instance the last time.
    failure: Option<Failure>,
    /// Domains whose settings a new instance did not take, with the reason and the time.
    broken: HashMap<u32, (Failure, Duration)>,
}

impl Pool {
    pub fn new(seats: usize) -> Self {
        let seats = (0..seats.max(1)).map(|_| Mutex::default()).collect();
        Self { seats, refills: Mutex::default(), refilled: Condvar::new() }
    }

    /// A free seat with an instance: the thread's own if possible, so that the instance is warm. A thread that has none of its own
    /// yet gets an empty seat. After a failure another's is used, or waited for; an empty seat only if there are no others.
    pub fn seat(&self) -> MutexGuard<'_, Seat> {
        thread_local! {
            static OWN: Cell<usize> = const { Cell::new(usize::MAX) };
        }
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let own = OWN.get();
        let own = if own == usize::MAX { NEXT.fetch_add(1, Ordering::Relaxed) } else { own };
        OWN.set(own);
        let count = self.seats.len();
        let order = || (0..count).filter_map(|step| self.seats.get(own.wrapping_add(step) % count));
        let mut busy = None;
        for seat in order() {
            match seat.try_lock() {
                Some(free) if free.instance.is_some() || !free.failed => return free,
                Some(_) => {}
                None => busy = busy.or(Some(seat)),
            }
        }
        // No other seat is held here: two threads that waited for each other's would wait for ever.
        let seat = busy.or_else(|| order().next()).unwrap_or(&self.seats[0]);
        seat.lock()
    }

    /// A seat that has an instance, waited for if need be; `None` if none has.
    pub fn occupied(&self) -> Option<MutexGuard<'_, Seat>> {
        self.seats.iter().map(Mutex::lock).find(|seat| seat.instance.is_some())
    }

    /// Whether a call is running.
    pub fn is_busy(&self) -> bool {
        self.seats.iter().any(Mutex::is_locked)
    }

    /// An instance in place of those that have all failed: it is waited for, unless none could be made the last time. `retry` is
    /// called if that is to be tried again. No seat may be held by the caller.
    ///
    /// # Errors
    /// Why there is none.
    pub fn refilled(&self, now: Duration, retry: impl FnOnce()) -> Result<MutexGuard<'_, Seat>, Failure> {
        let mut refills = self.refills.lock();
        if refills.failure.is_some() && now.saturating_sub(refills.tried) >= TRIED_AGAIN {
            refills.tried = now;
            retry();
        }
        // A round that ends may have begun before the seat was empty.
        for _ in 0..ROUNDS {
            if let Some(failure) = &refills.failure {
                return Err(failure.clone());
            }
            let round = refills.round;
            // It may have ended before the lock was taken.
            if let Some(seat) = MutexGuard::unlocked(&mut refills, || self.occupied()) {
                return Ok(seat);
            }
            self.refilled.wait_while_for(&mut refills, |refills| refills.round == round, PATIENCE);
        }
        drop(refills);
        self.occupied().ok_or_else(|| Failure::new(FailureKind::Exhausted, "no instance is ready yet"))
    }

    /// Fills empty seats in which an instance has failed. `make` gets the domains whose settings the instance is to read.
    pub fn refill(&self, now: Duration, make: impl Fn(&[u32]) -> Result<Box<Instance>, Failure>) {
        let mut failure = None;
        for seat in &self.seats {
            let knew = Some(seat.lock()).filter(|seat| seat.lacks_one()).map(|seat| seat.knew.clone());
            let Some(knew) = knew else { continue };
            match make(&knew) {
                Err(why) => failure = Some(why),
                Ok(made) => {
                    let mut seat = seat.lock();
                    if seat.lacks_one() {
                        seat.instance = Some(made);
                    }
                }
            }
        }
        let mut refills = self.refills.lock();
        (refills.round, refills.tried, refills.failure) = (refills.round + 1, now, failure);
        self.refilled.notify_all();
    }

    /// A new instance did not take the settings of a domain.
    pub fn broke(&self, domain: u32, why: Failure, now: Duration) {
        self.refills.lock().broken.insert(domain, (why, now));
    }

    /// Why an instance is not to be tried with the settings of a domain for the time being.
    pub fn broken(&self, domain: u32, now: Duration) -> Option<Failure> {
        let refills = self.refills.lock();
        let (why, at) = refills.broken.get(&domain)?;
        (now.saturating_sub(*at) < SETTINGS_TRIED_AGAIN).then(|| why.clone())
    }
}

impl Seat {
    /// Its instance.
    pub fn filled(&mut self) -> Result<&mut Instance, Failure> {
        let instance = self.instance.as_deref_mut();
        instance.ok_or_else(|| Failure::new(FailureKind::Start, "the plugin has no instance"))
    }

    /// Whether it has an instance that has read the settings of a domain.
    pub fn knows(&self, domain: u32) -> bool {
        self.instance.as_ref().is_some_and(|instance| instance.knows(domain))
    }

    /// Whether an instance is missing that somebody else makes.
    pub fn lacks_one(&self) -> bool {
        self.failed && self.instance.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_find_only_failed_seats_do_not_wait_for_each_other() {
        let pool = Pool::new(2);
        pool.seats.iter().for_each(|seat| seat.lock().failed = true);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..20_000).for_each(|_| drop(pool.seat())));
            }
        });
        assert!(!pool.is_busy());
    }

    #[test]
    fn while_no_instance_can_be_made_the_reason_is_told_at_once_and_it_is_tried_each_second() {
        let pool = Pool::new(2);
        pool.seats.iter().for_each(|seat| seat.lock().failed = true);
        let at = Duration::from_millis;
        pool.refill(at(5_000), |_| Err(Failure::new(FailureKind::Refused, "no")));
        let tried = Cell::new(0);
        let told =
            |now| pool.refilled(at(now), || tried.set(tried.get() + 1)).err().map(|failure| failure.message);
        for (now, expected) in [(5_001, 0), (5_999, 0), (6_000, 1), (6_001, 1), (7_000, 2)] {
            assert_eq!(told(now).as_deref(), Some("no"));
            assert_eq!(tried.get(), expected, "{now}");
        }
        assert!(pool.seats.iter().all(|seat| seat.lock().lacks_one()));
    }
}
