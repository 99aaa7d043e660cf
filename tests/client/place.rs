//! Where and how clients connect.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result};
use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::duplex::Io;
use crate::http2::Pool;
use crate::tls::{self, Trust};
use crate::transport::Transport;

/// One server, and the way to it.
pub struct Place {
    address: SocketAddr,
    pub domain: String,
    pub transport: Transport,
    /// Source addresses 127.0.0.2 and on, so that ephemeral ports do not run out; 0: the operating system chooses.
    pub sources: usize,
    /// The server knows no XMPP: it holds or sends back what it gets.
    pub bare: bool,
    tls: TlsConnector,
    /// Connections of HTTP/2, which WebSockets share.
    pub(crate) http2: Pool,
}

impl Place {
    pub fn new(address: SocketAddr, domain: &str, transport: Transport) -> Result<Self> {
        let tls = tls::config(&[], Trust::Blind)?.into();
        let http2 = Pool::default();
        Ok(Self { address, domain: domain.to_owned(), transport, sources: 0, bare: false, tls, http2 })
    }

    /// The authority that HTTP requests name.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.domain, self.address.port())
    }

    /// A TCP connection; `number` selects its source address.
    pub async fn tcp(&self, number: usize) -> Result<TcpStream> {
        let last = |sources| u8::try_from(2 + number % sources);
        let source = (self.sources > 0).then(|| last(self.sources)).transpose()?;
        connect(self.address, source.map(|last| Ipv4Addr::new(127, 0, 0, last))).await
    }

    /// TLS on a connection.
    pub async fn secured(&self, stream: TcpStream) -> Result<Io> {
        let name = ServerName::try_from(self.domain.clone())?;
        Ok(Box::new(self.tls.connect(name, stream).await.context("TLS")?))
    }

    /// A connection as the transport begins it: TLS at once, or none yet.
    pub async fn connect(&self, number: usize) -> Result<Io> {
        let stream = self.tcp(number).await?;
        match self.transport.begins_with_tls() {
            true => self.secured(stream).await,
            false => Ok(Box::new(stream)),
        }
    }
}

/// A TCP connection, from an address if that matters.
pub async fn connect(address: SocketAddr, source: Option<Ipv4Addr>) -> Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(source) = source {
        socket.bind(SocketAddr::new(IpAddr::V4(source), 0))?;
    }
    let stream = socket.connect(address).await.context("TCP")?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
