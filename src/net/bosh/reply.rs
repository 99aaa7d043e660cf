//! A response's `<body/>`.

use bytes::Bytes;
use http::StatusCode;
use xmpp::ns;

use super::condition::Condition;

/// The answer to a request. Cloned by reference count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Reply {
    fn ok(body: Bytes) -> Self {
        Self { status: StatusCode::OK, body }
    }

    /// An empty body.
    pub fn empty() -> Self {
        Self::ok(Bytes::from_static(b"<body xmlns='http://jabber.org/protocol/httpbind'/>"))
    }

    /// A recoverable condition: the request must be sent again (XEP-0124 §17.3).
    pub fn again() -> Self {
        Self::ok(Bytes::from_static(b"<body type='error' xmlns='http://jabber.org/protocol/httpbind'/>"))
    }

    /// The session has ended as the client requested; `content` is enclosed and may use the prefix `stream`.
    pub fn farewell(stream: bool, content: &[u8]) -> Self {
        let tag = Tag::new().attr("type", "terminate");
        if stream { tag.stream() } else { tag }.wrap(content)
    }

    /// The session has ended with this condition.
    pub fn terminal(condition: Condition, legacy: bool) -> Self {
        Self::terminal_with(condition, legacy, false, &[])
    }

    /// The same with enclosed `content`, which may use the prefix `stream`.
    pub fn terminal_with(condition: Condition, legacy: bool, stream: bool, content: &[u8]) -> Self {
        let tag = Tag::new().attr("type", "terminate").attr("condition", condition.as_str());
        let reply = if stream { tag.stream() } else { tag }.wrap(content);
        if legacy { Self { status: condition.legacy_status(), ..reply } } else { reply }
    }
}

/// The start tag of a response's body.
pub(super) struct Tag(Vec<u8>);

impl Tag {
    pub fn new() -> Self {
        Self(format!("<body xmlns='{}'", ns::HTTPBIND).into_bytes())
    }

    /// Adds an attribute. The value may be any text allowed in XML.
    pub fn attr(mut self, name: &str, value: &str) -> Self {
        self.0.extend_from_slice(format!(" {name}='").as_bytes());
        for byte in value.bytes() {
            match byte {
                b'<' => self.0.extend_from_slice(b"&lt;"),
                b'&' => self.0.extend_from_slice(b"&amp;"),
                b'\'' => self.0.extend_from_slice(b"&apos;"),
                byte => self.0.push(byte),
            }
        }
        self.0.push(b'\'');
        self
    }

    /// Adds a numeric attribute.
    pub fn number(self, name: &str, value: impl Into<u64>) -> Self {
        self.attr(name, &value.into().to_string())
    }

    /// Declares the prefix `stream`.
    pub fn stream(self) -> Self {
        self.attr("xmlns:stream", ns::STREAM)
    }

    /// The whole body with this content.
    pub fn wrap(mut self, content: &[u8]) -> Reply {
        match content {
            [] => self.0.extend_from_slice(b"/>"),
            content => {
                self.0.reserve_exact(content.len() + 8);
                self.0.push(b'>');
                self.0.extend_from_slice(content);
                self.0.extend_from_slice(b"</body>");
            }
        }
        // It is kept for as long as it may be requested again.
        self.0.shrink_to_fit();
        Reply::ok(self.0.into())
    }
}
