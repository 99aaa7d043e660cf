//! The end of a session: who is told what.

use super::condition::Condition;
use super::reply::Reply;

/// The session has ended. One request is told why: the oldest that waits, else the next that comes.
pub(super) struct Ending {
    word: Option<Reply>,
    /// The oldest that waited.
    oldest: Option<u64>,
    /// What the others are answered.
    rest: Reply,
    legacy: bool,
}

impl Ending {
    /// `oldest`: the oldest request that waits.
    pub fn new(word: Reply, rest: Reply, oldest: Option<u64>, legacy: bool) -> Self {
        Self { word: Some(word), oldest, rest, legacy }
    }

    /// Whoever caused it has been told; the others are told that it was another.
    pub fn told(legacy: bool) -> Self {
        Self { word: None, oldest: None, rest: Reply::terminal(Condition::OtherRequest, legacy), legacy }
    }

    /// The answer to a request that waited when the session ended.
    pub fn answer(&self, rid: u64) -> Reply {
        match &self.word {
            Some(word) if self.oldest == Some(rid) => word.clone(),
            _ => self.rest.clone(),
        }
    }

    /// The answer to a request that comes after the end.
    pub fn late(&mut self) -> Reply {
        let gone = || Reply::terminal(Condition::ItemNotFound, self.legacy);
        if self.oldest.is_some() { gone() } else { self.word.take().unwrap_or_else(gone) }
    }

    /// Nobody has to be told any more.
    pub fn is_told(&self) -> bool {
        self.oldest.is_some() || self.word.is_none()
    }
}
