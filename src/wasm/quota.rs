//! How much the host keeps for one plugin on one domain: session slots and counters, all together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes in use. The cap is given with each change, since it may change while the server runs.
#[derive(Debug, Default)]
pub(crate) struct Quota(AtomicUsize);

/// There is no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OverQuota;

impl Quota {
    /// Takes so many bytes more.
    pub fn take(&self, bytes: usize, cap: usize) -> Result<(), OverQuota> {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|used| *used <= cap)
        });
        taken.map(drop).map_err(|_| OverQuota)
    }

    /// Gives bytes back.
    pub fn give(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub fn used(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_cap() {
        let quota = Quota::default();
        assert_eq!(
            [60, 50, 40, 1].map(|bytes| quota.take(bytes, 100)),
            [Ok(()), Err(OverQuota), Ok(()), Err(OverQuota)]
        );
        quota.give(40);
        assert_eq!((quota.used(), quota.take(41, 100)), (60, Err(OverQuota)));
    }
}
