//! A WebSocket within HTTP/2 (RFC 8441), by a foreign implementation of HTTP/2.

use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::fixture::PATIENCE;
use crate::raw;

/// The near end of a WebSocket's frames; the far end is a thread that speaks HTTP/2.
pub fn tunnel(address: SocketAddr, secure: bool) -> UnixStream {
    let (near, far) = UnixStream::pair().unwrap();
    near.set_read_timeout(Some(PATIENCE)).unwrap();
    far.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let far = tokio::net::UnixStream::from_std(far).unwrap();
            let socket = TcpStream::connect(address).await.unwrap();
            match secure {
                true => {
                    let config = Arc::new(raw::config(&["h2"], None));
                    let name = ServerName::try_from("chess.example").unwrap();
                    let tls = TlsConnector::from(config).connect(name, socket).await.unwrap();
                    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
                    pass(tls, far).await;
                }
                false => pass(socket, far).await,
            }
        });
    });
    near
}

async fn pass<S>(socket: S, mut far: tokio::net::UnixStream)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // Kept: the connection ends with its last client.
    let (mut client, connection) = handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    let frames = async {
        let answer = connect(&mut client).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers().get("sec-websocket-protocol").unwrap(), "xmpp");
        let mut stream = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
        // However it ends: the test sees that.
        let _ = copy_bidirectional(&mut stream, &mut far).await;
    };
    // What drives new requests may end before the streams that are open do.
    let driven = async {
        connection.await.unwrap();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = frames => {}
        () = driven => {}
    }
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
