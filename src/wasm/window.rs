//! A sliding window of hits.

use std::collections::VecDeque;

/// Up to this limit each hit is remembered; above it, two halves of the window are counted and weighted.
const EXACT: u32 = 64;

/// How often something happened recently. Times are monotonic milliseconds.
#[derive(Debug)]
pub(crate) enum Window {
    Exact(VecDeque<u64>),
    Coarse { start: u64, current: u32, previous: u32 },
}

impl Window {
    pub fn new() -> Self {
        Self::Exact(VecDeque::new())
    }

    /// The most bytes that it allocates with this limit.
    pub fn bytes(limit: u32) -> usize {
        if limit > EXACT { 0 } else { (limit as usize + 2).next_power_of_two() * size_of::<u64>() }
    }

    /// Adds a hit; `true` once more than `limit` are within the last `span` milliseconds.
    pub fn hit(&mut self, now: u64, limit: u32, span: u64) -> bool {
        self.fit(limit, now);
        match self {
            Self::Exact(hits) => {
                hits.push_back(now);
                while hits.front().is_some_and(|hit| now.saturating_sub(*hit) >= span) {
                    hits.pop_front();
                }
                let over = hits.len() > limit as usize;
                while hits.len() > limit as usize + 1 {
                    hits.pop_front();
                }
                over
            }
            Self::Coarse { start, current, previous } => {
                let span = span.max(1);
                let passed = now.saturating_sub(*start) / span;
                if passed > 0 {
                    *previous = if passed == 1 { *current } else { 0 };
                    *current = 0;
                    *start += passed * span;
                }
                *current = current.saturating_add(1);
                let left = span - now.saturating_sub(*start).min(span);
                let weighed = u64::from(*previous) * left / span;
                weighed + u64::from(*current) > u64::from(limit)
            }
        }
    }

    /// Switches to the form the limit requires, keeping what has been counted.
    fn fit(&mut self, limit: u32, now: u64) {
        match self {
            Self::Exact(hits) if limit > EXACT => {
                let start = hits.front().copied().unwrap_or(now);
                *self = Self::Coarse { start, current: hits.len() as u32, previous: 0 };
            }
            Self::Coarse { start, current, .. } if limit <= EXACT => {
                let count = (*current).min(limit) as usize;
                *self = Self::Exact(std::iter::repeat_n(*start, count).collect());
            }
            Self::Exact(_) | Self::Coarse { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_stays_when_the_limit_changes() {
        let mut window = Window::new();
        assert_eq!([59_999, 59_999].map(|now| window.hit(now, 1000, 60_000)), [false, false]);
        assert_eq!([60_001, 60_002].map(|now| window.hit(now, 3, 60_000)), [false, true]);
        assert_eq!([60_003, 60_004].map(|now| window.hit(now, 1000, 60_000)), [false, false]);
        assert_eq!([60_005, 60_006].map(|now| window.hit(now, 5, 60_000)), [true, true]);
    }

    #[test]
    fn the_hit_after_the_limit_is_told() {
        let mut window = Window::new();
        let told: Vec<_> = [0, 100, 200, 300, 400].map(|now| window.hit(now, 3, 1000)).into();
        assert_eq!(told, [false, false, false, true, true]);
    }

    #[test]
    fn old_hits_leave_one_by_one() {
        let mut window = Window::new();
        for now in [0, 500, 900] {
            assert!(!window.hit(now, 3, 1000));
        }
        assert!(!window.hit(1000, 3, 1000), "the first is out");
        assert!(window.hit(1499, 3, 1000), "500, 900, 1000, 1499");
        assert!(!window.hit(3000, 3, 1000));
    }

    #[test]
    fn large_limits_take_no_more_memory() {
        let mut window = Window::new();
        let mut told = (0..1001).filter(|now| window.hit(*now, 1000, 60_000));
        assert_eq!(told.next(), Some(1000));
        assert!(matches!(window, Window::Coarse { current: 1001, .. }));
        assert!(!window.hit(500_000, 1000, 60_000));
    }

    #[test]
    fn what_was_counted_survives_a_change_of_the_limit() {
        let mut window = Window::new();
        (0..5).for_each(|now| assert!(!window.hit(now, 1000, 60_000)));
        assert!(window.hit(6, 5, 60_000), "six, now that five are allowed");
        assert!(!window.hit(7, 100, 60_000));
        assert!(window.hit(8, 6, 60_000));
    }
}
