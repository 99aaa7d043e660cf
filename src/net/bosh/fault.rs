//! A condition, and the text sent with it.

use xmpp::{Element, StreamError, ns};

use super::condition::Condition;
use super::reply::Reply;

/// Why a request, and its session with it, is refused. Text is sent only where it does not help an attacker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    condition: Condition,
    words: Words,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Words {
    None,
    /// For the developer of the client.
    Text(&'static str),
    /// The equivalent stream error.
    Error(Box<StreamError>),
}

impl Fault {
    pub fn new(condition: Condition, words: &'static str) -> Self {
        Self { condition, words: Words::Text(words) }
    }

    /// A body that is not well-formed XML.
    pub fn malformed(error: StreamError) -> Self {
        Self { condition: Condition::BadRequest, words: Words::Error(Box::new(error)) }
    }

    /// The answer for the client.
    pub fn reply(&self, legacy: bool) -> Reply {
        let mut content = Vec::new();
        match &self.words {
            Words::None => {}
            Words::Text(words) => {
                let text = Element::new("text", ns::STREAMS_ERR).attr("xml:lang", "en").text(words);
                text.write(&mut content, ns::HTTPBIND);
            }
            Words::Error(error) => error.to_element().write_prefixed(&mut content, "stream", ns::HTTPBIND),
        }
        let stream = matches!(self.words, Words::Error(_));
        Reply::terminal_with(self.condition, legacy, stream, &content)
    }
}

impl From<Condition> for Fault {
    fn from(condition: Condition) -> Self {
        Self { condition, words: Words::None }
    }
}
