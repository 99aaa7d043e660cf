mod binding;
mod client;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xmpp::StreamCondition;

use super::*;
use crate::testing::{HEADER, client, connect, handshake, plain, steady, store, tcp};

const CHESS: &str = "chess.example";

async fn opened() -> (Connection, TcpStream) {
    let (mut server, mut client) = plain(ElementLimits::default()).await;
    client.write_all(HEADER).await.unwrap();
    assert!(matches!(server.event().await, Ok(Some(StreamEvent::Open(_)))));
    (server, client)
}

/// The name of the next element, `None` at the end tag.
async fn name(server: &mut Connection) -> Option<String> {
    match server.event().await.unwrap() {
        Some(StreamEvent::Element(element)) => Some(element.root().name().to_owned()),
        Some(StreamEvent::Close) => None,
        other => panic!("{other:?}"),
    }
}

/// Waits until input has arrived.
async fn readable(server: &Connection) {
    match &server.io {
        Io::Plain(stream) => stream.readable().await.unwrap(),
        Io::Tls(tls) => tls.stream.get_ref().0.readable().await.unwrap(),
        Io::Tunnel(_) => panic!("no socket"),
    }
}

#[tokio::test]
async fn a_stream_in_small_pieces() {
    let (mut server, mut client) = plain(ElementLimits::default()).await;
    let stream = [HEADER, b"<message><body>\xc3\xa4</body></message> \n<presence/></stream:stream>"].concat();
    let writer = async {
        for byte in stream {
            client.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        client.shutdown().await.unwrap();
    };
    let reader = async {
        assert!(matches!(server.event().await, Ok(Some(StreamEvent::Open(_)))));
        assert_eq!(name(&mut server).await.as_deref(), Some("message"));
        assert_eq!(name(&mut server).await.as_deref(), Some("presence"));
        assert_eq!(name(&mut server).await, None);
        assert!(matches!(server.event().await, Ok(None)));
        assert!(matches!(server.event().await, Ok(None)));
    };
    tokio::join!(writer, reader);
}

#[tokio::test]
async fn many_in_one_piece_are_answered_in_one() {
    let (mut server, mut client) = opened().await;
    client.write_all(&b"<presence/>".repeat(100)).await.unwrap();
    for _ in 0..100 {
        assert_eq!(name(&mut server).await.as_deref(), Some("presence"));
        server.out().extend_from_slice(b"<a/>");
    }
    server.flush().await.unwrap();
    let mut answer = vec![0; 400];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"<a/>".repeat(100));
}

#[tokio::test]
async fn what_is_broken_is_a_stream_error() {
    let (mut server, mut client) = opened().await;
    client.write_all(b"<message><!-- no --></message>").await.unwrap();
    match server.event().await.unwrap_err() {
        WireError::Stream(error) => assert_eq!(error.condition, StreamCondition::RestrictedXml),
        WireError::Io(error) => panic!("{error}"),
    }
    // An error can still be sent.
    server.out().extend_from_slice(b"<stream:error/>");
    let told = async {
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        client.shutdown().await.unwrap();
        text
    };
    let ((), told) = tokio::join!(server.shutdown(), told);
    assert_eq!(told, "<stream:error/>");
}

#[tokio::test]
async fn the_largest_stanza() {
    let (mut server, mut client) = opened().await;
    server.set_stanza_bytes(100);
    client.write_all(format!("<message>{}", "x".repeat(100)).as_bytes()).await.unwrap();
    let error = server.event().await.unwrap_err();
    assert!(matches!(error, WireError::Stream(e) if e.condition == StreamCondition::PolicyViolation));
}

#[tokio::test]
async fn a_slow_reader_is_read_from_all_the_same() {
    let (mut server, mut client) = opened().await;
    // More than the sockets hold, so that writing blocks.
    let big = vec![b' '; 32 * 1024 * 1024];
    server.out().extend_from_slice(&big);
    for turn in 1..=10 {
        client.write_all(b"<presence/>").await.unwrap();
        assert_eq!(name(&mut server).await.as_deref(), Some("presence"));
        server.out().extend_from_slice(b"<a/>");
        assert!(server.pending_out() > 4 * turn);
    }
    assert!(server.pending_out() > 40);
    // It catches up, and gets everything in order.
    let reader = async {
        let mut got = vec![0; big.len() + 40];
        client.read_exact(&mut got).await.unwrap();
        got
    };
    let (flushed, got) = tokio::join!(server.flush(), reader);
    flushed.unwrap();
    assert_eq!(server.pending_out(), 0);
    assert_eq!(got.get(big.len()..), Some(&b"<a/>".repeat(10)[..]));
    assert!(got.iter().take(big.len()).all(|&b| b == b' '));
}

