//! Terminal conditions (XEP-0124 §17.2).

use http::StatusCode;

/// A terminal binding condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The request's syntax is invalid.
    BadRequest,
    /// The domain is no longer served.
    HostGone,
    /// The domain is not served.
    HostUnknown,
    /// The request to create a session names no domain, or an invalid one.
    ImproperAddressing,
    InternalServerError,
    /// No such session, a request id outside the window, or a key that does not match.
    ItemNotFound,
    /// Another request ended the session.
    OtherRequest,
    /// The client has broken the session's rules.
    PolicyViolation,
    /// The stream is no longer served.
    RemoteConnectionFailed,
    /// The stream ended with the enclosed error.
    RemoteStreamError,
    /// The client must use the enclosed URI.
    SeeOtherUri,
    /// The server is shutting down.
    SystemShutdown,
    /// None of the others.
    UndefinedCondition,
}

impl Condition {
    /// The value of `condition`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Condition::BadRequest => "bad-request",
            Condition::HostGone => "host-gone",
            Condition::HostUnknown => "host-unknown",
            Condition::ImproperAddressing => "improper-addressing",
            Condition::InternalServerError => "internal-server-error",
            Condition::ItemNotFound => "item-not-found",
            Condition::OtherRequest => "other-request",
            Condition::PolicyViolation => "policy-violation",
            Condition::RemoteConnectionFailed => "remote-connection-failed",
            Condition::RemoteStreamError => "remote-stream-error",
            Condition::SeeOtherUri => "see-other-uri",
            Condition::SystemShutdown => "system-shutdown",
            Condition::UndefinedCondition => "undefined-condition",
        }
    }

    /// The HTTP status for a client without `ver` (XEP-0124 §17.1).
    pub(super) const fn legacy_status(self) -> StatusCode {
        match self {
            Condition::BadRequest => StatusCode::BAD_REQUEST,
            Condition::PolicyViolation => StatusCode::FORBIDDEN,
            Condition::ItemNotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        }
    }

    /// The terminal condition for a stream error, if there is an equivalent; else the error is enclosed.
    pub(super) fn of_stream_error(name: &str) -> Self {
        match name {
            "host-gone" => Condition::HostGone,
            "host-unknown" => Condition::HostUnknown,
            "improper-addressing" => Condition::ImproperAddressing,
            "internal-server-error" => Condition::InternalServerError,
            "system-shutdown" => Condition::SystemShutdown,
            _ => Condition::RemoteStreamError,
        }
    }
}
