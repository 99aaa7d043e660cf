//! Protocol violations by a peer.

use xmpp::{StreamCondition, StreamError};

/// A peer violated the WebSocket protocol; nothing it sends after that is read (RFC 6455 section 7.1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code} {what}")]
pub struct Fault {
    /// The close code to send (RFC 6455 section 7.4.1).
    pub code: u16,
    /// A description.
    pub what: &'static str,
}

impl Fault {
    pub(super) fn protocol(what: &'static str) -> Self {
        Fault { code: 1002, what }
    }

    pub(super) const BINARY: Fault = Fault { code: 1003, what: "binary messages are not supported" };
    pub(super) const ENCODING: Fault = Fault { code: 1007, what: "invalid UTF-8" };
    pub(super) const TOO_LARGE: Fault = Fault { code: 1009, what: "message too large" };

    /// The stream error sent before the connection is closed with the code.
    pub(super) fn stream_error(self) -> StreamError {
        let condition = match self.code {
            1009 => StreamCondition::PolicyViolation,
            1007 => StreamCondition::UnsupportedEncoding,
            _ => StreamCondition::BadFormat,
        };
        StreamError::new(condition).text(self.what)
    }
}
