//! Failed logins per address, in bounded memory.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use parking_lot::Mutex;
use runtime::SharedClock;
use settings::{Limit, group, number};

/// Addresses remembered at once: `SETS` × `WAYS`. Within a set the one with the smallest debt is evicted.
const SETS: usize = 1024;
const WAYS: usize = 8;

/// A minute, in which the allowance is restored, in microseconds.
const WINDOW_US: u64 = 60_000_000;

/// An address is never blocked for longer than this, however many logins failed.
const LONGEST_US: u64 = 15 * WINDOW_US;

group! {
    /// How often a password may be wrong.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LoginLimits {
        /// Failed log-ins per minute from one address, and those that a client gives up half-way.
        logins_per_minute: Limit = number(60, 1..=1_000_000).server_wide().at_start();
    }
}

/// Too many logins from the address have failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many failed login attempts from this address; try again in {} seconds", .retry_after.as_secs() + 1)]
pub struct Limited {
    /// When the next one is allowed.
    pub retry_after: Duration,
}

/// Counts failed logins by [`subscriber`], as a token bucket: `per_minute`
/// at once, and as many again over a minute. At most 8,192 addresses are remembered; under an attack from
/// more, those with the fewest failures are forgotten.
pub struct LoginLimiter {
    /// What one failure costs in microseconds; 0: no limit.
    cost_us: u64,
    clock: SharedClock,
    hasher: RandomState,
    sets: Box<[Mutex<[Slot; WAYS]>]>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    key: u128,
    /// When all failures are forgiven, monotonic microseconds; the slot is free from then on.
    clear_at_us: u64,
}

impl LoginLimiter {
    /// Allows `per_minute` failures.
    pub fn new(per_minute: Limit, clock: SharedClock) -> Self {
        let cost_us = per_minute.get().map_or(0, |failures| (WINDOW_US / failures).max(1));
        let sets = if cost_us == 0 { 0 } else { SETS };
        LoginLimiter {
            cost_us,
            clock,
            hasher: RandomState::new(),
            sets: (0..sets).map(|_| Mutex::new([Slot::default(); WAYS])).collect(),
        }
    }

    /// Whether a login from the address may be tried.
    ///
    /// # Errors
    /// [`Limited`], with the time to wait.
    pub fn check(&self, address: IpAddr) -> Result<(), Limited> {
        let key = key_of(address);
        let Some(set) = self.set(key) else { return Ok(()) };
        self.allowed(key, &set.lock())
    }

    /// Judges the outcome of a login, counting a failure: a login begun within the limit is still refused if
    /// too many others have failed by its end.
    ///
    /// # Errors
    /// [`Limited`], whatever the outcome, which is not counted then.
    pub fn judge(&self, address: IpAddr, right: bool) -> Result<(), Limited> {
        let key = key_of(address);
        let Some(set) = self.set(key) else { return Ok(()) };
        let mut set = set.lock();
        self.allowed(key, &set)?;
        if !right {
            self.add(key, &mut set);
        }
        Ok(())
    }

    /// Counts a failure unconditionally.
    #[cfg(test)]
    fn failed(&self, address: IpAddr) {
        let key = key_of(address);
        let Some(set) = self.set(key) else { return };
        self.add(key, &mut set.lock());
    }

    fn allowed(&self, key: u128, set: &[Slot; WAYS]) -> Result<(), Limited> {
        let clear_at = set.iter().find(|slot| slot.key == key).map_or(0, |slot| slot.clear_at_us);
        let allowed_at = (clear_at + self.cost_us).saturating_sub(WINDOW_US);
        match allowed_at.checked_sub(self.now_us()) {
            None | Some(0) => Ok(()),
            Some(wait) => Err(Limited { retry_after: Duration::from_micros(wait) }),
        }
    }

