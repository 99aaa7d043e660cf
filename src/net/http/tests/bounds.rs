//! No client can hold a connection longer, or with more bytes, than allowed. The clock is the test's.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::*;
use crate::http::testing::{http2, read_head, status};

/// The seconds until the server closes the connection, and its output.
async fn end(stream: &mut TcpStream) -> (u64, String) {
    let begun = Instant::now();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    (begun.elapsed().as_secs(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(start_paused = true)]
async fn whoever_says_nothing_is_hung_up_on() {
    let server = server(HttpOptions::default());
    let (seconds, said) = end(&mut server.connect().await).await;
    assert!((60..62).contains(&seconds) && said.is_empty(), "{seconds} {said}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_is_waited_for_no_longer() {
    let server = server(HttpOptions::default());
    let mut stream = server.connect().await;
    stream.write_all(b"GET /mirror HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let (mut read, mut write) = stream.split();
    let begun = Instant::now();
    let drip = async {
        while write.write_all(b"a: b\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    };
    let mut said = Vec::new();
    tokio::select! {
        () = drip => {}
        _ = read.read_to_end(&mut said) => {}
    }
    assert!(begun.elapsed() < Duration::from_secs(70), "{:?}", begun.elapsed());
    assert_eq!(String::from_utf8(said).unwrap(), "");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed() {
    let server = server(HttpOptions::default());
    let mut stream = server.connect().await;
    for _ in 0..2 {
        stream.write_all(b"GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_eq!(status(&read_head(&mut stream).await), 404);
        stream.read_exact(&mut [0; "not found\n".len()]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(50)).await;
    }
    let (seconds, said) = end(&mut stream).await;
    assert!((9..12).contains(&seconds) && said.is_empty(), "{seconds} {said}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_of_http2_is_closed() {
    let server = server(HttpOptions::default());
    let client = http2(server.connect().await, &server.tasks).await;
    let begun = Instant::now();
    while !client.is_closed() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!((60..125).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_held_answer_keeps_a_connection() {
    let server = server(HttpOptions::default());
    let mut stream = server.connect().await;
    stream.write_all(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut client = http2(server.connect().await, &server.tasks).await;
    let request = http::Request::get("http://x/held").body(Body::empty()).unwrap();
    let waits = tokio::time::sleep(Duration::from_secs(600));
    tokio::select! {
        said = stream.read_u8() => panic!("{said:?}"),
        answer = client.send_request(request) => panic!("{answer:?}"),
        () = waits => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_waited_for_no_longer() {
    let server = server(HttpOptions::default());
    let mut stream = server.connect().await;
    stream.write_all(b"POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc").await.unwrap();
    let begun = Instant::now();
    assert_eq!(status(&read_head(&mut stream).await), 408);
    assert!((30..32).contains(&begun.elapsed().as_secs()));
}

#[tokio::test]
async fn a_head_that_is_too_large() {
    let server = server(HttpOptions::default());
    let large = "x".repeat(20_000);
    let (status, _) = server.ask_once(&format!("GET /mirror HTTP/1.1\r\nHost: x\r\na: {large}"), "").await;
    assert_eq!(status, 431);
    let many = "\r\na: b".repeat(200);
    let (status, _) = server.ask_once(&format!("GET /mirror HTTP/1.1\r\nHost: x{many}"), "").await;
    assert_eq!(status, 431);
}

/// Sends more than the sockets hold, to a client that does not read.
struct Large;

impl Route for Large {
    fn call(self: Arc<Self>, _: Request) -> Answer {
        Box::pin(std::future::ready(Response::new(Body::from(vec![b'x'; 32 * 1024 * 1024]))))
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_read_is_cut_off() {
    let routes = Routes::new().at("/large", Arc::new(Large));
    let server = Server::new(routes, None, HttpOptions::default());
    let begun = Instant::now();
    let mut stream = server.connect().await;
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    // The listener's task remains.
    while server.tasks.running() != 2 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    while server.tasks.running() != 1 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!((30..35).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

/// A frame of HTTP/2 (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A GET of `/`, by the static table of HPACK (RFC 7541 appendix A).
const GET: &[u8] = &[0x82, 0x86, 0x84, 0x41, 1, b'x'];

/// The error code with which the server closes a connection on which these frames were sent.
async fn goaway(frames: &[u8]) -> Option<u32> {
    let server = server(HttpOptions::default());
    let mut stream = server.connect().await;
    let bytes = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(4, 0, 0, &[])[..], frames].concat();
    // The server may have closed the connection before reading all of it.
    let _ = stream.write_all(&bytes).await;
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    let mut rest = &said[..];
    while let Some((head, after)) = rest.split_first_chunk::<9>() {
        let length = usize::from(u16::from_be_bytes([head[1], head[2]]));
        let (payload, after) = after.split_at(length);
        if head[3] == 7 {
            return Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
        rest = after;
    }
    None
}

/// ENHANCE_YOUR_CALM (RFC 9113 section 7).
const CALM: Option<u32> = Some(11);

#[tokio::test]
async fn floods_of_http2_end_their_connection() {
    let reset = 8u32.to_be_bytes();
    let resets =
        (0..1000).flat_map(|n| [frame(1, 5, 2 * n + 1, GET), frame(3, 0, 2 * n + 1, &reset)].concat());
    assert_eq!(goaway(&resets.collect::<Vec<_>>()).await, CALM, "streams that are broken off at once");
    let field = [&[0, 1, b'a', 100][..], &[b'x'; 100]].concat();
    let continued = (0..1000).flat_map(|_| frame(9, 0, 1, &field));
    let endless = frame(1, 1, 1, GET).into_iter().chain(continued);
    assert_eq!(goaway(&endless.collect::<Vec<_>>()).await, CALM, "a head without an end");
}

#[tokio::test]
async fn a_drain_ends_everything() {
    let server = server(HttpOptions::default());
    let mut idle = server.connect().await;
    idle.write_all(b"GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_head(&mut idle).await;
    let silent = server.connect().await;
    let other = http2(server.connect().await, &server.tasks).await;
    server.tasks.start_drain();
    assert_eq!(server.tasks.join_all(Duration::from_secs(10)).await, 0);
    drop((idle, silent, other));
}

#[tokio::test(start_paused = true)]
async fn a_drain_cuts_held_answers_off_at_last() {
    let server = server(HttpOptions::default());
    let mut held = server.connect().await;
    held.write_all(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    while server.tasks.running() != 2 {
        tokio::task::yield_now().await;
    }
    server.tasks.start_drain();
    let begun = Instant::now();
    assert_eq!(server.tasks.join_all(Duration::from_secs(60)).await, 0);
    assert!(begun.elapsed().as_secs() <= 6, "{:?}", begun.elapsed());
}
