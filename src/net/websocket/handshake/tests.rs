use std::future::poll_fn;

use http::Uri;
use hyper_util::rt::TokioIo;
use runtime::Tasks;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tungstenite::Message;
use tungstenite::client::IntoClientRequest;
use xmpp::StreamEvent;

use super::*;
use crate::Wire;
use crate::http::testing::{Http2, Server, http2, read_head, status};
use crate::http::{Answer, HttpOptions, Route, Routes};
use crate::testing::{client, connect, store};
use crate::websocket::testing::frame;

const OPEN: &[u8] = b"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0'/>";

/// Sends every element back.
struct Echo(Tasks);

impl Route for Echo {
    fn call(self: Arc<Self>, request: Request) -> Answer {
        let (response, upgrade) = request.websocket("xmpp");
        if let Some(upgrade) = upgrade {
            self.0.spawn("echo", echo(upgrade));
        }
        Box::pin(std::future::ready(response))
    }
}

async fn echo(upgrade: Upgrade) {
    let Some(mut socket) = upgrade.accept(ElementLimits::default()).await else { return };
    loop {
        match poll_fn(|cx| socket.poll_event(cx, true)).await {
            Ok(Wire::Event(StreamEvent::Element(element))) => {
                socket.text(|out| out.extend_from_slice(element.as_bytes()));
            }
            Ok(Wire::Event(StreamEvent::Close)) => return socket.shutdown().await,
            Ok(Wire::Event(StreamEvent::Open(_)) | Wire::Drained) => {}
            Ok(Wire::Eof) | Err(_) => return,
        }
    }
}

fn server(tls: Option<crate::TlsStore>) -> Server {
    let tasks = Tasks::new();
    let mut server =
        Server::new(Routes::new().at("/ws", Arc::new(Echo(tasks.clone()))), tls, HttpOptions::default());
    server.echoes = tasks;
    server
}

const RIGHT: [(&str, &str); 5] = [
    ("Connection", "keep-alive, Upgrade"),
    ("Upgrade", "WebSocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Protocol", "chat, xmpp"),
];

type Changed = [(&'static str, Option<&'static str>)];

/// A request with these headers, some changed or, without a value, left out.
fn asking(line: &str, changed: &Changed) -> String {
    let mut lines = format!("{line}\r\nHost: chess.example\r\n");
    for (name, value) in RIGHT {
        match changed.iter().find(|(other, _)| *other == name) {
            Some((_, None)) => {}
            Some((_, Some(value))) => lines += &format!("{name}: {value}\r\n"),
            None => lines += &format!("{name}: {value}\r\n"),
        }
    }
    for (name, value) in changed.iter().filter(|(name, _)| !RIGHT.iter().any(|(right, _)| right == name)) {
        lines += &format!("{name}: {}\r\n", value.unwrap());
    }
    lines + "\r\n"
}

#[tokio::test]
async fn the_example_of_the_rfc() {
    let server = server(None);
    let mut stream = server.connect().await;
    stream.write_all(asking("GET /ws HTTP/1.1", &[]).as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await.to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    for line in [
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=",
        "sec-websocket-protocol: xmpp",
    ] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{head}");
    }
    assert!(!head.contains("extensions") && !head.contains("content-length"), "{head}");
}

#[tokio::test]
async fn what_is_refused() {
    let server = server(None);
    let cases: [(&str, &Changed, u16); 14] = [
        ("GET /ws HTTP/1.1", &[("Sec-WebSocket-Protocol", None)], 400),
        ("GET /ws HTTP/1.1", &[("Sec-WebSocket-Protocol", Some("xmpp2, XMPP"))], 400),
        ("GET /ws HTTP/1.1", &[("Sec-WebSocket-Key", None)], 400),
        ("GET /ws HTTP/1.1", &[("Sec-WebSocket-Key", Some("c2hvcnQ="))], 400),
        ("GET /ws HTTP/1.1", &[("Sec-WebSocket-Key", Some("not base64 at all!!!!!!!"))], 400),
        ("GET /ws HTTP/1.1", &[("Content-Length", Some("5"))], 400),
        ("GET /ws HTTP/1.1", &[("Transfer-Encoding", Some("chunked"))], 400),
        ("GET /ws HTTP/1.1", &[("Sec-WebSocket-Version", Some("8"))], 426),
        ("GET /ws HTTP/1.1", &[("Sec-WebSocket-Version", None)], 426),
        ("GET /ws HTTP/1.1", &[("Upgrade", None)], 426),
        ("GET /ws HTTP/1.1", &[("Upgrade", Some("h2c"))], 426),
        ("GET /ws HTTP/1.1", &[("Connection", Some("close"))], 426),
        ("POST /ws HTTP/1.1", &[], 405),
        ("GET /ws HTTP/1.0", &[], 400),
    ];
    for (line, changed, expected) in cases {
        let mut stream = server.connect().await;
        stream.write_all(asking(line, changed).as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await.to_lowercase();
        assert_eq!(status(&head), expected, "{line} {changed:?}");
        if expected == 426 {
            assert!(head.contains("\r\nsec-websocket-version: 13\r\n"), "{head}");
            assert!(head.contains("\r\nupgrade: websocket\r\n"), "{head}");
        }
    }
    assert_eq!(server.echoes.running(), 0);
}

/// A third-party client, over plain HTTP/1.1.
#[tokio::test]
async fn a_foreign_client() {
    let server = server(None);
    let addr = server.addr;
    let client = tokio::task::spawn_blocking(move || {
        let mut request = format!("ws://{addr}/ws").parse::<Uri>().unwrap().into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("xmpp"));
        let stream = std::net::TcpStream::connect(addr).unwrap();
        let (mut socket, answer) = tungstenite::client(request, stream).unwrap();
        assert_eq!(answer.headers().get("sec-websocket-protocol").unwrap(), "xmpp");
        socket.send(Message::text(String::from_utf8(OPEN.to_vec()).unwrap())).unwrap();
        socket.send(Message::Ping("p".into())).unwrap();
        assert_eq!(socket.read().unwrap(), Message::Pong("p".into()));
        for length in [0, 1, 100, 200, 70_000] {
            let text = format!("<message>{}</message>", "x".repeat(length));
            socket.send(Message::text(&text)).unwrap();
            assert_eq!(socket.read().unwrap(), Message::text(text));
        }
        socket.send(Message::text("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")).unwrap();
        assert!(
            matches!(socket.read().unwrap(), Message::Close(Some(close)) if u16::from(close.code) == 1000)
        );
        assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
    });
    client.await.unwrap();
}

