//! WebSockets within HTTP/2 (RFC 8441), by hyper: many share a connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use anyhow::{Context as _, Result, ensure};
use http::{Request, Version};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::ext::Protocol;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::duplex::Io;

/// WebSockets that one connection of a [`Pool`] carries at most. Servers usually allow a hundred streams.
const SHARED: usize = 50;

/// A connection of HTTP/2. It lasts as long as the last of its WebSockets.
pub struct Connection {
    client: SendRequest<String>,
    _driver: JoinSet<()>,
}

impl Connection {
    /// Begins HTTP/2 at once, as after ALPN or by prior knowledge (RFC 9113 §3.3).
    pub async fn new(io: Io) -> Result<Arc<Self>> {
        let (client, connection) = handshake(TokioExecutor::new(), TokioIo::new(io)).await?;
        let mut driver = JoinSet::new();
        // However it ends: its streams report that.
        driver.spawn(async { drop(connection.await) });
        Ok(Arc::new(Self { client, _driver: driver }))
    }

    /// Opens a WebSocket at an `https` URI and returns what carries its frames.
    pub async fn websocket(self: &Arc<Self>, uri: &str) -> Result<Io> {
        let request = Request::builder()
            .method("CONNECT")
            .version(Version::HTTP_2)
            .uri(uri)
            .header("sec-websocket-version", "13")
            .header("sec-websocket-protocol", "xmpp")
            .extension(Protocol::from_static("websocket"))
            .body(String::new())?;
        let response = self.client.clone().send_request(request).await?;
        ensure!(response.status() == 200, "the request was answered with {}", response.status());
        let protocol = response.headers().get("sec-websocket-protocol");
        ensure!(protocol.is_some_and(|protocol| protocol == "xmpp"), "the protocol is {protocol:?}");
        let frames = TokioIo::new(hyper::upgrade::on(response).await.context("the upgrade")?);
        Ok(Box::new(Tunnel { frames, _connection: self.clone() }))
    }
}

/// Connections to one server that are shared.
#[derive(Default)]
pub struct Pool(Mutex<Option<Arc<Connection>>>);

impl Pool {
    /// A connection that has room for another WebSocket; `connect` makes one if none has.
    pub async fn get(&self, connect: impl Future<Output = Result<Io>>) -> Result<Arc<Connection>> {
        let mut last = self.0.lock().await;
        if let Some(connection) = &*last
            && Arc::strong_count(connection) <= SHARED
            && !connection.client.is_closed()
        {
            return Ok(connection.clone());
        }
        let connection = Connection::new(connect.await?).await?;
        Ok(last.insert(connection).clone())
    }
}

/// The frames of a WebSocket.
struct Tunnel {
    frames: TokioIo<Upgraded>,
    _connection: Arc<Connection>,
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.frames).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.frames).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.frames).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.frames).poll_shutdown(cx)
    }
}
