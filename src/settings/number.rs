//! Numbers whose type defines what 0 means.

use std::num::NonZeroU64;
use std::time::Duration;

/// An optional upper bound: 0 means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(Option<NonZeroU64>);

/// An optional time or amount: 0 disables the feature or the requirement it is for. Unlike a [`Limit`] it is
/// not an upper bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval(Option<NonZeroU64>);

/// An upper bound that cannot be disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Required(NonZeroU64);

impl Limit {
    /// No limit.
    pub const OFF: Self = Self(None);

    /// A limit of `number`; 0: no limit.
    pub const fn of(number: u64) -> Self {
        Self(NonZeroU64::new(number))
    }

    /// The limit, if any.
    pub const fn get(self) -> Option<NonZeroU64> {
        self.0
    }

    /// The maximum allowed: `usize::MAX` without a limit.
    pub fn bound(self) -> usize {
        self.0.map_or(usize::MAX, size)
    }
}

impl Interval {
    /// Disabled.
    pub const OFF: Self = Self(None);

    /// An amount; 0: disabled.
    pub const fn of(number: u64) -> Self {
        Self(NonZeroU64::new(number))
    }

    /// The amount, if not disabled.
    pub const fn get(self) -> Option<NonZeroU64> {
        self.0
    }

    /// The amount as seconds, if not disabled.
    pub fn seconds(self) -> Option<Duration> {
        self.0.map(|number| Duration::from_secs(number.get()))
    }
}

impl Required {
    /// A bound of `number`, at least 1.
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

    /// The maximum allowed.
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
