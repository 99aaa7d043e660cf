//! How much of their bodies the streams of one connection may have sent before it is known whether more is allowed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// For all streams together.
const MOST: usize = 64 * 1024;

/// A stream's part, given back when it is dropped.
#[derive(Default)]
pub(crate) struct FirstBytes {
    /// What all streams have taken; `None`: the connection has one body at a time.
    all: Option<Arc<AtomicUsize>>,
    own: usize,
}

impl FirstBytes {
    pub fn shared(all: Arc<AtomicUsize>) -> Self {
        Self { all: Some(all), own: 0 }
    }

    /// Takes up to this many bytes; returns how many there were.
    pub fn take(&mut self, bytes: usize) -> usize {
        let Some(all) = &self.all else { return bytes };
        let mut granted = 0;
        let _ = all.try_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            granted = bytes.min(MOST.saturating_sub(taken));
            Some(taken + granted)
        });
        self.own += granted;
        granted
    }
}

impl Drop for FirstBytes {
    fn drop(&mut self) {
        if let Some(all) = &self.all {
            all.fetch_sub(self.own, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streams_of_a_connection_share_them() {
        let all = Arc::new(AtomicUsize::new(0));
        let (mut one, mut other) = (FirstBytes::shared(all.clone()), FirstBytes::shared(all));
        assert_eq!(one.take(MOST - 10), MOST - 10);
        assert_eq!((other.take(20), other.take(1)), (10, 0));
        drop(one);
        assert_eq!(other.take(usize::MAX), MOST - 10);
        assert_eq!(FirstBytes::default().take(usize::MAX), usize::MAX);
    }
}
