//! Which request ids may come (XEP-0124 §11, §14).

/// The largest request id: 2^53 - 1.
pub(super) const LARGEST: u64 = 9_007_199_254_740_991;

/// The request ids that a session knows and expects.
pub(super) struct Window {
    /// The next one in order; all before it have come.
    pub next: u64,
    /// All up to this one have been answered.
    pub answered: u64,
    /// Requests that may be unanswered at once.
    size: u64,
}

/// What a request id is to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It has come before.
    Known,
    /// The next one in order.
    Next,
    /// Others are missing before it.
    Early,
    /// More requests are unanswered than may be.
    TooMany,
    /// Outside of the window.
    Beyond,
}

impl Window {
    /// Begins with the request that creates the session.
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

    /// The highest response that must have arrived when the client sends `rid`: it never has more requests
    /// unanswered than it may have.
    pub fn surely_received(&self, rid: u64, extra: bool) -> u64 {
        rid.saturating_sub(self.size + u64::from(extra)).min(self.answered)
    }
}
