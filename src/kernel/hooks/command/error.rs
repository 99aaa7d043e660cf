//! The errors of the protocol.

use xmpp::{Element, StanzaError, ns};

/// The error conditions of XEP-0050 section 4.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// The action is not one of the protocol's.
    MalformedAction,
    /// The action is not possible now.
    BadAction,
    /// The language is not supported, or is not a language.
    BadLocale,
    /// The form is missing, of the wrong type, or not filled in as it has to be.
    BadPayload,
    /// The client has not been given this `sessionid`.
    BadSessionId,
    /// The command has been completed, cancelled, or left alone for too long.
    SessionExpired,
}

impl From<CommandError> for StanzaError {
    fn from(error: CommandError) -> Self {
        let (error, condition) = match error {
            CommandError::MalformedAction => (Self::bad_request(), "malformed-action"),
            CommandError::BadAction => (Self::bad_request(), "bad-action"),
            CommandError::BadLocale => (Self::bad_request(), "bad-locale"),
            CommandError::BadPayload => (Self::bad_request(), "bad-payload"),
            CommandError::BadSessionId => (Self::bad_request(), "bad-sessionid"),
            CommandError::SessionExpired => (Self::not_allowed(), "session-expired"),
        };
        error.app(Element::new(condition, ns::COMMANDS))
    }
}
