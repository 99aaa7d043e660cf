//! Bytes to stream events and back: listeners, TLS, connections. Knows no users.
//!
//! - [`Listener`]: bound first, served later.
//! - [`TlsStore`]: a certificate for each domain, chosen by SNI or by the stream's `to`, exchanged while in use.
//! - [`Connection`]: a plain or TLS socket with a [`xmpp::StreamParser`] in front. It holds no read buffer while it
//!   waits. Other framings (WebSocket, BOSH) will be other kinds of connection beside it.

mod connection;
pub mod http;
mod listener;
#[cfg(test)]
mod testing;
mod tls;

pub use connection::{Connection, TlsAbout, TlsAcceptError, Wire, WireError};
pub use listener::{BindError, Kind, Listener};
pub use tls::{CertField, Loaded, TlsConfig, TlsError, TlsFault, TlsStore, TlsWarning, check_files};
