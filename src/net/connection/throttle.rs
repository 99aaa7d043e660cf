//! A token bucket for reading.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::scratch;
use crate::Rate;

/// The least that is read at once: below it, system calls cost more than they gain.
const LEAST: usize = 1024;

/// Delays reading. It has a timer only while it delays.
pub(crate) struct Throttle {
    rate: Rate,
    /// When the bucket is full again; if in the past, it is full.
    full_at: Instant,
    delay: Option<Pin<Box<Sleep>>>,
}

impl Throttle {
    /// A full bucket.
    pub(crate) fn new(rate: Rate) -> Self {
        Throttle { rate, full_at: Instant::now(), delay: None }
    }

    /// Ready, with how much may be read at once, when the bucket is not empty.
    pub(crate) fn poll_allowed(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        let not_empty_at =
            self.full_at.checked_sub(self.time_for(self.rate.burst.into())).unwrap_or(self.full_at);
        if not_empty_at > Instant::now() {
            let delay = self.delay.get_or_insert_with(|| Box::pin(sleep_until(not_empty_at)));
            if delay.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        self.delay = None;
        let a_second = usize::try_from(self.rate.bytes_per_second.get()).unwrap_or(usize::MAX);
        Poll::Ready(a_second.clamp(LEAST, scratch::SIZE))
    }

    /// This many bytes have been read.
    pub(crate) fn took(&mut self, bytes: usize) {
        self.full_at = self.full_at.max(Instant::now()) + self.time_for(bytes as u64);
    }

    /// How long this many bytes take at the rate.
    fn time_for(&self, bytes: u64) -> Duration {
        Duration::from_nanos(
            bytes.saturating_mul(1_000_000_000) / u64::from(self.rate.bytes_per_second.get()),
        )
    }
}
