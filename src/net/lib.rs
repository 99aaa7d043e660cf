//! Bytes to stream events and back: listeners, TLS, connections. Independent of users and accounts.
//!
//! - [`Listener`]: bound first, served later.
//! - [`TlsStore`]: a certificate for each domain, chosen by SNI or by the stream's `to`, replaceable while in
//!   use.
//! - [`Connection`]: a plain or TLS socket with a [`xmpp::StreamParser`] in front. It holds no read buffer
//!   while idle.
//! - [`dial`]: connections to other servers.
//! - [`dns`]: where the servers of a domain are.
//! - [`http`]: an HTTP server to which other crates add routes.
//! - [`WebSocket`]: the same stream events over RFC 6455 and RFC 7395.
//! - [`bosh`]: the same over HTTP requests that are answered late (XEP-0124, XEP-0206).

mod address;
pub mod bosh;
mod connection;
mod connections;
pub mod dial;
pub mod dns;
pub mod http;
mod limits;
mod listener;
mod socket;
#[cfg(test)]
mod testing;
mod tls;
pub mod traffic;
pub mod websocket;

pub use connection::{ChannelBinding, Connection, TlsAbout, TlsAcceptError, Wire, WireError};
pub use connections::{Admission, ConnectionLimits, Connections};
pub use limits::{MOST_DEPTH, MOST_STANZA_BYTES, Rate, StreamLimits};
pub use listener::{BindError, Kind, Listener};
pub use tls::{
    CertField, Loaded, PeerCertificate, PeerFault, Roots, TlsClientConfig, TlsConfig, TlsError, TlsFault,
    TlsStore, TlsWarning, check_files,
};
pub use websocket::WebSocket;
