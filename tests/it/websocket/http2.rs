//! A WebSocket within HTTP/2 (RFC 8441), by a foreign implementation of HTTP/2.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use client::Io;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::ext::Protocol;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::raw;

/// The frames of a WebSocket.
struct Tunnel {
    frames: TokioIo<Upgraded>,
    /// Kept: the connection ends with its last client.
    _client: SendRequest<String>,
    /// The connection itself.
    _driver: JoinSet<()>,
}

pub async fn tunnel(address: SocketAddr, secure: bool) -> Io {
    let socket = client::connect(address, None).await.unwrap();
    if !secure {
        return Box::new(within(socket).await);
    }
    let name = ServerName::try_from("chess.example").unwrap();
    let connector = TlsConnector::from(raw::config(&["h2"], None));
    let tls = connector.connect(name, socket).await.unwrap();
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    Box::new(within(tls).await)
}

async fn within<S>(socket: S) -> Tunnel
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut client, connection) = handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    let mut driver = JoinSet::new();
    // However it ends: the test sees that.
    driver.spawn(async { drop(connection.await) });
    let answer = connect(&mut client).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get("sec-websocket-protocol").unwrap(), "xmpp");
    let frames = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    Tunnel { frames, _client: client, _driver: driver }
}

async fn connect(client: &mut SendRequest<String>) -> Response<Incoming> {
    let request = Request::builder()
        .method("CONNECT")
        .version(Version::HTTP_2)
        .uri("https://chess.example/xmpp-websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-protocol", "xmpp")
        .extension(Protocol::from_static("websocket"))
        .body(String::new())
        .unwrap();
    client.ready().await.unwrap();
    client.send_request(request).await.unwrap()
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
