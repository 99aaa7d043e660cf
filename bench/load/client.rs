//! One client connection, up to a bound session that has sent its presence.

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::framer::{Event, Framer, attribute, has, text_after};
use crate::scram::Exchange;
use crate::{Plan, tls};

/// Source addresses 127.0.0.2 and on, so that ephemeral ports do not run out.
const SOURCES: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Transport {
    Plain,
    Starttls,
    Tls,
}

/// Where and how clients log in.
pub struct Place {
    address: SocketAddr,
    pub domain: String,
    transport: Transport,
    password: String,
    tls: TlsConnector,
}

impl Place {
    pub fn new(plan: &Plan) -> Result<Self> {
        Ok(Self {
            address: format!("{}:{}", plan.host, plan.port).parse()?,
            domain: plan.domain.clone(),
            transport: plan.transport,
            password: plan.password.clone(),
            tls: tls::connector()?,
        })
    }

    async fn tcp(&self, number: usize) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        let last = u8::try_from(2 + number % SOURCES)?;
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)))?;
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn tls(&self, stream: TcpStream) -> Result<Io> {
        let name = ServerName::try_from(self.domain.clone())?;
        Ok(Box::new(self.tls.connect(name, stream).await.context("TLS")?))
    }
}

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}
type Io = Box<dyn Stream>;

/// A session that is logged in.
pub struct Client {
    io: Io,
    framer: Framer,
    pub jid: String,
}

impl Client {
    /// Connects, authenticates, binds, asks for the roster and becomes available.
    pub async fn log_in(place: &Place, user: &str, number: usize) -> Result<Self> {
        let mut stream = place.tcp(number).await.context("TCP")?;
        let io: Io = match place.transport {
            Transport::Plain => Box::new(stream),
            Transport::Tls => place.tls(stream).await?,
            Transport::Starttls => {
                start_tls(&mut stream, &place.domain).await.context("STARTTLS")?;
                place.tls(stream).await?
            }
        };
        Self::negotiate(io, place, user).await
    }

    async fn negotiate(io: Io, place: &Place, user: &str) -> Result<Self> {
        let mut client = Client { io, framer: Framer::default(), jid: String::new() };
        client.open(&place.domain).await?;
        client.authenticate(user, &place.password).await.context("SASL")?;
        let features = client.open(&place.domain).await?;
        client.bind(has(&features, "xmpp-session") && !has(&features, "<optional")).await.context("bind")?;
        client.send(b"<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>").await?;
        client.expect("jabber:iq:roster").await.context("roster")?;
        client.send(b"<presence/>").await?;
        Ok(client)
    }

    /// Sends a stream header and gives the features.
    async fn open(&mut self, domain: &str) -> Result<Vec<u8>> {
        self.framer = Framer::default();
        let header = header(domain);
        self.send(header.as_bytes()).await?;
        self.expect(":features").await
    }

    async fn authenticate(&mut self, user: &str, password: &str) -> Result<()> {
        const NS: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
        let exchange = Exchange::new(user);
        let first = exchange.client_first();
        self.send(format!("<auth {NS} mechanism='SCRAM-SHA-1'>{first}</auth>").as_bytes()).await?;
        let challenge = self.expect("<challenge").await?;
        let challenge = text_after(&challenge, ">").context("an empty challenge")?;
        let answer = exchange.client_final(challenge, password)?;
        self.send(format!("<response {NS}>{answer}</response>").as_bytes()).await?;
        self.expect("<success").await?;
        Ok(())
    }

    async fn bind(&mut self, with_session: bool) -> Result<()> {
        self.send(
            b"<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load</resource></bind></iq>",
        )
        .await?;
        let bound = self.expect("<jid>").await?;
        self.jid = text_after(&bound, "<jid>").context("no JID")?.to_owned();
        if with_session {
            self.send(b"<iq type='set' id='s1'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>")
                .await?;
            self.expect("s1").await?;
        }
        Ok(())
    }

    /// The next stanza, or the stream header.
    pub async fn receive(&mut self) -> Result<&[u8]> {
        loop {
            match self.framer.next_event() {
                Some((Event::End, _)) => bail!("the server closed the stream"),
                Some((_, range)) => return Ok(&self.framer.buffer[range]),
                None => self.fill().await?,
            }
        }
    }

    async fn fill(&mut self) -> Result<()> {
        self.framer.compact();
        self.framer.buffer.reserve(4096);
        if self.io.read_buf(&mut self.framer.buffer).await? == 0 {
            bail!("the connection ended");
        }
        Ok(())
    }

    /// The next stanza with `what` in it; an error instead ends the wait.
    pub async fn expect(&mut self, what: &str) -> Result<Vec<u8>> {
        loop {
            let stanza = self.receive().await?;
            let is_error = stanza.starts_with(b"<iq") && attribute(stanza, "type") == Some("error");
            if is_error || has(stanza, "<failure") || has(stanza, "stream:error") {
                bail!("{}", String::from_utf8_lossy(stanza));
            }
            if has(stanza, what) {
                return Ok(stanza.to_vec());
            }
        }
    }

    /// Writes everything; while that blocks, keeps reading, so that a server that stops reading until we read
    /// cannot lock both up.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let (io, into) = (&mut self.io, &mut self.framer.buffer);
        let mut written = 0;
        poll_fn(|cx| poll_send(io, bytes, &mut written, into, cx)).await?;
        Ok(())
    }

    /// Ends the session in an orderly way.
    pub async fn close(mut self) {
        let end = async {
            self.send(b"</stream:stream>").await?;
            while self.receive().await.is_ok() {}
            anyhow::Ok(())
        };
        // A server that does not answer has still been told.
        let _ = tokio::time::timeout(Duration::from_millis(500), end).await;
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

fn poll_send(
    io: &mut Io,
    bytes: &[u8],
    written: &mut usize,
    into: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> Poll<std::io::Result<()>> {
    loop {
        while *written < bytes.len() {
            match Pin::new(&mut *io).poll_write(cx, &bytes[*written..]) {
                Poll::Ready(Ok(n)) => *written += n,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
        }
        if *written == bytes.len()
            && let Poll::Ready(result) = Pin::new(&mut *io).poll_flush(cx)
        {
            return Poll::Ready(result);
        }
        let mut space = [0; 4096];
        let mut read = ReadBuf::new(&mut space);
        match Pin::new(&mut *io).poll_read(cx, &mut read) {
            Poll::Ready(Ok(())) if read.filled().is_empty() => {
                return Poll::Ready(Err(std::io::ErrorKind::UnexpectedEof.into()));
            }
            Poll::Ready(Ok(())) => into.extend_from_slice(read.filled()),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => return Poll::Pending,
        }
    }
}
