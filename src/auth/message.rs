//! The grammar of SCRAM's messages (RFC 5802 §7).

use std::borrow::Cow;

use crate::error::SaslError;

/// A message longer than this is refused: a user name of 1,023 bytes, escaped, and a long nonce fit.
const MAX_MESSAGE: usize = 8192;

/// What the client says of channel binding (RFC 5802 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BindingFlag<'a> {
    /// `n`: it cannot bind channels.
    Unable,
    /// `y`: it can, and believes that the server cannot.
    Unoffered,
    /// `p`: it binds by this kind.
    Bound(&'a str),
}

/// client-first-message, split into its parts.
#[derive(Debug)]
pub(crate) struct First<'a> {
    pub(crate) binding: BindingFlag<'a>,
    /// `n,,`, `y,a=…,` or `p=tls-exporter,,`, including the final comma.
    pub(crate) gs2_header: &'a str,
    /// What follows the GS2 header.
    pub(crate) bare: &'a str,
    /// Un-escaped.
    pub(crate) authzid: Option<Cow<'a, str>>,
    /// Un-escaped.
    pub(crate) username: Cow<'a, str>,
    pub(crate) nonce: &'a str,
}

/// client-final-message, split into its parts.
#[derive(Debug)]
pub(crate) struct Final<'a> {
    /// The message up to the comma before `p=`.
    pub(crate) without_proof: &'a str,
    /// Base64 of the GS2 header.
    pub(crate) binding: &'a str,
    pub(crate) nonce: &'a str,
    /// Base64.
    pub(crate) proof: &'a str,
}

fn text(message: &[u8]) -> Result<&str, SaslError> {
    if message.len() > MAX_MESSAGE || message.contains(&0) {
        return Err(SaslError::MalformedRequest);
    }
    std::str::from_utf8(message).map_err(|_| SaslError::MalformedRequest)
}

/// Parses a client-first-message.
pub(crate) fn parse_first(message: &[u8]) -> Result<First<'_>, SaslError> {
    let message = text(message)?;
    let (flag, rest) = message.split_once(',').ok_or(SaslError::MalformedRequest)?;
    let binding = binding_flag(flag)?;
    let (authzid, bare) = rest.split_once(',').ok_or(SaslError::MalformedRequest)?;
    let gs2_header = message.get(..message.len() - bare.len()).ok_or(SaslError::MalformedRequest)?;
    let authzid = match authzid {
        "" => None,
        named => Some(saslname(value(named, "a=")?)?),
    };
    let mut fields = bare.split(',');
    // `m=`, the mandatory extension, would come first and is refused here: none are supported.
    let username = saslname(value(fields.next().unwrap_or_default(), "n=")?)?;
    let nonce = nonce(value(fields.next().unwrap_or_default(), "r=")?)?;
    extensions(fields)?;
    Ok(First { binding, gs2_header, bare, authzid, username, nonce })
}

/// `gs2-cbind-flag`; a kind's name has letters, digits, `.` and `-`.
fn binding_flag(flag: &str) -> Result<BindingFlag<'_>, SaslError> {
    let named = |kind: &str| {
        !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
    };
    match flag {
        "n" => Ok(BindingFlag::Unable),
        "y" => Ok(BindingFlag::Unoffered),
        _ => {
            let kind = value(flag, "p=")?;
            if named(kind) { Ok(BindingFlag::Bound(kind)) } else { Err(SaslError::MalformedRequest) }
        }
    }
}

/// Parses a client-final-message.
pub(crate) fn parse_final(message: &[u8]) -> Result<Final<'_>, SaslError> {
    let message = text(message)?;
    let (without_proof, proof) = message.rsplit_once(',').ok_or(SaslError::MalformedRequest)?;
    let proof = value(proof, "p=")?;
    let mut fields = without_proof.split(',');
    let binding = value(fields.next().unwrap_or_default(), "c=")?;
    let nonce = nonce(value(fields.next().unwrap_or_default(), "r=")?)?;
    extensions(fields)?;
    Ok(Final { without_proof, binding, nonce, proof })
}

fn value<'a>(field: &'a str, name: &str) -> Result<&'a str, SaslError> {
    field.strip_prefix(name).ok_or(SaslError::MalformedRequest)
}

/// Optional extensions are ignored if they have the form `ALPHA "=" 1*value-char`; `m=` is refused anywhere,
/// and so is a repetition of an attribute that the grammar has once.
fn extensions<'a>(fields: impl Iterator<Item = &'a str>) -> Result<(), SaslError> {
    for field in fields {
        let mut bytes = field.bytes();
        let name = bytes.next().unwrap_or_default();
        let well_formed = name.is_ascii_alphabetic() && bytes.next() == Some(b'=') && bytes.next().is_some();
        if !well_formed || b"amncrspiv".contains(&name) {
            return Err(SaslError::MalformedRequest);
        }
    }
    Ok(())
}