    fn add(&self, key: u128, set: &mut [Slot; WAYS]) {
        let now = self.now_us();
        let known = set.iter().position(|s| s.key == key);
        let index = known.or_else(|| (0..WAYS).min_by_key(|&i| set.get(i).map(|s| s.clear_at_us)));
        let Some(slot) = index.and_then(|i| set.get_mut(i)) else { return };
        let from = if known.is_some() { slot.clear_at_us.max(now) } else { now };
        *slot = Slot { key, clear_at_us: (from + self.cost_us).min(now + LONGEST_US) };
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.clock.monotonic().as_micros()).unwrap_or(u64::MAX / 2)
    }

    fn set(&self, key: u128) -> Option<&Mutex<[Slot; WAYS]>> {
        let hash = self.hasher.hash_one(key);
        let index = usize::try_from(hash % SETS as u64).ok()?;
        self.sets.get(index)
    }
}

/// The subscriber at an address: an IPv4 address, also if mapped into IPv6; the first of the /64 of an IPv6 address.
pub fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn key_of(address: IpAddr) -> u128 {
    match subscriber(address) {
        IpAddr::V4(v4) => 1 << 127 | u128::from(u32::from(v4)) << 64 | 1,
        IpAddr::V6(v6) => u128::from(v6) | 2,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use runtime::ManualClock;

    use super::*;

    fn limiter(per_minute: u64) -> (LoginLimiter, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(0));
        (LoginLimiter::new(Limit::of(per_minute), clock.clone()), clock)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn so_many_a_minute() {
        let (limiter, clock) = limiter(3);
        let (one, other) = (ip("192.0.2.1"), ip("192.0.2.2"));
        for _ in 0..3 {
            assert_eq!(limiter.check(one), Ok(()));
            limiter.failed(one);
        }
        assert_eq!(limiter.check(one), Err(Limited { retry_after: Duration::from_secs(20) }));
        assert_eq!(limiter.check(other), Ok(()));
        assert!(limiter.check(ip("::ffff:192.0.2.1")).is_err());
        clock.advance(Duration::from_secs(20));
        assert_eq!(limiter.check(one), Ok(()));
        limiter.failed(one);
        assert!(limiter.check(one).is_err());
        clock.advance(Duration::from_secs(60));
        for _ in 0..3 {
            assert_eq!(limiter.check(one), Ok(()));
            limiter.failed(one);
        }
        assert!(limiter.check(one).is_err());
    }

    #[test]
    fn an_outcome_counts_only_while_others_may_fail() {
        let (limiter, clock) = limiter(2);
        let one = ip("192.0.2.1");
        assert_eq!(limiter.judge(one, true), Ok(()));
        assert_eq!(limiter.judge(one, false), Ok(()));
        assert_eq!(limiter.judge(one, true), Ok(()), "which costs nothing");
        assert_eq!(limiter.judge(one, false), Ok(()));
        for right in [true, false, true] {
            assert_eq!(limiter.judge(one, right), Err(Limited { retry_after: Duration::from_secs(30) }));
        }
        clock.advance(Duration::from_secs(30));
        assert_eq!(limiter.judge(one, true), Ok(()));
    }

    #[test]
    fn ipv6_by_64() {
        let (limiter, _clock) = limiter(1);
        limiter.failed(ip("2001:db8:0:1::1"));
        assert!(limiter.check(ip("2001:db8:0:1:ffff::2")).is_err());
        assert!(limiter.check(ip("2001:db8:0:2::1")).is_ok());
    }

    #[test]
    fn not_blocked_for_ever() {
        let (limiter, clock) = limiter(60);
        let one = ip("192.0.2.1");
        (0..100_000).for_each(|_| limiter.failed(one));
        assert!(limiter.check(one).is_err());
        clock.advance(Duration::from_micros(LONGEST_US));
        assert_eq!(limiter.check(one), Ok(()));
    }

    #[test]
    fn zero_is_off() {
        let (limiter, _clock) = limiter(0);
        (0..1000).for_each(|_| limiter.failed(ip("192.0.2.1")));
        assert_eq!(limiter.check(ip("192.0.2.1")), Ok(()));
        assert!(limiter.sets.is_empty());
    }

    #[test]
    fn a_flood_of_addresses_does_not_free_the_worst() {
        let (limiter, _clock) = limiter(10);
        let worst = ip("192.0.2.1");
        (0..20).for_each(|_| limiter.failed(worst));
        for n in 0..100_000_u32 {
            limiter.failed(IpAddr::V4((0x0a00_0000 + n).into()));
        }
        assert!(limiter.check(worst).is_err());
    }
}
