//! What carries a stream: TCP, WebSocket or BOSH.

use std::borrow::Cow;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::bosh::Bosh;
use crate::duplex::{self, Io};
use crate::framer::{Framer, has};
use crate::place::{Place, Transport};
use crate::websocket::WebSocket;

pub enum Wire {
    Tcp(Io),
    WebSocket(WebSocket),
    Bosh(Box<Bosh>),
}

impl Wire {
    pub async fn connect(place: &Arc<Place>, number: usize) -> Result<Self> {
        Ok(match place.transport {
            Transport::Plain | Transport::Tls => Wire::Tcp(place.connect(number).await?),
            Transport::Starttls => {
                let mut stream = place.tcp(number).await?;
                start_tls(&mut stream, &place.domain).await.context("STARTTLS")?;
                Wire::Tcp(place.secured(stream).await?)
            }
            Transport::Websocket | Transport::Wss => {
                Wire::WebSocket(WebSocket::connect(place, number).await.context("WebSocket")?)
            }
            Transport::Bosh | Transport::BoshTls => Wire::Bosh(Box::new(Bosh::new(place.clone(), number))),
        })
    }

    /// What takes the stream apart: only over TCP are stanzas within an element of their own.
    pub fn framer(&self) -> Framer {
        match self {
            Wire::Tcp(_) => Framer::default(),
            Wire::WebSocket(_) | Wire::Bosh(_) => Framer::within(),
        }
    }

    /// Begins the stream, or begins it anew after SASL.
    pub async fn open(&mut self, domain: &str, into: &mut Vec<u8>) -> Result<()> {
        match self {
            Wire::Tcp(io) => duplex::write(io, header(domain).as_bytes(), into).await,
            Wire::WebSocket(socket) => {
                let open = format!(
                    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{domain}' version='1.0'/>"
                );
                socket.send([open.as_bytes()]).await
            }
            Wire::Bosh(bosh) => bosh.open(into).await,
        }
    }

    /// Sends stanzas as they are on TCP; what comes meanwhile goes to `into`.
    pub async fn send(&mut self, stanzas: &[impl AsRef<[u8]>], into: &mut Vec<u8>) -> Result<()> {
        match (self, stanzas) {
            (Wire::Tcp(io), [stanza]) => duplex::write(io, stanza.as_ref(), into).await,
            (Wire::Tcp(io), stanzas) => duplex::write(io, &concat(stanzas, |s| s.into()), into).await,
            (Wire::WebSocket(socket), stanzas) => {
                let declared: Vec<_> = stanzas.iter().map(|stanza| declared(stanza.as_ref())).collect();
                socket.send(declared.iter().map(AsRef::as_ref)).await
            }
            (Wire::Bosh(bosh), stanzas) => bosh.send(&concat(stanzas, declared), into).await,
        }
    }

    /// Waits for more of the stream.
    pub async fn fill(&mut self, into: &mut Vec<u8>) -> Result<()> {
        match self {
            Wire::Tcp(io) => duplex::read(io, into).await,
            Wire::WebSocket(socket) => socket.fill(into).await,
            Wire::Bosh(bosh) => bosh.fill(into).await,
        }
    }

    /// Says that the stream is over.
    pub async fn close(&mut self, into: &mut Vec<u8>) -> Result<()> {
        match self {
            Wire::Tcp(io) => duplex::write(io, b"</stream:stream>", into).await,
            Wire::WebSocket(socket) => {
                socket.send([&b"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"[..]]).await
            }
            Wire::Bosh(bosh) => bosh.close(into).await,
        }
    }
}

fn concat<'a, S: AsRef<[u8]>>(stanzas: &'a [S], each: fn(&'a [u8]) -> Cow<'a, [u8]>) -> Vec<u8> {
    stanzas.iter().flat_map(|stanza| each(stanza.as_ref()).into_owned()).collect()
}

/// A stanza that says its namespace, which only TCP's stream header would say for it.
fn declared(stanza: &[u8]) -> Cow<'_, [u8]> {
    let names: [&[u8]; 3] = [b"<message", b"<presence", b"<iq"];
    match names.into_iter().find(|name| stanza.starts_with(name)) {
        Some(name) => [name, b" xmlns='jabber:client'", &stanza[name.len()..]].concat().into(),
        None => stanza.into(),
    }
}

fn header(domain: &str) -> String {
    format!(
        "<?xml version='1.0'?><stream:stream to='{domain}' xmlns='jabber:client' \
         xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
    )
}

/// RFC 6120 §5.4, up to the `<proceed/>`.
async fn start_tls(stream: &mut TcpStream, domain: &str) -> Result<()> {
    let mut framer = Framer::default();
    stream.write_all(header(domain).as_bytes()).await?;
    loop {
        match framer.next_event() {
            None if stream.read_buf(&mut framer.buffer).await? == 0 => bail!("the connection ended"),
            Some((_, range)) if has(&framer.buffer[range.clone()], "<proceed") => return Ok(()),
            Some((_, range)) if has(&framer.buffer[range.clone()], ":features") => {
                stream.write_all(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").await?;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::declared;

    #[test]
    fn only_stanzas_get_a_namespace() {
        assert_eq!(&*declared(b"<iq id='1'/>"), b"<iq xmlns='jabber:client' id='1'/>");
        assert_eq!(&*declared(b"<auth xmlns='urn:x'/>"), b"<auth xmlns='urn:x'/>");
    }
}
