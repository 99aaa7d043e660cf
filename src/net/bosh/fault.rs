//! A condition, and words for whoever wrote the client.

use xmpp::{Element, ns};

use super::condition::Condition;
use super::reply::Reply;

/// Why a request, and its session with it, is refused. Words are given only where they tell an attacker nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub condition: Condition,
    words: &'static str,
}

impl Fault {
    pub fn new(condition: Condition, words: &'static str) -> Self {
        Self { condition, words }
    }

    /// What the client is told.
    pub fn reply(self, legacy: bool) -> Reply {
        if self.words.is_empty() {
            return Reply::terminal(self.condition, legacy);
        }
        let mut content = Vec::new();
        let text = Element::new("text", ns::STREAMS_ERR).attr("xml:lang", "en").text(self.words);
        text.write(&mut content, ns::HTTPBIND);
        Reply::terminal_with(self.condition, legacy, false, &content)
    }
}

impl From<Condition> for Fault {
    fn from(condition: Condition) -> Self {
        Self::new(condition, "")
    }
}