#[tokio::test]
async fn without_read_only_writing_goes_on() {
    let (mut server, mut client) = opened().await;
    client.write_all(b"<presence/>").await.unwrap();
    readable(&server).await;
    server.out().extend_from_slice(b"<a/>");
    let drained = poll_fn(|cx| server.poll_event(cx, false)).await.unwrap();
    assert!(matches!(drained, Wire::Drained));
    let pending = poll_fn(|cx| Poll::Ready(server.poll_event(cx, false).is_pending())).await;
    assert!(pending);
    assert_eq!(name(&mut server).await.as_deref(), Some("presence"));
}

#[tokio::test]
async fn drained_is_told_once_and_the_buffer_given_up() {
    let (mut server, _client) = opened().await;
    server.out().extend_from_slice(b"<a/>");
    assert!(matches!(poll_fn(|cx| server.poll_event(cx, true)).await, Ok(Wire::Drained)));
    assert_eq!(server.output.capacity(), 0);
    // A buffer that is requested and not used triggers no event, and is freed too.
    server.out();
    assert!(poll_fn(|cx| Poll::Ready(server.poll_event(cx, true).is_pending())).await);
    assert_eq!(server.output.capacity(), 0);
}

#[tokio::test]
async fn the_peer_goes() {
    let (mut server, client) = opened().await;
    drop(client);
    assert!(matches!(server.event().await, Ok(None)));
    let (mut server, client) = opened().await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert!(matches!(server.event().await, Err(WireError::Io(_))));
}

#[tokio::test]
async fn tls_without_close_notify_is_an_end() {
    let (store, _dir) = store(&[CHESS]);
    let (server, client) = handshake(store.direct(), &client(&[]), CHESS).await;
    let (mut server, (mut client, _)) = (server.unwrap(), client.unwrap().into_inner());
    client.shutdown().await.unwrap();
    assert!(matches!(server.event().await, Ok(None)));
}

