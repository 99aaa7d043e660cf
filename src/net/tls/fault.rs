//! Why a peer's certificate is not accepted.

use std::fmt;

use webpki::Error;

/// How many names are listed.
const LISTED: usize = 8;

/// Why a certificate is not valid for its peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerFault {
    /// It, or one that it was issued by, has expired.
    Expired,
    /// It, or one that it was issued by, is not valid yet.
    NotYetValid,
    /// None of the roots has issued it, or an intermediate certificate is missing.
    UnknownIssuer,
    /// The peer has issued it itself.
    SelfSigned,
    /// It is for other names, these.
    WrongName(Vec<String>),
    /// It cannot be parsed.
    Malformed,
    /// Another reason, in the words of the library.
    Other(String),
}

impl PeerFault {
    /// `own_issuer`: whether the certificate claims to be issued by its own subject.
    pub(super) fn new(error: Error, own_issuer: impl Fn() -> bool) -> Self {
        match error {
            Error::CertExpired { .. } => PeerFault::Expired,
            Error::CertNotValidYet { .. } => PeerFault::NotYetValid,
            Error::UnknownIssuer | Error::CaUsedAsEndEntity if own_issuer() => PeerFault::SelfSigned,
            // The second: a trusted issuer has that name, and another key.
            Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => PeerFault::UnknownIssuer,
            Error::BadDer | Error::BadDerTime | Error::TrailingData(_) | Error::MalformedExtensions => {
                PeerFault::Malformed
            }
            other => PeerFault::Other(other.to_string()),
        }
    }
}

impl fmt::Display for PeerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeerFault::Expired => f.write_str("the certificate has expired"),
            PeerFault::NotYetValid => f.write_str("the certificate is not valid yet"),
            PeerFault::UnknownIssuer => f.write_str(
                "the certificate's issuer is not trusted, or an intermediate certificate is missing",
            ),
            PeerFault::SelfSigned => f.write_str("the certificate is self-signed"),
            PeerFault::WrongName(names) if names.is_empty() => {
                f.write_str("the certificate contains no name")
            }
            PeerFault::WrongName(names) => {
                let listed: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
                let more = if names.len() > LISTED { ", …" } else { "" };
                write!(f, "the certificate is only valid for {}{more}", listed.join(", "))
            }
            PeerFault::Malformed => f.write_str("the certificate is malformed"),
            PeerFault::Other(what) => write!(f, "the certificate is not accepted: {what}"),
        }
    }
}

impl std::error::Error for PeerFault {}
