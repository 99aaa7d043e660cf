//! HTTP/2, and TLS.

use std::time::Duration;

use http::Version;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::http::body::collect;
use crate::http::first_bytes::FirstBytes;
use crate::http::testing::{Http2, http2};
use crate::testing::{client, connect, shown, store};

/// The status and body of a response.
async fn ask(client: &mut Http2, method: &str, path: &str, body: &'static str) -> (u16, String) {
    let request = http::Request::builder()
        .method(method)
        .version(Version::HTTP_2)
        .uri(format!("http://Chess.example:80{path}"))
        .body(Body::from(body))
        .unwrap();
    let answer = client.send_request(request).await.unwrap();
    let status = answer.status().as_u16();
    let body =
        collect(answer.into_body(), 1 << 20, FirstBytes::default(), |_| 0, Duration::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap().trim_end().to_owned())
}

#[tokio::test]
async fn http2_by_prior_knowledge() {
    let server = server(HttpOptions::default());
    let mut client = http2(server.connect().await, &server.tasks).await;
    for _ in 0..3 {
        let (status, body) = ask(&mut client, "POST", "/mirror?q=1", "hello").await;
        assert_eq!((status, &*body), (200, "POST q=1 Some(\"chess.example\") 127.0.0.1 false b\"hello\""));
    }
    assert_eq!(ask(&mut client, "POST", "/mirror", "eleven bytes").await.0, 413);
    assert_eq!(ask(&mut client, "HEAD", "/mirror", "").await, (200, String::new()));
    assert_eq!(ask(&mut client, "GET", "/elsewhere", "").await.0, 404);
}

#[tokio::test]
async fn https_with_the_certificate_of_the_name() {
    let (store, _dir) = store(&["chess.example", "arena.example"]);
    let server = Server::new(routes(), Some(store.clone()), HttpOptions::default());
    let mut certificates = Vec::new();
    for name in ["chess.example", "ARENA.example"] {
        let stream = server.connect().await;
        let mut stream = connect(&client(&["http/1.1"]), name, stream).await.unwrap();
        certificates.push(shown(&stream));
        let asked = format!("GET /mirror HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains(" 127.0.0.1 true "), "{answer}");
    }
    assert_ne!(certificates[0], certificates[1]);
    let unknown = connect(&client(&["h2"]), "unknown.example", server.connect().await).await;
    assert!(unknown.unwrap_err().to_string().contains("AccessDenied"));
    let wrong = connect(&client(&["xmpp-client"]), "chess.example", server.connect().await).await;
    assert!(wrong.unwrap_err().to_string().contains("NoApplicationProtocol"));
}

#[tokio::test]
async fn https_speaks_http2_with_whoever_can() {
    let (store, _dir) = store(&["chess.example"]);
    let server = Server::new(routes(), Some(store), HttpOptions::default());
    let stream =
        connect(&client(&["h2", "http/1.1"]), "chess.example", server.connect().await).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut client = http2(stream, &server.tasks).await;
    let (status, body) = ask(&mut client, "GET", "/mirror", "").await;
    assert_eq!((status, &*body), (200, "GET - Some(\"chess.example\") 127.0.0.1 true b\"\""));
}

#[tokio::test]
async fn an_exchanged_certificate_is_shown_to_the_next() {
    let (store, dir) = store(&["chess.example"]);
    let server = Server::new(routes(), Some(store.clone()), HttpOptions::default());
    let before = connect(&client(&[]), "chess.example", server.connect().await).await.unwrap();
    let (cert, key) = crate::testing::issue(dir.path(), "chess.example", 2026, 2027);
    store.load("chess.example", &cert, &key).unwrap();
    let after = connect(&client(&[]), "chess.example", server.connect().await).await.unwrap();
    assert_ne!(shown(&before), shown(&after));
}