/// Frames sent without waiting for the response are not lost.
#[tokio::test]
async fn frames_right_behind_the_request() {
    let server = server(None);
    let mut stream = server.connect().await;
    let frames = [frame(0x81, OPEN), frame(0x81, b"<a/>")].concat();
    stream.write_all(&[asking("GET /ws HTTP/1.1", &[]).as_bytes(), &frames].concat()).await.unwrap();
    assert_eq!(status(&read_head(&mut stream).await), 101);
    let mut answer = [0; 6];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\x81\x04<a/>");
    // Nothing of HTTP is left.
    let tasks = server.tasks.clone();
    while tasks.running() > 1 {
        tokio::task::yield_now().await;
    }
    stream.write_all(&frame(0x81, b"<b/>")).await.unwrap();
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\x81\x04<b/>");
}

/// Extended CONNECT, as RFC 8441 has it.
fn extended(changed: &[(&str, &str)]) -> http::Request<Body> {
    let mut request = http::Request::builder().method("CONNECT").uri("http://chess.example/ws");
    for (name, value) in [("sec-websocket-version", "13"), ("sec-websocket-protocol", "xmpp")] {
        let value = changed.iter().find(|(other, _)| *other == name).map_or(value, |(_, value)| value);
        request = request.header(name, value);
    }
    let protocol =
        changed.iter().find(|(name, _)| *name == ":protocol").map_or("websocket", |(_, value)| *value);
    request.extension(Protocol::from(protocol)).body(Body::empty()).unwrap()
}

async fn a_tunnel(client: &mut Http2) {
    let answer = client.send_request(extended(&[])).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get("sec-websocket-protocol").unwrap(), "xmpp");
    assert_eq!(answer.headers().get("sec-websocket-accept"), None);
    let mut stream = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    stream.write_all(&frame(0x81, OPEN)).await.unwrap();
    for length in [1, 1000, 100_000] {
        let text = format!("<message>{}</message>", "x".repeat(length));
        stream.write_all(&frame(0x81, text.as_bytes())).await.unwrap();
        assert_eq!(text_frame(&mut stream).await, text);
    }
    stream.write_all(&frame(0x81, b"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")).await.unwrap();
    let mut end = Vec::new();
    stream.read_to_end(&mut end).await.unwrap();
    assert_eq!(end, [0x88, 2, 0x03, 0xE8]);
}

async fn text_frame(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    assert_eq!(stream.read_u8().await.unwrap(), 0x81);
    let length = match stream.read_u8().await.unwrap() {
        126 => usize::from(stream.read_u16().await.unwrap()),
        127 => usize::try_from(stream.read_u64().await.unwrap()).unwrap(),
        length => usize::from(length),
    };
    let mut text = vec![0; length];
    stream.read_exact(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn over_http2_in_plain_text_and_in_tls() {
    let plain = server(None);
    let mut client_of = http2(plain.connect().await, &plain.tasks).await;
    a_tunnel(&mut client_of).await;
    // Several on one connection.
    a_tunnel(&mut client_of).await;
    let (store, _dir) = store(&["chess.example"]);
    let server = server(Some(store));
    let stream = connect(&client(&["h2"]), "chess.example", server.connect().await).await.unwrap();
    a_tunnel(&mut http2(stream, &server.tasks).await).await;
}

#[tokio::test]
async fn what_is_refused_over_http2() {
    let server = server(None);
    let mut client = http2(server.connect().await, &server.tasks).await;
    let cases: [(&[(&str, &str)], u16); 4] = [
        (&[("sec-websocket-protocol", "chat")], 400),
        (&[("sec-websocket-version", "12")], 426),
        (&[(":protocol", "connect-udp")], 501),
        (&[(":protocol", "WebSocket")], 501),
    ];
    for (changed, status) in cases {
        let answer = client.send_request(extended(changed)).await.unwrap();
        assert_eq!(answer.status(), status, "{changed:?}");
    }
    let get = http::Request::get("http://chess.example/ws").body(Body::empty()).unwrap();
    assert_eq!(client.send_request(get).await.unwrap().status(), 405);
}
