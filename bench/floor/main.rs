//! What hyper and tungstenite cost without XMPP: BOSH requests without content are held for their wait and answered with
//! nothing, content and WebSocket messages go back to whoever sent them. The settings are those of the server beside
//! which it is measured.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CONNECTION, CONTENT_TYPE, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    UPGRADE,
};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

#[derive(Parser)]
#[command(about = "Holds BOSH requests and sends WebSocket messages back")]
struct Plan {
    #[arg(long)]
    port: u16,
    /// Seconds that a BOSH request is held
    #[arg(long, default_value_t = 60)]
    wait: u64,
}

/// The largest body, and the largest message.
const LIMIT: usize = 1 << 18;

/// The largest head.
const HEAD: usize = 16 << 10;

#[tokio::main]
async fn main() -> Result<()> {
    let plan = Plan::parse();
    let listener = listen(plan.port)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream, Duration::from_secs(plan.wait)));
    }
}

fn listen(port: u16) -> Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    Ok(socket.listen(4096)?)
}

async fn serve(stream: TcpStream, wait: Duration) {
    let service = service_fn(move |request| answer(request, wait));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(60))
        .max_header_size(HEAD)
        .max_buf_size(HEAD)
        .writev(true)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        eprintln!("a connection: {error}");
    }
}

async fn answer(request: Request<Incoming>, wait: Duration) -> Result<Response<Full<Bytes>>, Infallible> {
    if let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY) {
        let accept = derive_accept_key(key.as_bytes());
        tokio::spawn(echo(request));
        return Ok(switching(&accept));
    }
    let body = match Limited::new(request.into_body(), LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(status(StatusCode::PAYLOAD_TOO_LARGE)),
    };
    if !body.ends_with(b"'></body>") {
        return Ok(xml(body));
    }
    drop(body);
    tokio::time::sleep(wait).await;
    Ok(xml(Bytes::from_static(b"<body xmlns='http://jabber.org/protocol/httpbind'/>")))
}

fn xml(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
    response
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn switching(accept: &str) -> Response<Full<Bytes>> {
    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_ACCEPT, accept)
        .header(SEC_WEBSOCKET_PROTOCOL, "xmpp");
    response.body(Full::default()).unwrap_or_default()
}

async fn echo(request: Request<Incoming>) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
    let config = WebSocketConfig::default()
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_message_size(Some(LIMIT))
        .max_frame_size(Some(LIMIT));
    let mut socket =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    while let Some(Ok(message)) = socket.next().await {
        let sent = if message.is_text() { socket.send(message).await } else { Ok(()) };
        if sent.is_err() {
            return;
        }
    }
}
