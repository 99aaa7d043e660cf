//! Which hashes all accounts of a domain have keys for: asked by every stream that opens, so remembered.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::Hash;

/// How long an answer holds, for accounts that others change in the same database. Changes of our own hold at once.
const HOLDS: Duration = Duration::from_secs(60);

/// The answers, by domain.
#[derive(Default)]
pub(crate) struct CommonHashes(Mutex<State>);

#[derive(Default)]
struct State {
    answers: HashMap<String, Answer>,
    /// Changes so far: an answer that was read while one was made may be older than it.
    changes: u64,
}

struct Answer {
    hashes: Arc<[Hash]>,
    until: Duration,
}

impl CommonHashes {
    /// What is remembered, or what [`put`](Self::put) wants to know of the time before the question.
    pub fn get(&self, domain: &str, now: Duration) -> Result<Arc<[Hash]>, u64> {
        let state = self.0.lock();
        match state.answers.get(domain) {
            Some(answer) if answer.until > now => Ok(answer.hashes.clone()),
            _ => Err(state.changes),
        }
    }

    /// Remembers an answer, unless something has changed since the question.
    pub fn put(&self, domain: &str, hashes: Arc<[Hash]>, now: Duration, asked: u64) {
        let mut state = self.0.lock();
        if state.changes == asked {
            state.answers.insert(domain.to_owned(), Answer { hashes, until: now + HOLDS });
        }
    }

    /// Keys are being changed.
    pub fn change(self: &Arc<Self>) -> Change {
        Change(self.clone())
    }
}

/// A change of keys that is under way. Belongs to the write, which ends before its answer is sent.
pub(crate) struct Change(Arc<CommonHashes>);

impl Drop for Change {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        state.changes += 1;
        state.answers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOMAIN: &str = "chess.example";

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_answer_holds_until_a_change_and_for_a_minute() {
        let known = Arc::new(CommonHashes::default());
        let asked = known.get(DOMAIN, at(0)).unwrap_err();
        known.put(DOMAIN, [Hash::Sha1].into(), at(0), asked);
        assert_eq!(known.get(DOMAIN, at(59)).unwrap()[..], [Hash::Sha1]);
        assert!(known.get("other.example", at(0)).is_err());
        assert!(known.get(DOMAIN, at(60)).is_err());
        drop(known.change());
        assert!(known.get(DOMAIN, at(1)).is_err());
    }

    #[test]
    fn an_answer_from_before_a_change_is_not_remembered() {
        let known = Arc::new(CommonHashes::default());
        let change = known.change();
        let asked = known.get(DOMAIN, at(0)).unwrap_err();
        drop(change);
        known.put(DOMAIN, [Hash::Sha1].into(), at(0), asked);
        assert!(known.get(DOMAIN, at(0)).is_err());
    }
}
