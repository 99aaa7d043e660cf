//! The ways to a server, and what a client does on each.

use std::fmt::Display;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use client::Place;
use client::bosh::Session;
use xmpp::Element;

use super::bosh::Bosh;
use super::tcp::Tcp;
use super::websocket::WebSocket;
use crate::fixture::Server;
use crate::patience::{patiently, too_long};

pub type Result<T> = std::result::Result<T, String>;

/// What a client speaks over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// RFC 6120, over `c2s_plain`.
    Tcp,
    /// RFC 7395, over `http`.
    WebSocket,
    /// XEP-0124 and XEP-0206, over `http`.
    Bosh,
}

impl Transport {
    pub const ALL: [Self; 3] = [Self::Tcp, Self::WebSocket, Self::Bosh];

    /// Its name in scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::WebSocket => "websocket",
            Self::Bosh => "bosh",
        }
    }

    /// The way to a server over this transport.
    pub fn to(self, server: &Server) -> Way {
        let listener = if self == Self::Tcp { "c2s_plain" } else { "http" };
        Way { transport: self, address: server.address(listener) }
    }
}

/// A transport, and where it leads.
#[derive(Clone, Copy)]
pub struct Way {
    pub transport: Transport,
    pub address: SocketAddr,
}

impl Way {
    /// Connects; no stream is open yet.
    pub fn connect(self) -> Result<Box<dyn Wire>> {
        let over = match self.transport {
            Transport::Tcp => client::Transport::Plain,
            Transport::WebSocket => client::Transport::Websocket,
            Transport::Bosh => client::Transport::Bosh,
        };
        let place = Place::new(self.address, &self.address.ip().to_string(), over);
        let place = Arc::new(place.map_err(|error| error.to_string())?);
        Ok(match self.transport {
            Transport::Tcp => Box::new(Tcp::new(done(place.connect(0))?)),
            Transport::WebSocket => Box::new(WebSocket::new(done(client::WebSocket::connect(&place, 0))?)),
            Transport::Bosh => Box::new(Bosh::new(Session::new(place, 0))),
        })
    }
}

/// A stream of elements over one of the transports.
pub trait Wire: Send {
    /// Opens a stream to a domain; anew after the log-in.
    fn open(&mut self, domain: &str) -> Result<()>;

    /// Writes elements as they are, with no more than what the transport demands of each.
    fn write(&mut self, xml: &str) -> Result<()>;

    /// The same, and it is lost on its way.
    fn lose(&mut self, _xml: &str) -> Result<()> {
        Ok(())
    }

    /// The next element; none at the end of the stream or the connection.
    fn read(&mut self) -> Result<Option<Element>>;

    /// Ends the stream. What the server still says is to be read.
    fn close(&mut self) -> Result<()>;

    /// Loses its connections without a word.
    fn cut(&mut self);

    /// Goes on over new connections where the old ones were lost, if the transport itself can: whether it can.
    fn take_up(&mut self) -> Result<bool> {
        Ok(false)
    }
}

/// What comes of it; what went wrong with a connection, in words.
pub fn done<T, E: Display>(work: impl Future<Output = std::result::Result<T, E>>) -> Result<T> {
    let outcome = patiently(work).ok_or_else(too_long)?;
    outcome.map_err(|error| format!("the connection failed: {error:#}"))
}
