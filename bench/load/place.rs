//! Where and how clients log in.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::duplex::Io;
use crate::{Plan, tls};

/// Source addresses 127.0.0.2 and on, so that ephemeral ports do not run out.
const SOURCES: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Transport {
    Plain,
    Starttls,
    Tls,
    Websocket,
    /// WebSocket over TLS
    Wss,
    Bosh,
    /// BOSH over TLS
    BoshTls,
}

/// One server, and what it is asked to do.
pub struct Place {
    address: SocketAddr,
    pub domain: String,
    pub transport: Transport,
    pub password: String,
    /// The server knows no XMPP: it holds or sends back what it gets.
    pub bare: bool,
    tls: TlsConnector,
}

impl Place {
    pub fn new(plan: &Plan) -> Result<Self> {
        Ok(Self {
            address: format!("{}:{}", plan.host, plan.port).parse()?,
            domain: plan.domain.clone(),
            transport: plan.transport,
            password: plan.password.clone(),
            bare: plan.bare,
            tls: tls::connector()?,
        })
    }

    /// The authority that HTTP requests name.
    pub fn host(&self) -> String {
        format!("{}:{}", self.domain, self.address.port())
    }

    pub async fn tcp(&self, number: usize) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        let last = u8::try_from(2 + number % SOURCES)?;
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)))?;
        let stream = socket.connect(self.address).await.context("TCP")?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    pub async fn secured(&self, stream: TcpStream) -> Result<Io> {
        let name = ServerName::try_from(self.domain.clone())?;
        Ok(Box::new(self.tls.connect(name, stream).await.context("TLS")?))
    }

    /// A connection as the transport begins it: TLS at once, or none yet.
    pub async fn connect(&self, number: usize) -> Result<Io> {
        let stream = self.tcp(number).await?;
        match self.transport {
            Transport::Tls | Transport::Wss | Transport::BoshTls => self.secured(stream).await,
            Transport::Plain | Transport::Starttls | Transport::Websocket | Transport::Bosh => {
                Ok(Box::new(stream))
            }
        }
    }
}
