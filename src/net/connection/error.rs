//! How a connection ends badly.

use std::fmt;
use std::io;

use xmpp::StreamError;

/// A stream is over.
#[derive(Debug)]
pub enum WireError {
    /// The connection is broken; the peer hears nothing any more.
    Io(io::Error),
    /// The peer broke the stream's rules, and is to be told which.
    Stream(StreamError),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::Io(e) => e.fmt(f),
            WireError::Stream(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for WireError {}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        WireError::Io(error)
    }
}

impl From<StreamError> for WireError {
    fn from(error: StreamError) -> Self {
        WireError::Stream(error)
    }
}

/// A TLS handshake did not come about.
#[derive(Debug)]
pub enum TlsAcceptError {
    /// The connection broke, or the peer closed it.
    Io(io::Error),
    /// The client asked for a name that we have no certificate for.
    UnknownName,
    /// The client offered other protocols than ours (ALPN).
    WrongAlpn,
    /// The two sides cannot agree, or the client refuses our certificate; rustls' words.
    Handshake(String),
    /// So many bytes came in plain text after `<starttls/>`.
    Injected(usize),
    /// TLS is on already.
    AlreadyTls,
}

impl fmt::Display for TlsAcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsAcceptError::Io(e) => write!(f, "{e}"),
            TlsAcceptError::UnknownName => f.write_str("no certificate for the requested server name"),
            TlsAcceptError::WrongAlpn => f.write_str("no common protocol (ALPN)"),
            TlsAcceptError::Handshake(e) => f.write_str(e),
            TlsAcceptError::Injected(bytes) => write!(f, "{bytes} bytes of plain text after <starttls/>"),
            TlsAcceptError::AlreadyTls => f.write_str("TLS is already active"),
        }
    }
}

impl std::error::Error for TlsAcceptError {}

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
