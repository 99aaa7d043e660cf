//! A server over loopback and clients for it, for the tests of this crate.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use runtime::Tasks;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Body, HttpOptions, Routes, serve};
use crate::listener::{Kind, Listener};
use crate::tls::TlsStore;

pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) tasks: Tasks,
    /// Tasks of the routes, for tests that count only the server's.
    pub(crate) echoes: Tasks,
}

impl Server {
    pub(crate) fn new(routes: Routes, tls: Option<TlsStore>, options: HttpOptions) -> Self {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Kind::Http).unwrap();
        let addr = listener.addr();
        let tasks = Tasks::new();
        tasks.spawn("serve", serve(listener, tls, Arc::new(routes), Arc::new(options), tasks.clone()));
        Server { addr, tasks, echoes: Tasks::new() }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// All output until the server closes the connection.
    pub(crate) async fn ask(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// The status and body of a response on a connection that ends with it. `head` lacks its final empty
    /// line.
    pub(crate) async fn ask_once(&self, head: &str, body: &str) -> (u16, String) {
        let length = body.len();
        let answer =
            self.ask(&format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (status(head), body.trim_end().to_owned())
    }
}

/// The status of a response.
pub(crate) fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Reads the head of a response, and nothing beyond it.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

pub(crate) type Http2 = http2::SendRequest<Body>;

/// An HTTP/2 client on a connection.
pub(crate) async fn http2<S>(stream: S, tasks: &Tasks) -> Http2
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (client, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tasks.spawn("client", connection);
    client
}
