//! Stanzas that wait for a link, in order, bounded in number, bytes and time.

use std::collections::VecDeque;
use std::time::Duration;

use kernel::Parked;
use tokio::time::Instant;

/// How much may wait, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub stanzas: usize,
    pub bytes: usize,
    pub time: Duration,
}

#[derive(Default)]
pub(crate) struct Queue {
    waiting: VecDeque<(Parked, Instant)>,
    bytes: usize,
}

impl Queue {
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn push(&mut self, parked: Parked, now: Instant) {
        self.bytes += parked.size();
        self.waiting.push_back((parked, now));
    }

    /// The first, and since when it waits.
    pub fn pop(&mut self) -> Option<(Parked, Instant)> {
        let first = self.waiting.pop_front();
        if let Some((parked, _)) = &first {
            self.bytes = self.bytes.saturating_sub(parked.size());
        }
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        first
    }

    pub fn iter(&self) -> impl Iterator<Item = &Parked> {
        self.waiting.iter().map(|(parked, _)| parked)
    }

    pub fn into_parked(self) -> impl Iterator<Item = Parked> {
        self.waiting.into_iter().map(|(parked, _)| parked)
    }

    /// Puts what waits in `other` behind what waits here; it has waited as long as before.
    pub fn append(&mut self, other: Queue) {
        self.bytes += other.bytes;
        self.waiting.extend(other.waiting);
    }

    /// The first, if it has waited this long.
    pub fn pop_due(&mut self, time: Duration, now: Instant) -> Option<Parked> {
        self.waiting.front().filter(|(_, since)| *since + time <= now)?;
        self.pop().map(|(parked, _)| parked)
    }
}

impl IntoIterator for Queue {
    type Item = (Parked, Instant);
    type IntoIter = std::collections::vec_deque::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.waiting.into_iter()
    }
}
