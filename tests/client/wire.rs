//! The bytes of a stream, whatever carries them.

use std::borrow::Cow;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use crate::bosh::Session;
use crate::duplex::{self, Io};
use crate::framer::Framer;
use crate::place::Place;
use crate::starttls;
use crate::stream::{CLOSE, DECLARATION, END, declared, header, open};
use crate::transport::Transport;
use crate::websocket::WebSocket;

/// One of the transports, as far as they are alike. What comes goes to a buffer of the caller's.
pub enum Wire {
    Tcp(Io),
    WebSocket(Box<WebSocket>),
    Bosh(Box<Session>),
}

impl Wire {
    pub async fn connect(place: &Arc<Place>, number: usize) -> Result<Self> {
        Ok(match place.transport {
            Transport::Plain | Transport::Tls => Self::Tcp(place.connect(number).await?),
            Transport::Starttls => {
                let mut socket = place.tcp(number).await?;
                starttls::request(&mut socket, &place.domain).await.context("STARTTLS")?;
                Self::Tcp(place.secured(socket).await?)
            }
            Transport::Websocket | Transport::WebsocketHttp2 | Transport::Wss => {
                Self::WebSocket(Box::new(WebSocket::connect(place, number).await.context("WebSocket")?))
            }
            Transport::Bosh | Transport::BoshTls => Self::Bosh(Box::new(Session::new(place.clone(), number))),
        })
    }

    /// What cuts the stream into stanzas: only over TCP are they within an element of their own.
    pub fn framer(&self) -> Framer {
        match self {
            Self::Tcp(_) => Framer::default(),
            Self::WebSocket(_) | Self::Bosh(_) => Framer::within(),
        }
    }

    /// Begins the stream, or begins it anew after SASL.
    pub async fn open(&mut self, domain: &str, into: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Tcp(io) => {
                duplex::write(io, format!("{DECLARATION}{}", header(domain)).as_bytes(), into).await
            }
            Self::WebSocket(socket) => socket.send_reading(&[open(domain)], into).await,
            Self::Bosh(session) => {
                room(session, into).await?;
                session.open(domain).await
            }
        }
    }

    /// Sends stanzas as they are on TCP; what comes meanwhile goes to `into`.
    pub async fn send(&mut self, stanzas: &[impl AsRef<[u8]>], into: &mut Vec<u8>) -> Result<()> {
        match (self, stanzas) {
            (Self::Tcp(io), [stanza]) => duplex::write(io, stanza.as_ref(), into).await,
            (Self::Tcp(io), stanzas) => duplex::write(io, &concat(stanzas, |s| s.into()), into).await,
            (Self::WebSocket(socket), stanzas) => {
                let declared: Vec<_> = stanzas.iter().map(|stanza| declared(stanza.as_ref())).collect();
                socket.send_reading(&declared, into).await
            }
            (Self::Bosh(session), stanzas) => {
                room(session, into).await?;
                session.request("", &concat(stanzas, declared)).await
            }
        }
    }

    /// Waits for more of the stream.
    pub async fn fill(&mut self, into: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Tcp(io) => duplex::read(io, into).await,
            Self::WebSocket(socket) => socket.fill(into).await,
            Self::Bosh(session) => {
                if !session.waits() {
                    session.request("", b"").await?;
                }
                take(session, into).await
            }
        }
    }

    /// Says that the stream is over.
    pub async fn close(&mut self, into: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Tcp(io) => duplex::write(io, END.as_bytes(), into).await,
            Self::WebSocket(socket) => socket.send_reading(&[CLOSE], into).await,
            Self::Bosh(session) => {
                room(session, into).await?;
                session.terminate().await
            }
        }
    }
}

/// Waits until one more request may be sent.
async fn room(session: &mut Session, into: &mut Vec<u8>) -> Result<()> {
    while session.is_full() {
        take(session, into).await?;
    }
    Ok(())
}

/// Answers are taken as they come, not in the order of their requests: a caller that counts stanzas does not mind, and
/// where order matters, in the log-in, only one request is under way.
async fn take(session: &mut Session, into: &mut Vec<u8>) -> Result<()> {
    let body = session.any_answer().await?;
    if body.is_last() {
        bail!("the server ended the session: {}", String::from_utf8_lossy(&body.into_text()));
    }
    into.extend_from_slice(body.content()?);
    Ok(())
}

fn concat<'a, S: AsRef<[u8]>>(stanzas: &'a [S], each: fn(&'a [u8]) -> Cow<'a, [u8]>) -> Vec<u8> {
    stanzas.iter().flat_map(|stanza| each(stanza.as_ref()).into_owned()).collect()
}
