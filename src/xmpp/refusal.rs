//! Stream errors that refuse input before it is interpreted.

use crate::error::{StreamCondition, StreamError};

/// Not well-formed XML, or not namespace-well-formed.
pub(crate) fn malformed(text: &str) -> StreamError {
    StreamError::new(StreamCondition::NotWellFormed).text(text)
}

/// More than the limits allow.
pub(crate) fn violation(text: &str) -> StreamError {
    StreamError::new(StreamCondition::PolicyViolation).text(text)
}

/// A stanza, or a stream header, of more than `bytes` bytes.
pub(crate) fn too_large(bytes: usize) -> StreamError {
    violation(&format!("the stanza is larger than {bytes} bytes"))
}

/// XML that XMPP forbids (RFC 6120 §11.1).
pub(crate) fn restricted() -> StreamError {
    let text = "comments, DTDs and processing instructions are not allowed";
    StreamError::new(StreamCondition::RestrictedXml).text(text)
}
