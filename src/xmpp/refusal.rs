//! The stream errors with which input is refused before it is understood.

use crate::error::{StreamCondition, StreamError};

/// Not XML, or not namespace-well-formed.
pub(crate) fn malformed(text: &str) -> StreamError {
    StreamError::new(StreamCondition::NotWellFormed).text(text)
}

/// More than the limits allow.
pub(crate) fn violation(text: &str) -> StreamError {
    StreamError::new(StreamCondition::PolicyViolation).text(text)
}

/// XML that XMPP forbids (RFC 6120 §11.1).
pub(crate) fn restricted(text: &str) -> StreamError {
    StreamError::new(StreamCondition::RestrictedXml).text(text)
}
