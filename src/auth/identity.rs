//! EXTERNAL (RFC 4422 appendix A).

use crate::error::SaslError;

/// Parses the only message of EXTERNAL: the authorization identity, a JID or for servers a domain; `None` if it is empty: who the
/// peer is follows from its certificate alone.
///
/// # Errors
/// [`SaslError::MalformedRequest`]: not UTF-8, NUL in it, or longer than a JID.
pub fn parse_external(message: &[u8]) -> Result<Option<&str>, SaslError> {
    if message.len() > 3071 || message.contains(&0) {
        return Err(SaslError::MalformedRequest);
    }
    let text = std::str::from_utf8(message).map_err(|_| SaslError::MalformedRequest)?;
    Ok((!text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_or_none() {
        assert_eq!(parse_external(b""), Ok(None));
        assert_eq!(parse_external(b"anna@chess.example"), Ok(Some("anna@chess.example")));
        let long = [b'a'; 3072];
        for bad in [&b"a\0b"[..], b"\xff", &long] {
            assert_eq!(parse_external(bad), Err(SaslError::MalformedRequest));
        }
    }
}
