//! Recently copied messages, so that errors answering them are copied too.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;
use parking_lot::Mutex;
use xmpp::Stanza;

use super::Direction;

/// How many messages of one account are remembered.
const LATEST: usize = 64;

/// The latest messages of one account of which copies were made: hashes of the other end and the id.
#[derive(Default)]
pub(super) struct Copied {
    hasher: DefaultHashBuilder,
    latest: Mutex<VecDeque<u64>>,
}

impl Copied {
    /// An error has the id of the message it answers, and comes from that message's recipient, though
    /// possibly from another resource.
    fn key(&self, message: &Stanza, direction: Direction) -> Option<u64> {
        let (peer, id) = direction.peer(message).zip(message.id())?;
        Some(self.hasher.hash_one((peer.bare_str(), id)))
    }

    /// Remembers a copied message; one without an id cannot be answered.
    pub fn note(&self, message: &Stanza, direction: Direction) {
        let Some(key) = self.key(message, direction) else { return };
        let mut latest = self.latest.lock();
        if latest.len() >= LATEST {
            latest.pop_front();
        }
        latest.push_back(key);
    }

    /// Whether this error answers one of them.
    pub fn is_answered_by(&self, error: &Stanza, direction: Direction) -> bool {
        self.key(error, direction).is_some_and(|key| self.latest.lock().contains(&key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str) -> Stanza {
        Stanza::parse_str(&format!("<message to='b@x.example' from='a@x.example/r' id='{id}'/>")).unwrap()
    }

    #[test]
    fn the_latest_are_remembered() {
        let copied = Copied::default();
        let error = |from: &str, id: &str| {
            let xml = format!("<message type='error' from='{from}' to='a@x.example/r' id='{id}'/>");
            copied.is_answered_by(&Stanza::parse_str(&xml).unwrap(), Direction::Received)
        };
        copied.note(&message("first"), Direction::Sent);
        assert!(error("b@x.example", "first") && error("b@x.example/any", "first"));
        assert!(!error("b@x.example", "other") && !error("c@x.example", "first"));
        for n in 0..LATEST {
            copied.note(&message(&n.to_string()), Direction::Sent);
        }
        assert!(error("b@x.example", "0") && !error("b@x.example", "first"));
        assert_eq!(copied.latest.lock().len(), LATEST);
        copied.note(&Stanza::parse_str("<message to='b@x.example'/>").unwrap(), Direction::Sent);
        assert!(error("b@x.example", "0"), "what has no id takes no place");
    }
}
