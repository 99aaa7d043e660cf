//! XMPP over WebSocket (RFC 7395): tokio-tungstenite, with buffers for thousands of connections.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{HeaderName, HeaderValue};
use http::{Request, Response};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::duplex::Io;
use crate::place::Place;
use crate::transport::Transport;

pub const PATH: &str = "/xmpp-websocket";

/// The key of RFC 6455 §1.3: it need not be a secret.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What the server has sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    Text(String),
    Binary,
    Ping,
    Pong(Vec<u8>),
    /// The code, if there is one.
    Close(Option<u16>),
}

pub struct WebSocket(WebSocketStream<Io>);

impl WebSocket {
    pub async fn connect(place: &Place, number: usize) -> Result<Self> {
        if place.transport == Transport::WebsocketHttp2 {
            let connection = place.http2.get(place.connect(number)).await?;
            let uri = format!("https://{}{PATH}", place.authority());
            return Ok(Self::within(connection.websocket(&uri).await?).await);
        }
        let io = place.connect(number).await?;
        let (socket, response) = Self::upgrade(io, &place.authority(), "").await?;
        socket.with_context(|| format!("the upgrade was answered with {}", response.status()))
    }

    /// The handshake of RFC 6455 §4.1; `fields` are more lines of the request, with their ends. The server's response, and
    /// the WebSocket if it agrees.
    pub async fn upgrade(io: Io, authority: &str, fields: &str) -> Result<(Option<Self>, Response<()>)> {
        let mut request = Request::get(format!("ws://{authority}{PATH}"))
            .header("Host", authority)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", KEY)
            .header("Sec-WebSocket-Protocol", "xmpp")
            .body(())?;
        for (name, value) in fields.lines().filter_map(|line| line.split_once(": ")) {
            let value = HeaderValue::from_bytes(value.as_bytes())?;
            request.headers_mut().append(HeaderName::from_bytes(name.as_bytes())?, value);
        }
        match client_async_with_config(request, io, Some(config())).await {
            Ok((stream, response)) => Ok((Some(Self(stream)), response.map(drop))),
            Err(Error::Http(response)) => Ok((None, (*response).map(drop))),
            Err(error) => Err(error.into()),
        }
    }

    /// On a stream of frames that needs no handshake, as within HTTP/2.
    pub async fn within(io: Io) -> Self {
        Self(WebSocketStream::from_raw_socket(io, Role::Client, Some(config())).await)
    }

    /// One message for each text.
    pub async fn send(&mut self, texts: &[impl AsRef<[u8]>]) -> Result<()> {
        self.feed(texts).await?;
        Ok(self.0.flush().await?)
    }

    /// The same; while writing blocks, keeps reading, and what comes goes to `into` as with [`fill`](Self::fill).
    pub async fn send_reading(&mut self, texts: &[impl AsRef<[u8]>], into: &mut Vec<u8>) -> Result<()> {
        self.feed(texts).await?;
        poll_fn(|cx| self.poll_flush(cx, into)).await
    }

    /// Writes bytes as they are, between frames or instead of them.
    pub async fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.get_mut().write_all(bytes).await?;
        // The server may have read them and ended the stream by now: what it has answered is still to be read.
        let _ = self.0.get_mut().flush().await;
        Ok(())
    }

    /// The next message, or `None` at the end of the connection. A ping or a close has been answered with the call after
    /// it.
    pub async fn next(&mut self) -> Result<Option<Message>> {
        Ok(match self.0.next().await {
            None | Some(Err(Error::Io(_) | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {
                None
            }
            Some(message) => Some(match message? {
                tungstenite::Message::Text(text) => Message::Text(text.to_string()),
                tungstenite::Message::Pong(payload) => Message::Pong(payload.to_vec()),
                tungstenite::Message::Close(frame) => Message::Close(frame.map(|frame| frame.code.into())),
                tungstenite::Message::Ping(_) => Message::Ping,
                tungstenite::Message::Binary(_) | tungstenite::Message::Frame(_) => Message::Binary,
            }),
        })
    }

    /// Appends the text of the next message to `into`.
    pub async fn fill(&mut self, into: &mut Vec<u8>) -> Result<()> {
        let had = into.len();
        while into.len() == had {
            take(self.0.next().await, into)?;
        }
        Ok(())
    }

    /// Ends the connection without a word.
    pub async fn cut(&mut self) {
        // One that has ended already needs no end.
        let _ = self.0.get_mut().shutdown().await;
    }

    /// Buffers frames: nothing is written before the flush.
    async fn feed(&mut self, texts: &[impl AsRef<[u8]>]) -> Result<()> {
        for text in texts {
            let text = Utf8Bytes::try_from(text.as_ref().to_vec())?;
            self.0.feed(tungstenite::Message::Text(text)).await?;
        }
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>, into: &mut Vec<u8>) -> Poll<Result<()>> {
        loop {
            if let Poll::Ready(flushed) = self.0.poll_flush_unpin(cx) {
                return Poll::Ready(Ok(flushed?));
            }
            take(ready!(self.0.poll_next_unpin(cx)), into)?;
        }
    }
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(usize::MAX - 1)
}

fn take(message: Option<Result<tungstenite::Message, Error>>, into: &mut Vec<u8>) -> Result<()> {
    match message.context("the connection ended")?? {
        tungstenite::Message::Text(text) if text.starts_with("<close") => {
            bail!("the server closed the stream")
        }
        tungstenite::Message::Text(text) => into.extend_from_slice(text.as_bytes()),
        tungstenite::Message::Close(_) => bail!("the server closed the WebSocket"),
        tungstenite::Message::Ping(_) | tungstenite::Message::Pong(_) => {}
        other => bail!("not a text: {other:?}"),
    }
    Ok(())
}