/// Printable ASCII except the comma, which `split` has removed already.
fn nonce(value: &str) -> Result<&str, SaslError> {
    let fits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(value) } else { Err(SaslError::MalformedRequest) }
}

/// Un-escapes `=2C` and `=3D`; any other `=` is an error.
fn saslname(value: &str) -> Result<Cow<'_, str>, SaslError> {
    if value.is_empty() {
        return Err(SaslError::MalformedRequest);
    }
    if !value.contains('=') {
        return Ok(Cow::Borrowed(value));
    }
    let mut pieces = value.split('=');
    let mut out = String::with_capacity(value.len());
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (char, rest) = match (piece.strip_prefix("2C"), piece.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return Err(SaslError::MalformedRequest),
        };
        out.push(char);
        out.push_str(rest);
    }
    Ok(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_messages() {
        let first = parse_first(b"y,a=jack@chess.example,n=a=2Cb=3Dc,r=abc,x=1").unwrap();
        assert_eq!(first.gs2_header, "y,a=jack@chess.example,");
        assert_eq!(first.bare, "n=a=2Cb=3Dc,r=abc,x=1");
        assert_eq!(first.authzid.as_deref(), Some("jack@chess.example"));
        assert_eq!(first.username, "a,b=c");
        assert_eq!(first.nonce, "abc");
        let first = parse_first("n,,n=jörg,r=~!".as_bytes()).unwrap();
        assert_eq!((first.gs2_header, first.authzid.as_deref()), ("n,,", None));
        assert_eq!(first.username, "jörg");
        assert_eq!(first.binding, BindingFlag::Unable);
        let first = parse_first(b"p=tls-exporter,,n=a,r=b").unwrap();
        assert_eq!(
            (first.gs2_header, first.binding),
            ("p=tls-exporter,,", BindingFlag::Bound("tls-exporter"))
        );
    }

    #[test]
    fn malformed_first_messages() {
        for bad in [
            "",
            "n",
            "n,",
            "n,,",
            "p,,n=a,r=b",
            "p=,,n=a,r=b",
            "p=tls_unique,,n=a,r=b",
            "x,,n=a,r=b",
            "n,,m=x,n=a,r=b",
            "n,,n=a,r=b,m=x",
            "n,,n=a,r=b,r=c",
            "n,,n=a,r=",
            "n,,n=a,r=a b",
            "n,,n=a,r=ä",
            "n,,n=,r=b",
            "n,,n=a",
            "n,,r=b,n=a",
            "n,,n=a=,r=b",
            "n,,n=a=2c,r=b",
            "n,,n=a=4C,r=b",
            "n,a=,n=a,r=b",
            "n,b=x,n=a,r=b",
            "n,,n=a,r=b,",
            "n,,n=a,r=b,x=",
            "n,,n=a\0,r=b",
        ] {
            assert_eq!(parse_first(bad.as_bytes()).unwrap_err(), SaslError::MalformedRequest, "{bad:?}");
        }
        assert!(parse_first(b"n,,n=\xff,r=b").is_err());
        assert!(parse_first(format!("n,,n=a,r={}", "b".repeat(MAX_MESSAGE)).as_bytes()).is_err());
    }

    #[test]
    fn final_messages() {
        let last = parse_final(b"c=biws,r=abc,p=AA==").unwrap();
        assert_eq!(last.without_proof, "c=biws,r=abc");
        assert_eq!((last.binding, last.nonce, last.proof), ("biws", "abc", "AA=="));
        for bad in ["", "c=biws,r=abc", "c=biws,p=AA==", "r=abc,p=AA==", "c=biws,r=abc,m=1,p=AA==", "p=AA=="]
        {
            assert_eq!(parse_final(bad.as_bytes()).unwrap_err(), SaslError::MalformedRequest, "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn anything_may_come(bytes: Vec<u8>, text in "([ny]|p=[a-z.-]{1,4}),(a=[a=,2C3D]{0,6})?,n=[a=,2C3D]{0,6},r=[a-z,=]{0,5}") {
            // Any input is refused or split without loss.
            for message in [&bytes[..], text.as_bytes()] {
                if let Ok(first) = parse_first(message) {
                    assert_eq!([first.gs2_header, first.bare].concat().as_bytes(), message);
                }
                if let Ok(last) = parse_final(message) {
                    assert_eq!(format!("{},p={}", last.without_proof, last.proof).as_bytes(), message);
                }
            }
        }

        #[test]
        fn names_round_trip(name in "[^\0]{1,40}") {
            let escaped = name.replace('=', "=3D").replace(',', "=2C");
            let message = format!("n,a={escaped},n={escaped},r=nonce");
            let first = parse_first(message.as_bytes()).unwrap();
            assert_eq!(&first.username, name.as_str());
            assert_eq!(first.authzid.as_deref(), Some(name.as_str()));
        }
    }
}
