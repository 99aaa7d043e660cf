//! The elements of stream management (XEP-0198).

use kernel::TooHigh;
use xmpp::{Condition, Element, Node, StreamCondition, StreamError, ns};

/// What a client sent.
pub(crate) enum Request {
    /// `<enable/>`
    Enable {
        /// Whether it wants to be able to resume.
        resume: bool,
        /// For how many seconds at most.
        max: Option<u64>,
    },
    /// `<resume/>`
    Resume {
        /// The token; `None` if it is malformed.
        previd: Option<u128>,
        /// The number of stanzas the client has handled.
        h: u32,
    },
    /// `<r/>`
    Ask,
    /// `<a/>`
    Answer {
        /// The number of stanzas the client has handled.
        h: u32,
    },
    /// Another element of that namespace, or one with missing attributes.
    Bad,
}

/// Reads an element of the stream management namespace; `None` for other namespaces.
pub(crate) fn read(node: Node<'_>) -> Option<Request> {
    if node.ns() != ns::SM {
        return None;
    }
    let h = || node.attr("h").and_then(|h| h.parse().ok());
    Some(match node.name() {
        "enable" => Request::Enable {
            resume: node.attr("resume").is_some_and(|v| v == "true" || v == "1"),
            max: node.attr("max").and_then(|max| max.parse().ok()),
        },
        "resume" => match h() {
            Some(h) => Request::Resume { previd: node.attr("previd").and_then(|id| parse_token(&id)), h },
            None => Request::Bad,
        },
        "r" => Request::Ask,
        "a" => h().map_or(Request::Bad, |h| Request::Answer { h }),
        _ => Request::Bad,
    })
}

/// A token as written in `id` and `previd`: 128 bits in hexadecimal.
pub(crate) fn token(token: u128) -> String {
    format!("{token:032x}")
}

fn parse_token(id: &str) -> Option<u128> {
    (id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| u128::from_str_radix(id, 16).ok())?
}

fn element(name: &'static str) -> Element {
    Element::new(name, ns::SM)
}

/// `<enabled/>`, with the token and the time to resume if the session can be resumed.
pub(crate) fn enabled(resume: Option<(u128, u64)>) -> Element {
    match resume {
        None => element("enabled"),
        Some((id, max)) => {
            element("enabled").attr("id", token(id)).attr("resume", "true").attr("max", max.to_string())
        }
    }
}

/// `<resumed/>`
pub(crate) fn resumed(previd: u128, h: u32) -> Element {
    element("resumed").attr("previd", token(previd)).attr("h", h.to_string())
}

/// `<failed/>` with a stanza error condition.
pub(crate) fn failed(condition: Condition) -> Element {
    element("failed").child(Element::new(condition.as_str(), ns::STANZAS))
}

/// The answer to stream management before a session is bound (sections 3 and 6).
pub(crate) fn too_early(confirms: bool) -> Element {
    if confirms { not_here() } else { failed(Condition::UnexpectedRequest) }
}

/// `<failed/>` on a transport with its own acknowledgements (XEP-0124 section 9).
pub(crate) fn not_here() -> Element {
    let words = "stream management is not available over BOSH, which has its own acknowledgements";
    failed(Condition::FeatureNotImplemented)
        .child(Element::new("text", ns::STANZAS).attr("xml:lang", "en").text(words))
}

/// `<r/>`
pub(crate) fn ask() -> Element {
    element("r")
}

/// `<a/>`
pub(crate) fn answer(h: u32) -> Element {
    element("a").attr("h", h.to_string())
}

/// The client acknowledges more than was sent (XEP-0198 section 4).
pub(crate) fn too_high(TooHigh { h, sent }: TooHigh) -> StreamError {
    StreamError::new(StreamCondition::UndefinedCondition)
        .text(format!("you acknowledged {h} stanzas, but only {sent} were sent"))
        .application(
            element("handled-count-too-high").attr("h", h.to_string()).attr("send-count", sent.to_string()),
        )
}
