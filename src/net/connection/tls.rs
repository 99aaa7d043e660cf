//! TLS on a connection: both sides of the handshake.

use std::sync::Arc;

use rustls::server::Acceptor;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::{LazyConfigAcceptor, TlsConnector, TlsStream};

use super::error::TlsAcceptError;
use crate::tls::{Certificate, TlsClientConfig, TlsConfig};

/// How much output rustls buffers before it must be written.
const TLS_BUFFER: usize = 16 * 1024;

/// The protocol of direct TLS between servers (XEP-0368 section 3).
const ALPN: &str = "xmpp-server";

/// A socket after its handshake.
pub(crate) struct Tls {
    pub(super) stream: TlsStream<TcpStream>,
    /// The one that this server has shown; `None` on the client side. A pointer per connection is the price of knowing it: the
    /// domain may have another one by now.
    pub(super) certificate: Option<Arc<Certificate>>,
}

/// The server's side. The configuration is chosen when the ClientHello has arrived.
pub(super) async fn accept(stream: TcpStream, config: TlsConfig) -> Result<Box<Tls>, TlsAcceptError> {
    let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let chosen =
        config.choose(&hello.client_hello()).map_err(|e| TlsAcceptError::Handshake(e.to_string()))?;
    let handshake =
        hello.into_stream_with(chosen.config, |session| session.set_buffer_limit(Some(TLS_BUFFER)));
    Ok(Box::new(Tls { stream: TlsStream::Server(handshake.await?), certificate: chosen.certificate }))
}

/// The client's side; `domain` is sent as SNI, unless it is an address.
pub(super) async fn connect(
    stream: TcpStream,
    config: TlsClientConfig,
    domain: &str,
    direct: bool,
) -> Result<Box<Tls>, TlsAcceptError> {
    let name = server_name(domain).ok_or_else(|| TlsAcceptError::BadName(domain.to_owned()))?;
    let protocols = if direct { vec![ALPN.as_bytes().to_vec()] } else { Vec::new() };
    let handshake = TlsConnector::from(config.0)
        .with_alpn(protocols)
        .connect_with(name, stream, |session| session.set_buffer_limit(Some(TLS_BUFFER)));
    Ok(Box::new(Tls { stream: TlsStream::Client(handshake.await?), certificate: None }))
}

/// A domain as it is named in TLS: an A-label, or an address (RFC 6066 section 3).
fn server_name(domain: &str) -> Option<ServerName<'static>> {
    let name = xmpp::to_ascii(domain)?;
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
    ServerName::try_from(bare.to_owned()).ok()
}
