//! The end of a session: how each request is answered.

use super::condition::Condition;
use super::reply::Reply;

/// The end of a session. One request is answered with the reason: the one that caused it, else the oldest
/// held one, else the next to arrive.
pub(super) struct Ending {
    word: Option<Reply>,
    /// The request that gets the reason; `None`: the next one.
    rid: Option<u64>,
    /// The answer to the others.
    rest: Reply,
    legacy: bool,
}

impl Ending {
    /// `oldest`: the oldest held request.
    pub fn new(word: Reply, rest: Reply, oldest: Option<u64>, legacy: bool) -> Self {
        Self { word: Some(word), rid: oldest, rest, legacy }
    }

    /// The end was caused by a request; the others get `other-request`.
    pub fn caused_by(rid: u64, word: Reply, legacy: bool) -> Self {
        Self::new(word, Reply::terminal(Condition::OtherRequest, legacy), Some(rid), legacy)
    }

    /// No request needs the reason any more.
    pub fn silent(legacy: bool) -> Self {
        let gone = Reply::terminal(Condition::ItemNotFound, legacy);
        Self { word: None, rid: None, rest: gone, legacy }
    }

    /// The answer to a request that arrived before the end.
    pub fn answer(&self, rid: u64) -> Reply {
        match &self.word {
            Some(word) if self.rid == Some(rid) => word.clone(),
            _ => self.rest.clone(),
        }
    }

    /// The answer to a request that arrives after the end.
    pub fn late(&mut self) -> Reply {
        let gone = || Reply::terminal(Condition::ItemNotFound, self.legacy);
        if self.rid.is_some() { gone() } else { self.word.take().unwrap_or_else(gone) }
    }

    /// Whether the reason has been sent.
    pub fn is_told(&self) -> bool {
        self.rid.is_some() || self.word.is_none()
    }
}
