//! The end of a session: who is told what.

use super::condition::Condition;
use super::reply::Reply;

/// The session has ended. One request is told why: the one that caused it, else the oldest that waits, else the next
/// that comes.
pub(super) struct Ending {
    word: Option<Reply>,
    /// Whose the word is; none: the next one's.
    rid: Option<u64>,
    /// What the others are answered.
    rest: Reply,
    legacy: bool,
}

impl Ending {
    /// `oldest`: the oldest request that waits.
    pub fn new(word: Reply, rest: Reply, oldest: Option<u64>, legacy: bool) -> Self {
        Self { word: Some(word), rid: oldest, rest, legacy }
    }

    /// A request has caused it; the others are told that it was another.
    pub fn caused_by(rid: u64, word: Reply, legacy: bool) -> Self {
        Self::new(word, Reply::terminal(Condition::OtherRequest, legacy), Some(rid), legacy)
    }

    /// Nobody is left to be told.
    pub fn silent(legacy: bool) -> Self {
        let gone = Reply::terminal(Condition::ItemNotFound, legacy);
        Self { word: None, rid: None, rest: gone, legacy }
    }

    /// The answer to a request that came before the end.
    pub fn answer(&self, rid: u64) -> Reply {
        match &self.word {
            Some(word) if self.rid == Some(rid) => word.clone(),
            _ => self.rest.clone(),
        }
    }

    /// The answer to a request that comes after the end.
    pub fn late(&mut self) -> Reply {
        let gone = || Reply::terminal(Condition::ItemNotFound, self.legacy);
        if self.rid.is_some() { gone() } else { self.word.take().unwrap_or_else(gone) }
    }

    /// Nobody has to be told any more.
    pub fn is_told(&self) -> bool {
        self.rid.is_some() || self.word.is_none()
    }
}
