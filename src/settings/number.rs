//! Numbers whose type says what 0 means.

use std::num::NonZeroU64;
use std::time::Duration;

/// A bound that may be absent: 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(Option<NonZeroU64>);

/// A time or an amount that is absent when it is 0: what it is for is then not offered, or not asked of anyone. Unlike a
/// [`Limit`] it is no bound, so there is none to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval(Option<NonZeroU64>);

/// A bound that cannot be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Required(NonZeroU64);

impl Limit {
    /// No limit.
    pub const OFF: Self = Self(None);

    /// A limit of `number`; 0: no limit.
    pub const fn of(number: u64) -> Self {
        Self(NonZeroU64::new(number))
    }

    /// The limit, if there is one.
    pub const fn get(self) -> Option<NonZeroU64> {
        self.0
    }

    /// The most that is allowed: `usize::MAX` without a limit.
    pub fn bound(self) -> usize {
        self.0.map_or(usize::MAX, size)
    }
}

impl Interval {
    /// None.
    pub const OFF: Self = Self(None);

    /// An amount; 0: none.
    pub const fn of(number: u64) -> Self {
        Self(NonZeroU64::new(number))
    }

    /// The amount, if there is one.
    pub const fn get(self) -> Option<NonZeroU64> {
        self.0
    }

    /// The amount as seconds, if there is one.
    pub fn seconds(self) -> Option<Duration> {
        self.0.map(|number| Duration::from_secs(number.get()))
    }
}

impl Required {
    /// A bound of `number`, 1 at least.
    pub const fn of(number: u64) -> Self {
        match NonZeroU64::new(number) {
            Some(number) => Self(number),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// The bound.
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// The most that is allowed.
    pub fn bound(self) -> usize {
        size(self.0)
    }

    /// The bound as seconds.
    pub const fn seconds(self) -> Duration {
        Duration::from_secs(self.0.get())
    }
}

fn size(number: NonZeroU64) -> usize {
    usize::try_from(number.get()).unwrap_or(usize::MAX)
}
