//! A server over loopback, asked by hand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use runtime::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::listener::{Kind, Listener};

/// Says what it was asked, and by whom.
struct Mirror;

impl Route for Mirror {
    fn call(self: Arc<Self>, mut request: Request) -> Answer {
        Box::pin(async move {
            if request.method() == Method::DELETE {
                return not_allowed("GET, POST");
            }
            let body = match request.body(10).await {
                Ok(body) => body,
                Err(error) => return error.response(),
            };
            let host = request.authority_host();
            let Client { address, secure } = request.client();
            let query = request.query().unwrap_or("-");
            let words = format!("{} {query} {host:?} {} {secure} {body:?}", request.method(), address.ip());
            text(StatusCode::OK, words)
        })
    }
}

struct Server {
    addr: SocketAddr,
    tasks: Tasks,
}

fn server(options: HttpOptions) -> Server {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Kind::Http).unwrap();
    let addr = listener.addr();
    let tasks = Tasks::new();
    let routes = Arc::new(Routes::new().at("/mirror", Arc::new(Mirror)));
    tasks.spawn("serve", serve(listener, None, routes, Arc::new(options), tasks.clone()));
    Server { addr, tasks }
}

/// All that is answered until the server hangs up.
async fn ask(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn ask_closing(server: &Server, head: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let answer =
        ask(server, &format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.trim_end().to_owned())
}

#[tokio::test]
async fn what_is_asked_is_answered() {
    let server = server(HttpOptions::default());
    let (status, body) =
        ask_closing(&server, "POST /mirror?q=1 HTTP/1.1\r\nHost: Chess.example:80", "hello").await;
    assert_eq!((status, &*body), (200, "POST q=1 Some(\"chess.example\") 127.0.0.1 false b\"hello\""));
    server.tasks.start_drain();
    assert_eq!(server.tasks.join_all(Duration::from_secs(5)).await, 0);
}

#[tokio::test]
async fn what_cannot_be_answered() {
    let server = server(HttpOptions::default());
    let cases = [
        ("GET /elsewhere HTTP/1.1\r\nHost: x", "", 404),
        ("DELETE /mirror HTTP/1.1\r\nHost: x", "", 405),
        ("POST /mirror HTTP/1.1\r\nHost: x", "eleven bytes", 413),
        ("GET /mirror HTTP/1.1", "", 400),
        ("GET /mirror HTTP/1.1\r\nHost: x\r\nHost: y", "", 400),
        ("CONNECT chess.example:443 HTTP/1.1\r\nHost: x", "", 501),
    ];
    for (head, body, status) in cases {
        assert_eq!(ask_closing(&server, head, body).await.0, status, "{head}");
    }
}
