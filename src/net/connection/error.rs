//! How a connection ends badly.

use std::io;

use xmpp::StreamError;

/// A stream is over.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The connection is broken; the peer hears nothing any more.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The peer broke the stream's rules, and is to be told which.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// A TLS handshake did not come about.
#[derive(Debug, thiserror::Error)]
pub enum TlsAcceptError {
    /// The connection broke, or the peer closed it.
    #[error("{0}")]
    Io(io::Error),
    /// The client asked for a name that we have no certificate for.
    #[error("no certificate for the requested server name")]
    UnknownName,
    /// The client offered other protocols than ours (ALPN).
    #[error("no common protocol (ALPN)")]
    WrongAlpn,
    /// The two sides cannot agree, or the client refuses our certificate; rustls' words.
    #[error("{0}")]
    Handshake(String),
    /// So many bytes came in plain text after `<starttls/>`.
    #[error("{0} bytes of plain text after <starttls/>")]
    Injected(usize),
    /// TLS is on already.
    #[error("TLS is already active")]
    AlreadyTls,
}

impl From<io::Error> for TlsAcceptError {
    fn from(error: io::Error) -> Self {
        use rustls::Error;
        match error.get_ref().and_then(|e| e.downcast_ref::<Error>()) {
            None => TlsAcceptError::Io(error),
            Some(Error::NoApplicationProtocol) => TlsAcceptError::WrongAlpn,
            // rustls has no variant for a resolver that knows no certificate; a test holds it to these words.
            Some(Error::General(what)) if what == "no server certificate chain resolved" => {
                TlsAcceptError::UnknownName
            }
            Some(other) => TlsAcceptError::Handshake(other.to_string()),
        }
    }
}
