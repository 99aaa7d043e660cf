//! Which request ids are acceptable (XEP-0124 §11, §14).

/// The largest request id: 2^53 - 1.
pub(super) const LARGEST: u64 = 9_007_199_254_740_991;

/// The request ids a session has seen and expects.
pub(super) struct Window {
    /// The next one in order; all before it have arrived.
    pub next: u64,
    /// All up to this one have been answered.
    pub answered: u64,
    /// The number of requests that may be unanswered at once.
    size: u64,
}

/// Where a request id lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It has arrived before.
    Known,
    /// The next one in order.
    Next,
    /// Earlier ones are missing.
    Early,
    /// More requests would be unanswered than allowed.
    TooMany,
    /// Outside the window.
    Beyond,
}

impl Window {
    /// A window that begins with the request that creates the session.
    pub fn new(first: u64, size: u64) -> Self {
        Self { next: first, answered: first.saturating_sub(1), size }
    }

    /// `extra`: the request pauses or ends the session, for which one more is allowed (XEP-0124 §11).
    pub fn place(&self, rid: u64, extra: bool) -> Place {
        let size = self.size + u64::from(extra);
        match rid {
            rid if rid > LARGEST => Place::Beyond,
            rid if rid < self.next => Place::Known,
            rid if rid >= self.next + size => Place::Beyond,
            rid if rid > self.answered + size => Place::TooMany,
            rid if rid == self.next => Place::Next,
            _ => Place::Early,
        }
    }

    /// The highest response that must have arrived when the client sends `rid`, given that it never exceeds
    /// its limit of unanswered requests.
    pub fn surely_received(&self, rid: u64, extra: bool) -> u64 {
        rid.saturating_sub(self.size + u64::from(extra)).min(self.answered)
    }
}