#[tokio::test]
async fn starttls() {
    let (store, _dir) = store(&[CHESS]);
    let (mut server, mut stream) = opened().await;
    stream.write_all(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").await.unwrap();
    assert_eq!(name(&mut server).await.as_deref(), Some("starttls"));
    server.out().extend_from_slice(b"<proceed/>");
    let upgrade = async {
        let mut proceed = [0; 10];
        stream.read_exact(&mut proceed).await.unwrap();
        assert_eq!(&proceed, b"<proceed/>");
        let mut stream = connect(&client(&[]), CHESS, stream).await.unwrap();
        stream.write_all(HEADER).await.unwrap();
        stream
    };
    let (server, mut stream) = tokio::join!(server.starttls(store.for_domain(CHESS).unwrap()), upgrade);
    let mut server = server.unwrap();
    // A header again: the stream before TLS is discarded.
    assert!(matches!(server.event().await, Ok(Some(StreamEvent::Open(_)))));
    assert_eq!(server.tls().unwrap().sni.as_deref(), Some(CHESS));
    stream.write_all(b"<presence/>").await.unwrap();
    assert_eq!(name(&mut server).await.as_deref(), Some("presence"));
    server.out().extend_from_slice(&[b' '; 100_000]);
    let mut got = vec![0; 100_000];
    let (flushed, _) = tokio::join!(server.flush(), stream.read_exact(&mut got));
    flushed.unwrap();
    assert!(matches!(server.starttls(store.direct()).await, Err(TlsAcceptError::AlreadyTls)));
}

#[tokio::test]
async fn what_is_injected_after_starttls_is_refused() {
    let (store, _dir) = store(&[CHESS]);
    let (mut server, mut stream) = opened().await;
    let injected = b"<iq type='set' id='evil'/>";
    let both = [b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".as_slice(), injected].concat();
    stream.write_all(&both).await.unwrap();
    assert_eq!(name(&mut server).await.as_deref(), Some("starttls"));
    assert_eq!(server.buffered(), injected.len());
    let refused = server.starttls(store.for_domain(CHESS).unwrap()).await;
    assert!(matches!(refused, Err(TlsAcceptError::Injected(bytes)) if bytes == injected.len()));
}

#[tokio::test]
async fn what_is_no_handshake_is_refused() {
    let (store, _dir) = store(&[CHESS]);
    let (stream, peer, mut client) = tcp().await;
    client.write_all(HEADER).await.unwrap();
    let refused = Connection::accept_tls(stream, peer, store.direct(), ElementLimits::default()).await;
    assert!(matches!(refused, Err(TlsAcceptError::Handshake(_))));
    let (stream, peer, client) = tcp().await;
    drop(client);
    let refused = Connection::accept_tls(stream, peer, store.direct(), ElementLimits::default()).await;
    assert!(matches!(refused, Err(TlsAcceptError::Io(_))));
}

#[tokio::test]
async fn shutdown_over_tls_ends_cleanly() {
    let (store, _dir) = store(&[CHESS]);
    let (server, client) = handshake(store.direct(), &client(&[]), CHESS).await;
    let (mut server, mut client) = (server.unwrap(), client.unwrap());
    // Unread input must not turn the close into a reset.
    client.write_all(&[HEADER, b"<presence/>"].concat()).await.unwrap();
    server.out().extend_from_slice(b"</stream:stream>");
    let reader = async {
        let mut text = String::new();
        // Fails if close_notify does not come.
        client.read_to_string(&mut text).await.unwrap();
        client.shutdown().await.unwrap();
        text
    };
    let ((), text) = tokio::join!(server.shutdown(), reader);
    assert_eq!(text, "</stream:stream>");
}

#[tokio::test(start_paused = true)]
async fn reading_is_limited() {
    let (mut server, mut client) = opened().await;
    server.set_rate(Some(steady(1000)));
    let start = tokio::time::Instant::now();
    // 5,500 bytes: a second's worth at once, then the rest at the rate, with one read of slack.
    client.write_all(&b"<presence/>".repeat(500)).await.unwrap();
    for _ in 0..500 {
        assert_eq!(name(&mut server).await.as_deref(), Some("presence"));
    }
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(3400) && took <= Duration::from_millis(4600), "{took:?}");
    // An idle connection holds no timer.
    assert!(poll_fn(|cx| Poll::Ready(server.poll_event(cx, true).is_pending())).await);
    server.set_rate(None);
    assert!(server.throttle.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_read_at_once_and_the_rest_at_the_rate() {
    let (mut server, mut client) = opened().await;
    server.set_rate(Some(Rate { burst: 4000, ..steady(1000) }));
    let start = tokio::time::Instant::now();
    client.write_all(&b"<presence/>".repeat(500)).await.unwrap(); // 5,500 bytes
    for read in 0..500 {
        assert_eq!(name(&mut server).await.as_deref(), Some("presence"));
        assert!(read > 300 || start.elapsed() < Duration::from_millis(50));
    }
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(400) && took <= Duration::from_millis(1600), "{took:?}");
}

/// What every idle session pays; growing it needs a reason.
#[test]
fn an_idle_connection_is_small() {
    assert!(size_of::<Connection>() <= 400, "{}", size_of::<Connection>());
    assert!(size_of::<Io>() <= 40, "{}", size_of::<Io>());
    assert!(size_of::<Option<Throttle>>() <= 32, "{}", size_of::<Option<Throttle>>());
}

/// A handshake's future is part of every session's task, for as long as that lives.
#[tokio::test]
async fn the_future_of_a_handshake_is_small() {
    let (store, _dir) = store(&[CHESS]);
    let (stream, peer, _client) = tcp().await;
    let accept = Connection::accept_tls(stream, peer, store.direct(), ElementLimits::default());
    assert!(size_of_val(&accept) <= 1024, "{}", size_of_val(&accept));
    let (server, _client) = plain(ElementLimits::default()).await;
    let starttls = server.starttls(store.direct());
    assert!(size_of_val(&starttls) <= 1024, "{}", size_of_val(&starttls));
}
