//! PLAIN (RFC 4616).

use xmpp::saslprep;
use zeroize::Zeroizing;

use crate::error::SaslError;

/// The content of a PLAIN message. No `Debug`, so that it cannot be logged.
pub struct PlainCredentials {
    /// The authorization identity, if any: a JID.
    pub authzid: Option<String>,
    /// The user name, after SASLprep: not yet a JID's local part.
    pub authcid: String,
    /// The password as sent; wiped when dropped.
    pub password: Zeroizing<String>,
}

/// Parses `[authzid] NUL authcid NUL password`.
///
/// # Errors
/// [`SaslError::MalformedRequest`]: not exactly two NULs, not UTF-8, a part too long for its kind, an empty
/// user name or password, or a user name that SASLprep refuses.
pub fn parse_plain(message: &[u8]) -> Result<PlainCredentials, SaslError> {
    let mut parts = message.split(|&b| b == 0);
    let (Some(authzid), Some(authcid), Some(password), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(SaslError::MalformedRequest);
    };
    let (authzid, authcid, password) = (text(authzid, 3071)?, text(authcid, 1023)?, text(password, 1023)?);
    let authcid = saslprep(authcid).map_err(|_| SaslError::MalformedRequest)?;
    if authcid.is_empty() || password.is_empty() {
        return Err(SaslError::MalformedRequest);
    }
    Ok(PlainCredentials {
        authzid: (!authzid.is_empty()).then(|| authzid.to_owned()),
        authcid: authcid.into_owned(),
        password: Zeroizing::new(password.to_owned()),
    })
}

fn text(part: &[u8], limit: usize) -> Result<&str, SaslError> {
    match std::str::from_utf8(part) {
        Ok(part) if part.len() <= limit => Ok(part),
        _ => Err(SaslError::MalformedRequest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_ones() {
        let plain = parse_plain(b"\0tim\0tanstaaftanstaaf").unwrap();
        assert_eq!((plain.authzid, plain.authcid.as_str()), (None, "tim"));
        assert_eq!(plain.password.as_str(), "tanstaaftanstaaf");
        let plain = parse_plain("Ursel\0I\u{AD}X\0x".as_bytes()).unwrap();
        assert_eq!((plain.authzid.as_deref(), plain.authcid.as_str()), (Some("Ursel"), "IX"));
    }

    #[test]
    fn bad_ones() {
        let long = [b"\0".as_slice(), &[b'a'; 1024], b"\0x"].concat();
        let bad: [&[u8]; 9] =
            [b"", b"\0", b"a\0b", b"\0\0x", b"\0a\0", b"\0a\0b\0", b"\0a\0\xff", b"\0\x07\0x", &long];
        for bad in bad {
            assert_eq!(parse_plain(bad).err(), Some(SaslError::MalformedRequest), "{bad:?}");
        }
    }
}
