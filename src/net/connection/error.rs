//! Connection failures.

use std::io;

use xmpp::StreamError;

/// A stream is over.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The connection is broken; nothing more can be sent.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The peer violated the stream's rules, and must be sent this error.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// A failed TLS handshake.
#[derive(Debug, thiserror::Error)]
pub enum TlsAcceptError {
    /// The connection broke, or the peer closed it.
    #[error("{0}")]
    Io(io::Error),
    /// There is no certificate for the client's SNI name.
    #[error("no certificate for the requested server name")]
    UnknownName,
    /// The client offered only other protocols (ALPN), or the server does not serve ours.
    #[error("no common protocol (ALPN)")]
    WrongAlpn,
    /// The two sides cannot agree, or the peer refuses the certificate; in rustls' words.
    #[error("{0}")]
    Handshake(String),
    /// This many bytes came in plain text after `<starttls/>`, or after `<proceed/>`.
    #[error("{0} bytes of plain text before the TLS handshake")]
    Injected(usize),
    /// The domain cannot be named in TLS.
    #[error("{0:?} is not a valid server name")]
    BadName(String),
    /// TLS is on already.
    #[error("TLS is already active")]
    AlreadyTls,
}

impl From<io::Error> for TlsAcceptError {
    fn from(error: io::Error) -> Self {
        use rustls::{AlertDescription, Error};
        match error.get_ref().and_then(|e| e.downcast_ref::<Error>()) {
            None => TlsAcceptError::Io(error),
            Some(
                Error::NoApplicationProtocol | Error::AlertReceived(AlertDescription::NoApplicationProtocol),
            ) => TlsAcceptError::WrongAlpn,
            // rustls has no variant for a resolver without a certificate; a test checks this text.
            Some(Error::General(what)) if what == "no server certificate chain resolved" => {
                TlsAcceptError::UnknownName
            }
            Some(other) => TlsAcceptError::Handshake(other.to_string()),
        }
    }
}
