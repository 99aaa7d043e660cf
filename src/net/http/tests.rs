//! A server over loopback, with handwritten requests.

mod bounds;
mod clients;
mod versions;

use std::sync::Arc;

use http::{Method, StatusCode};

use super::testing::Server;
use super::*;

/// Returns the request and its client.
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

/// Never answers.
struct Held;

impl Route for Held {
    fn call(self: Arc<Self>, _: Request) -> Answer {
        Box::pin(std::future::pending())
    }
}

fn server(options: HttpOptions) -> Server {
    Server::new(routes(), None, options)
}

fn routes() -> Routes {
    Routes::new().at("/mirror", Arc::new(Mirror)).at("/held", Arc::new(Held))
}

#[tokio::test]
async fn what_is_asked_is_answered() {
    let server = server(HttpOptions::default());
    let (status, body) =
        server.ask_once("POST /mirror?q=1 HTTP/1.1\r\nHost: Chess.example:80", "hello").await;
    assert_eq!((status, &*body), (200, "POST q=1 Some(\"chess.example\") 127.0.0.1 false b\"hello\""));
}

#[tokio::test]
async fn what_cannot_be_answered() {
    let server = server(HttpOptions::default());
    let cases = [
        ("GET /elsewhere HTTP/1.1\r\nHost: x", "", 404),
        ("GET /mirror/ HTTP/1.1\r\nHost: x", "", 200),
        ("GET /mirror// HTTP/1.1\r\nHost: x", "", 404),
        ("GET // HTTP/1.1\r\nHost: x", "", 404),
        ("OPTIONS * HTTP/1.1\r\nHost: x", "", 404),
        ("DELETE /mirror HTTP/1.1\r\nHost: x", "", 405),
        ("POST /mirror HTTP/1.1\r\nHost: x", "eleven bytes", 413),
        ("GET /mirror HTTP/1.1", "", 400),
        ("GET /mirror HTTP/1.1\r\nHost: x\r\nHost: y", "", 400),
        ("CONNECT chess.example:443 HTTP/1.1\r\nHost: x", "", 501),
    ];
    for (head, body, status) in cases {
        assert_eq!(server.ask_once(head, body).await.0, status, "{head}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = server(HttpOptions::default());
    let asked = "HEAD /mirror HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = server.ask(asked).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length = "HEAD - Some(\"x\") 127.0.0.1 false b\"\"\n".len();
    assert!(head.to_lowercase().contains(&format!("\r\ncontent-length: {length}")), "{head}");
    assert_eq!(body, "");
}

#[tokio::test]
async fn of_a_large_body_the_route_gets_the_beginning() {
    struct Begin;
    impl Route for Begin {
        fn call(self: Arc<Self>, mut request: Request) -> Answer {
            Box::pin(async move { text(StatusCode::OK, format!("{:?}", request.body(4).await)) })
        }
    }
    let server = Server::new(Routes::new().fallback(Arc::new(Begin)), None, HttpOptions::default());
    let (_, body) = server.ask_once("POST /any HTTP/1.1\r\nHost: x", "12345").await;
    assert_eq!(body, "Err(TooLarge(b\"1234\"))");
    let (_, body) = server.ask_once("POST /any HTTP/1.1\r\nHost: x", "1234").await;
    assert_eq!(body, "Ok(b\"1234\")");
}

/// Framing that proxies could interpret differently is refused (RFC 9112 section 6).
#[tokio::test]
async fn ambiguous_framing() {
    let server = server(HttpOptions::default());
    let smuggled = "GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n";
    let cases = [
        "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: +3",
        "Content-Length: 3, 4",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked, identity",
        " Folded: x",
        "Name\0: x",
    ];
    for case in cases {
        let asked = format!("POST /mirror HTTP/1.1\r\nHost: x\r\n{case}\r\n\r\nabc{smuggled}");
        let answer = server.ask(&asked).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{case}: {answer}");
        assert!(!answer.contains("404"), "{case}: {answer}");
    }
}

#[test]
fn cross_origin() {
    let cors = Cors { methods: "GET, OPTIONS" };
    let answer = cors.options(Some("https://chess.example"));
    let header = |name| answer.headers().get(name).map(|value| value.to_str().unwrap());
    assert_eq!(answer.status(), 204);
    assert_eq!(header("allow"), Some("GET, OPTIONS"));
    assert_eq!(header("access-control-allow-methods"), Some("GET, OPTIONS"));
    assert_eq!(header("access-control-allow-origin"), Some("https://chess.example"));
    assert_eq!(header("vary"), Some("Origin"));
    assert_eq!(header("access-control-allow-credentials"), None);
    let refused = cors.options(None);
    assert_eq!(refused.headers().get("access-control-allow-origin"), None);
    let mut open = text(StatusCode::OK, "");
    cors.admit(&mut open, Some("*"));
    assert_eq!(open.headers().get("access-control-allow-origin").unwrap(), "*");
    assert_eq!(open.headers().get("vary"), None);
}
