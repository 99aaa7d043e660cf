//! Why a stored password cannot be used.

use super::bounds::MAX_TEXT;
use super::format::Format;

/// Why a stored password cannot be used. Never contains any of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("the stored password is empty")]
    Empty,
    #[error("the stored password or its salt is longer than {MAX_TEXT} bytes")]
    TooLong,
    /// It does not follow the grammar of the format, or is of a variant that is not supported.
    #[error("the stored password is not valid for the format {0}")]
    Malformed(Format),
    /// With [`Format::Auto`].
    #[error("the stored password does not begin with the name of a known format")]
    Unrecognized,
    /// The salt column is absent or empty.
    #[error("the format {0} needs a salt")]
    NoSalt(Format),
    /// To verify it would cost more than [`Bounds`](super::Bounds) allow.
    #[error("the stored password is too costly: {what} is {asked}, and at most {most} is allowed")]
    TooCostly {
        /// Which cost, such as `the bcrypt cost`.
        what: &'static str,
        /// What it asks for.
        asked: u64,
        /// The bound.
        most: u64,
    },
}

/// Refuses a cost above its bound.
pub(super) fn bounded(what: &'static str, asked: u64, most: u32) -> Result<u32, SecretError> {
    match u32::try_from(asked) {
        Ok(cost) if cost <= most => Ok(cost),
        _ => Err(SecretError::TooCostly { what, asked, most: most.into() }),
    }
}
