//! Randomness as a parameter.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A source of random bytes.
pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);

    /// 64 random bits.
    fn u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A printable token of at least `bits` random bits: lowercase base32 (RFC 4648 §6 alphabet, no padding),
    /// five bits per character. Suitable for stream ids, resumption ids and resources.
    fn token(&self, bits: usize) -> String {
        let mut bytes = vec![0; bits.div_ceil(5)];
        self.fill(&mut bytes);
        bytes.into_iter().map(base32).collect()
    }
}

/// A source of randomness shared by reference count.
pub type SharedRandom = Arc<dyn Random>;

fn base32(byte: u8) -> char {
    let value = byte & 31;
    char::from(if value < 26 { b'a' + value } else { b'2' + value - 26 })
}

/// The operating system's random number generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::expect_used, reason = "without the system's randomness no secret may be made at all")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// A reproducible sequence (SplitMix64) for tests; not a source of secrets.
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

impl SeededRandom {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            for (byte, random) in chunk.iter_mut().zip(word) {
                *byte = random;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_the_bits_asked_for_and_differ() {
        let token = SystemRandom.token(128);
        assert_eq!(token.len(), 26);
        assert!(token.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)), "{token}");
        assert_ne!(token, SystemRandom.token(128));
        assert_eq!(SystemRandom.token(0), "");
    }

    #[test]
    fn the_alphabet_has_32_characters() {
        let alphabet: String = (0..32).map(base32).collect();
        assert_eq!(alphabet, "abcdefghijklmnopqrstuvwxyz234567");
    }

    #[test]
    fn a_seed_repeats_itself() {
        // The first two outputs of the reference implementation for seed 0.
        let random = SeededRandom::new(0);
        assert_eq!(random.u64(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.u64(), 0x6e78_9e6a_a1b9_65f4);
    }
}
