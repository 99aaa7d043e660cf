//! SASL errors.

/// A SASL error condition (RFC 6120 §6.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum SaslError {
    /// The client sent `<abort/>`.
    Aborted,
    /// The account is locked.
    AccountDisabled,
    /// The password is no longer valid and must be changed elsewhere.
    CredentialsExpired,
    /// The mechanism needs an encrypted stream.
    EncryptionRequired,
    /// The data is not valid base64 (RFC 4648).
    IncorrectEncoding,
    /// The authorization identity is malformed, or another account's.
    InvalidAuthzid,
    /// The mechanism was not offered.
    InvalidMechanism,
    /// The message does not follow the mechanism's grammar.
    MalformedRequest,
    /// The mechanism is weaker than the domain's policy allows.
    MechanismTooWeak,
    /// Wrong credentials, or no such account.
    NotAuthorized,
    /// The server cannot decide at present; the same credentials may work later.
    TemporaryAuthFailure,
}

impl SaslError {
    /// The name of the condition's element in `urn:ietf:params:xml:ns:xmpp-sasl`.
    pub const fn as_str(self) -> &'static str {
        match self {
            SaslError::Aborted => "aborted",
            SaslError::AccountDisabled => "account-disabled",
            SaslError::CredentialsExpired => "credentials-expired",
            SaslError::EncryptionRequired => "encryption-required",
            SaslError::IncorrectEncoding => "incorrect-encoding",
            SaslError::InvalidAuthzid => "invalid-authzid",
            SaslError::InvalidMechanism => "invalid-mechanism",
            SaslError::MalformedRequest => "malformed-request",
            SaslError::MechanismTooWeak => "mechanism-too-weak",
            SaslError::NotAuthorized => "not-authorized",
            SaslError::TemporaryAuthFailure => "temporary-auth-failure",
        }
    }
}
