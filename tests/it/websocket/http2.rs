//! A WebSocket within HTTP/2 (RFC 8441), by a foreign implementation of HTTP/2.

use std::net::SocketAddr;

use client::{Io, http2};
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use crate::raw;

const URI: &str = "https://chess.example/xmpp-websocket";

pub async fn tunnel(address: SocketAddr, secure: bool) -> Io {
    let io = if secure { secured(address).await } else { connected(address).await };
    http2::Connection::new(io).await.unwrap().websocket(URI).await.unwrap()
}

async fn connected(address: SocketAddr) -> Io {
    Box::new(client::connect(address, None).await.unwrap())
}

async fn secured(address: SocketAddr) -> Io {
    let name = ServerName::try_from("chess.example").unwrap();
    let connector = TlsConnector::from(raw::config(&["h2"], None));
    let tls = connector.connect(name, connected(address).await).await.unwrap();
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    Box::new(tls)
}
