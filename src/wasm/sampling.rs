//! Which calls are measured.

use std::hash::{BuildHasher, Hasher, RandomState};

/// One in so many quick calls is measured, and stands for those before it: reading the clock costs as much as such a call.
const MEASURED: u32 = 8;

/// Chooses the calls that are measured: unpredictable, so that no sender can hide slow stanzas among the others.
pub(crate) struct Sampling {
    left: u32,
    random: u32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { left: 0, random: RandomState::new().build_hasher().finish() as u32 | 1 }
    }
}

impl Sampling {
    pub fn is_due(&mut self) -> bool {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return false;
        }
        // Xorshift (Marsaglia 2003), never 0.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.left = self.random % (2 * MEASURED - 1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_eight_is_measured_at_random() {
        let due = |sampling: &mut Sampling| (0..8_000).filter(|_| sampling.is_due()).collect::<Vec<_>>();
        let (one, other) = (due(&mut Sampling::default()), due(&mut Sampling::default()));
        assert!((900..1_100).contains(&one.len()), "{}", one.len());
        assert_ne!(one, other);
        assert!(one.windows(2).all(|pair| pair[1] - pair[0] < 2 * MEASURED as usize));
    }
}
