//! Passwords of other software in the server's own store.

use storage::{AccountSecret, Kept};

use super::Secret;
use super::error::SecretError;
use super::format::Format;

/// How the store keeps a password of another system: SCRAM keys as the keys that they are; anything else as it is, until
/// the account's first login.
///
/// # Errors
/// [`SecretError`]: what could not be verified is not kept.
pub fn kept(format: Format, text: &str, salt: Option<&str>) -> Result<Kept, SecretError> {
    let one_way = match Secret::read(format, text, salt)? {
        Secret::Scram(keys) => return Ok(Kept::Keys(keys)),
        Secret::Plain(_) => false,
        Secret::OneWay(_) => true,
    };
    let format = format.of(text).ok_or(SecretError::Unrecognized)?;
    Ok(Kept::Secret(AccountSecret {
        format: format.word().to_owned(),
        text: text.to_owned(),
        salt: salt.filter(|salt| !salt.is_empty()).map(str::to_owned),
        one_way,
    }))
}
